/* SPDX-License-Identifier: MIT */
/* All lanes of a pool, from the inside: claims, the end, what workers find. */
#include <sched.h>

#include "all_lanes.h"

enum { NR_WORKERS = 2 };

/* 0: its lane is empty. */
static uintptr_t take_own(unsigned worker)
{
	struct own_lane *own = &lanes.takers[worker].moved;
	struct rota_job job;

	return lane_take_oldest(
			       &own->lane, own->slots, LANE_OWN_SLOTS - 1, &job)
			       ? (uintptr_t)job.arg
			       : 0;
}

static uintptr_t take(unsigned worker)
{
	uintptr_t id = take_own(worker);

	if (!id && lanes_move(&lanes, &chain, worker, true, LANE_BATCH))
		id = take_own(worker);
	return id;
}

TEST(a_claim_is_for_one_owner_and_the_same_each_time)
{
	struct lane *a, *b;

	begin(NR_WORKERS);
	CHECK_EQ(lanes_nr(&lanes), 0);
	a = lanes_claim(&lanes, 1000);
	b = lanes_claim(&lanes, 2000);
	CHECK(a && b && a != b);
	for (unsigned i = 0; i < 10; i++) {
		CHECK(lanes_claim(&lanes, 1000) == a);
		CHECK(lanes_claim(&lanes, 2000) == b);
	}
	CHECK_EQ(lanes_nr(&lanes), 2);
	lanes_release(&lanes, 3000); /* who has none */
	CHECK(lanes_claim(&lanes, 3000) != a);
	CHECK_EQ(lanes_nr(&lanes), 3);
	end();
}

TEST(a_lane_goes_to_the_next_owner_with_the_jobs_in_it)
{
	struct lane *lane;
	uintptr_t in = 0, out = 0;

	begin(NR_WORKERS);
	for (uintptr_t owner = 1; owner <= 50; owner++) {
		lane = lanes_claim(&lanes, owner);
		CHECK(lane == lanes_at(&lanes, 0));
		for (unsigned i = 0; i < 100; i++)
			push(lane, ++in);
		for (unsigned i = 0; i < 50; i++)
			CHECK_EQ(take(0), ++out);
		lanes_release(&lanes, owner);
		lanes_release(&lanes, owner);
	}
	CHECK_EQ(lanes_nr(&lanes), 1);
	CHECK_EQ(lanes_queued(&lanes), in - out);
	while (out < in)
		CHECK_EQ(take(0), ++out);
	CHECK(!lanes_have_work(&lanes));
	CHECK_EQ(lanes_accepted(&lanes), in);
	end();
}

TEST(when_all_lanes_are_taken_there_is_none_until_one_is_released)
{
	struct lane *lane;

	begin(NR_WORKERS);
	for (uintptr_t owner = 1; owner <= LANES_MAX; owner++)
		CHECK(lanes_claim(&lanes, owner) != NULL);
	CHECK_EQ(lanes_nr(&lanes), LANES_MAX);
	CHECK(lanes_claim(&lanes, 1000) == NULL);
	CHECK(lanes_claim(&lanes, 1000) == NULL);
	lane = lanes_claim(&lanes, 17);
	lanes_release(&lanes, 17);
	CHECK(lanes_claim(&lanes, 1000) == lane);
	CHECK(lanes_claim(&lanes, 17) == NULL);
	CHECK_EQ(lanes_nr(&lanes), LANES_MAX);
	end();
}

enum { NR_CLAIMERS = 16, NR_ROUNDS = 200 / TEST_SLOW };

struct claimer {
	uintptr_t id;
	atomic_uint *turn;
	struct lane *lane;
	pthread_t thread;
};

static void *claim_run(void *arg)
{
	struct claimer *self = arg;

	while (!atomic_load(self->turn))
		sched_yield();
	self->lane = lanes_claim(&lanes, self->id);
	CHECK(self->lane != NULL);
	push(self->lane, self->id);
	CHECK(lanes_claim(&lanes, self->id) == self->lane);
	return NULL;
}

TEST(claims_at_the_same_time_get_different_lanes)
{
	struct claimer claimers[NR_CLAIMERS];

	for (unsigned round = 0; round < NR_ROUNDS; round++) {
		atomic_uint turn = 0;
		unsigned seen = 0;

		begin(NR_WORKERS);
		for (unsigned i = 0; i < NR_CLAIMERS; i++) {
			claimers[i].id = i + 1;
			claimers[i].turn = &turn;
			claimers[i].thread =
					thread_start(claim_run, &claimers[i]);
		}
		atomic_store(&turn, 1);
		for (unsigned i = 0; i < NR_CLAIMERS; i++) {
			thread_join(claimers[i].thread);
			for (unsigned k = 0; k < i; k++)
				CHECK(claimers[k].lane != claimers[i].lane);
		}
		CHECK_EQ(lanes_nr(&lanes), NR_CLAIMERS);
		for (unsigned i = 0; i < NR_CLAIMERS; i++)
			seen |= 1u << take(0);
		CHECK_EQ(seen, (1u << NR_CLAIMERS << 1) - 2);
		end();
	}
}

/* Threads that claim and release again and again: no two have the same. */
enum { NR_CHANGERS = 4, NR_CHANGES = 200000 / TEST_SLOW };

static void *change_run(void *arg)
{
	uintptr_t me = (uintptr_t)arg;

	for (unsigned i = 0; i < NR_CHANGES; i++) {
		struct lane *lane = lanes_claim(&lanes, me);

		for (unsigned k = i % 64; k; k--)
			CHECK_EQ(atomic_load(&lane->owner), me);
		lanes_release(&lanes, me);
	}
	return NULL;
}

TEST(a_lane_has_one_owner_at_a_time)
{
	pthread_t threads[NR_CHANGERS];

	begin(NR_WORKERS);
	for (uintptr_t i = 0; i < NR_CHANGERS; i++)
		threads[i] = thread_start(change_run, (void *)(i + 1));
	for (unsigned i = 0; i < NR_CHANGERS; i++)
		thread_join(threads[i]);
	CHECK(lanes_nr(&lanes) <= NR_CHANGERS);
	end();
}

static bool is_finished(void)
{
	return lanes_are_finished(&lanes);
}

TEST(lanes_are_finished_only_when_closed_and_empty)
{
	struct lane *lane;

	begin(NR_WORKERS);
	lane = lanes_claim(&lanes, 1);
	CHECK(!is_finished());
	push(lane, 1);
	lanes_close(&lanes);
	CHECK(!lane_push_one(lane, NULL, NULL));
	CHECK(!lanes_reopen(&lanes, lane));
	CHECK(!lane_push_one(lane, NULL, NULL));
	CHECK(!is_finished());
	CHECK_EQ(take(1), 1);
	CHECK(is_finished());
	CHECK(is_finished());
	end();
}

TEST(lanes_are_not_finished_while_a_worker_may_carry_jobs)
{
	begin(NR_WORKERS);
	CHECK(lanes_claim(&lanes, 1) != NULL);
	lanes_close(&lanes);
	/* taken from one lane, and not yet in the other; what the next one
	 * waits for may be among them */
	atomic_store(&lanes.takers[0].visits, 1);
	CHECK(lanes_visits(&lanes) == LANES_BUSY); /* so it would wait */
	atomic_store(&lanes.takers[0].visits, 2);
	CHECK(is_finished());
	end();
}

/* A push that found room just before the close, and looks just after it. */
static uint64_t push_late(struct lane *lane, unsigned nr)
{
	uint64_t first = atomic_load(&lane->tail);

	for (unsigned i = 0; i < nr; i++)
		lane->slots[(first + i) & lane->mask].arg =
				(void *)(uintptr_t)(100 + i);
	atomic_store(&lane->tail, first + nr);
	return first;
}

TEST(what_was_pushed_late_is_run_if_a_worker_is_still_to_look)
{
	struct lane *lane;

	begin(NR_WORKERS);
	lane = lanes_claim(&lanes, 1);
	lanes_close(&lanes);
	CHECK_EQ(lanes_withdraw(&lanes, lane, push_late(lane, 3), 3), 3);
	CHECK(!is_finished());
	for (uintptr_t i = 0; i < 3; i++)
		CHECK_EQ(take(0), 100 + i);
	CHECK(is_finished());
	CHECK_EQ(lanes_accepted(&lanes), 3);
	end();
}

TEST(what_was_pushed_late_is_taken_back_if_the_workers_have_looked)
{
	struct lane *lane;

	begin(NR_WORKERS);
	lane = lanes_claim(&lanes, 1);
	push(lane, 1);
	CHECK_EQ(take(0), 1);
	lanes_close(&lanes);
	CHECK(is_finished());
	CHECK_EQ(lanes_withdraw(&lanes, lane, push_late(lane, 3), 3), 0);
	CHECK(is_finished());
	CHECK_EQ(take(0), 0);
	CHECK_EQ(lanes_accepted(&lanes), 1);
	CHECK_EQ(lanes_queued(&lanes), 0);
	end();
}

TEST(what_was_pushed_late_and_met_a_worker_is_run_and_the_rest_taken_back)
{
	struct lane *lane;
	uint64_t first;

	begin(NR_WORKERS);
	lane = lanes_claim(&lanes, 1);
	lanes_close(&lanes);
	CHECK(is_finished());
	first = push_late(lane, 5);
	CHECK_EQ(lanes_move(&lanes, &chain, 0, true, LANE_BATCH),
			3); /* half of them */
	CHECK_EQ(lanes_withdraw(&lanes, lane, first, 5), 3);
	for (uintptr_t i = 0; i < 3; i++)
		CHECK_EQ(take(0), 100 + i);
	CHECK_EQ(take(0), 0);
	CHECK_EQ(lanes_accepted(&lanes), 3);
	end();
}

TEST(what_was_accepted_before_is_not_taken_back_with_what_was_pushed_late)
{
	struct lane *lane;
	unsigned nr;

	begin(NR_WORKERS);
	lane = lanes_claim(&lanes, 1);
	push(lane, 1); /* after a worker's look, and before the close */
	lanes_close(&lanes);
	CHECK(!is_finished()); /* the worker will look again */
	nr = lanes_withdraw(&lanes, lane, push_late(lane, 2), 2);
	CHECK(nr <= 2);
	CHECK_EQ(take(0), 1);
	for (uintptr_t i = 0; i < nr; i++)
		CHECK_EQ(take(0), 100 + i);
	CHECK_EQ(take(0), 0);
	CHECK_EQ(lanes_accepted(&lanes), 1 + nr);
	end();
}

TEST(a_lane_made_after_the_workers_have_looked_keeps_no_job)
{
	struct lane *lane;

	begin(NR_WORKERS);
	lanes_close(&lanes);
	CHECK(is_finished());
	lane = lanes_claim(&lanes, 1);
	if (lane && lane_push_one(lane, NULL, (void *)1))
		CHECK_EQ(lanes_withdraw(&lanes, lane, 0, 1), 0);
	CHECK_EQ(lanes_accepted(&lanes), 0);
	CHECK_EQ(lanes_queued(&lanes), 0);
	end();
}

TEST(a_guest_finds_what_is_in_the_lanes_of_submitters_and_of_workers)
{
	bool has_come[2011] = {false};
	unsigned nr = 0;
	struct rota_job job;

	begin(NR_WORKERS);
	for (uintptr_t i = 1; i <= 2000; i++)
		push(lanes_claim(&lanes, 1 + i % 3), i);
	CHECK(lanes_move(&lanes, &chain, 0, true, LANE_BATCH) > 0);
	CHECK(lanes_move(&lanes, &chain, 1, true, LANE_BATCH) > 0);
	for (uintptr_t i = 2001; i <= 2010; i++)
		CHECK(lane_push_one(&lanes.takers[i % 2].nested.lane, NULL,
				(void *)i));
	while (lanes_take_as_guest(&lanes, &job)) {
		CHECK(!has_come[(uintptr_t)job.arg]);
		has_come[(uintptr_t)job.arg] = true;
		nr++;
	}
	CHECK_EQ(nr, 2010);
	CHECK_EQ(lanes_queued(&lanes), 0);
	CHECK_EQ(lanes_accepted(&lanes), 2010);
	end();
}

TEST(rings_that_were_left_are_kept_while_a_taker_visits)
{
	struct lane *lane;
	uintptr_t out = 0;

	begin(NR_WORKERS);
	lane = lanes_claim(&lanes, 1);
	for (uintptr_t i = 1; i <= 5000; i++)
		push(lane, i);
	atomic_store(&lanes.takers[1].visits, 1);
	while (out < 5000)
		CHECK_EQ(take(0), ++out);
	CHECK(atomic_load(&lanes.left) != NULL);
	CHECK_EQ(take(0), 0);
	CHECK(atomic_load(&lanes.left) != NULL);
	atomic_store(&lanes.takers[1].visits, 0);
	CHECK_EQ(take(0), 0);
	CHECK(atomic_load(&lanes.left) == NULL);
	end();
}

static void see(void *oldest, const struct rota_job *first)
{
	*(uintptr_t *)oldest = (uintptr_t)first->arg;
}

TEST(who_looks_finds_the_oldest_job_behind_a_ring_that_is_used_up)
{
	uintptr_t oldest = 0;

	begin(1);
	for (uintptr_t i = 1; i <= LANE_FIRST_SLOTS + 10; i++)
		push(lanes_claim(&lanes, 1), i);
	for (uintptr_t i = 1; i <= LANE_FIRST_SLOTS; i++)
		CHECK_EQ(take(0), i);
	lanes_see_first(&lanes, see, &oldest);
	CHECK_EQ(oldest, LANE_FIRST_SLOTS + 1);
	CHECK_EQ(atomic_load(&lanes.nr_guests), 0);
	end();
}
