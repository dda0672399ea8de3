/* SPDX-License-Identifier: MIT */
/* Workers at the lanes, from the inside: rounds, turns, counts on the way. */
#include <sched.h>

#include "all_lanes.h"

static uintptr_t oldest_of(struct own_lane *own)
{
	struct rota_job job;

	return lane_take_oldest(
			       &own->lane, own->slots, LANE_OWN_SLOTS - 1, &job)
			       ? (uintptr_t)job.arg
			       : 0;
}

static uintptr_t newest_of(struct own_lane *own)
{
	struct rota_job job;

	return lane_take_newest(
			       &own->lane, own->slots, LANE_OWN_SLOTS - 1, &job)
			       ? (uintptr_t)job.arg
			       : 0;
}

static uintptr_t take_moved(unsigned worker)
{
	return oldest_of(&lanes.takers[worker].moved);
}

static unsigned move(unsigned worker)
{
	return lanes_move(&lanes, &chain, worker, true, LANE_BATCH);
}

static void push_chain(uintptr_t id)
{
	struct rota_job job = {NULL, (void *)id};
	size_t pushed;

	CHECK_EQ(chain_push(&chain, &job, 1, &pushed), CHAIN_OK);
}

TEST(a_worker_leaves_each_place_after_its_quota_of_jobs)
{
	enum { NR_LANES = 3, NR = 4000 };
	unsigned from[NR_LANES + 1] = {0}, taken = 0, least;
	uintptr_t id;

	begin(1);
	for (unsigned i = 0; i < NR_LANES; i++)
		for (unsigned k = 0; k < NR; k++)
			push(lanes_claim(&lanes, 1 + i), 1 + i);
	for (unsigned k = 0; k < NR; k++)
		push_chain(1 + NR_LANES);
	while (taken < 8 * LANE_QUOTA) {
		CHECK(move(0) > 0);
		while ((id = take_moved(0))) {
			from[id - 1]++;
			taken++;
		}
		least = taken;
		for (unsigned i = 0; i <= NR_LANES; i++)
			if (from[i] < least)
				least = from[i];
		CHECK(taken < 4 * LANE_QUOTA || least >= LANE_QUOTA);
		CHECK(taken < 8 * LANE_QUOTA || least >= 2 * LANE_QUOTA);
	}
	end();
}

static atomic_uint nr_owners; /* relaxed: it orders nothing */

static void *own_for_a_while(void *id)
{
	struct lane *lane;

	while (atomic_load_explicit(&nr_owners, memory_order_relaxed) + 1 <
			(uintptr_t)id)
		sched_yield();
	lane = lanes_claim(&lanes, (uintptr_t)id);
	CHECK(lane == lanes_at(&lanes, 0));
	for (unsigned i = 0; i < LANE_FIRST_SLOTS; i++)
		push(lane, 1);
	lanes_release(&lanes, (uintptr_t)id);
	atomic_fetch_add_explicit(&nr_owners, 1, memory_order_relaxed);
	return NULL;
}

TEST(the_next_owner_of_a_lane_sees_what_the_one_before_did)
{
	pthread_t threads[4];

	begin(1);
	for (uintptr_t i = 0; i < 4; i++)
		threads[i] = thread_start(own_for_a_while, (void *)(i + 1));
	for (uintptr_t i = 0; i < 4; i++)
		thread_join(threads[i]);
	CHECK_EQ(lanes_queued(&lanes), 4 * LANE_FIRST_SLOTS);
	end();
}

enum { NR_WRITTEN = 200 };
static uintptr_t written[NR_WRITTEN + 1]; /* plain */

static void *move_and_read(void *arg)
{
	struct lane *lane = arg;
	struct lane_ring *left = NULL;
	uintptr_t id;

	for (unsigned i = 1; i <= NR_WRITTEN; i++) {
		while (!lane_move(lane, 1, &lanes.takers[0].moved.lane, &left))
			sched_yield();
		id = take_moved(0);
		CHECK_EQ(written[id], id);
	}
	return NULL;
}

TEST(who_moves_a_job_sees_what_was_written_before_its_push)
{
	struct lane *lane;
	pthread_t thread;

	begin(1);
	lane = lanes_claim(&lanes, 1);
	thread = thread_start(move_and_read, lane);
	for (uintptr_t i = 1; i <= NR_WRITTEN; i++) {
		written[i] = i;
		push(lane, i);
	}
	thread_join(thread);
	end();
}

TEST(a_job_that_was_moved_may_be_moved_on_by_every_other_worker)
{
	enum { NR_WORKERS = 4 };

	begin(NR_WORKERS);
	push(lanes_claim(&lanes, 1), 1);
	for (unsigned round = 0; round < 20; round++)
		for (unsigned i = 0; i < NR_WORKERS; i++) {
			CHECK_EQ(move(i), 1);
			CHECK_EQ(lane_count(&lanes.takers[i].moved.lane), 1);
			CHECK_EQ(lanes_queued(&lanes), 1);
			CHECK_EQ(lanes_accepted(&lanes), 1);
		}
	CHECK_EQ(take_moved(NR_WORKERS - 1), 1);
	CHECK(!lanes_have_work(&lanes));
	end();
}

TEST(a_job_that_a_job_submitted_may_be_taken_by_every_other_worker)
{
	enum { NR_WORKERS = 3, NR_NESTED = 10 };
	struct own_lane *own;

	begin(NR_WORKERS);
	own = &lanes.takers[1].nested;
	for (uintptr_t i = 1; i <= NR_NESTED; i++)
		CHECK(lane_push_one(&own->lane, NULL, (void *)i));
	CHECK_EQ(lanes_move(&lanes, &chain, 0, false, LANE_BATCH), 0);
	CHECK_EQ(move(0), 1); /* one at a time */
	CHECK_EQ(lanes_queued(&lanes), NR_NESTED);
	CHECK_EQ(take_moved(0), 1);
	CHECK_EQ(move(2), 1);
	CHECK_EQ(take_moved(2), 2);
	CHECK_EQ(lanes_accepted(&lanes), NR_NESTED);
	CHECK_EQ(newest_of(own), NR_NESTED);
	CHECK_EQ(lane_count(&own->lane), NR_NESTED - 3);
	CHECK_EQ(lanes_accepted(&lanes), NR_NESTED);
	end();
}

TEST(a_worker_that_moves_leaves_half_to_the_others)
{
	begin(2);
	for (uintptr_t i = 1; i <= 100; i++)
		push(lanes_claim(&lanes, 1), i);
	CHECK_EQ(move(0), 50);
	CHECK_EQ(lane_count(lanes_at(&lanes, 0)), 50);
	CHECK_EQ(move(1), 25);
	CHECK_EQ(lanes_queued(&lanes), 100);
	CHECK(take_moved(0) && take_moved(1));
	end();
}

TEST(a_worker_whose_lane_is_full_moves_nothing)
{
	struct lane *own;

	begin(1);
	own = &lanes.takers[0].moved.lane;
	for (unsigned i = 1; i <= LANE_OWN_SLOTS; i++)
		CHECK(lane_push_one(own, NULL, (void *)1));
	push(lanes_claim(&lanes, 1), 2);
	push_chain(2);
	CHECK_EQ(move(0), 0);
	CHECK_EQ(take_moved(0), 1);
	CHECK_EQ(move(0), 1);
	CHECK_EQ(lane_count(own), LANE_OWN_SLOTS);
	CHECK_EQ(move(0), 0);
	end();
}

/* Submitters, workers that submit too and take from each other, and one who
 * counts. */
enum { NR_SUBMITTERS = 2, NR_WORKERS = 3 };

struct busy {
	atomic_bool is_over;
	atomic_uint next; /* of owners and workers */
	atomic_ulong nr_pushed, nr_taken;
	pthread_t threads[NR_SUBMITTERS + NR_WORKERS];
};

static void *submitter_run(void *arg)
{
	struct busy *busy = arg;
	struct lane *lane = lanes_claim(
			&lanes, 1 + atomic_fetch_add(&busy->next, 1));

	while (!atomic_load(&busy->is_over)) {
		push(lane, 1);
		atomic_fetch_add(&busy->nr_pushed, 1);
		if (lane_count(lane) > 1000)
			sleep_ns(1000);
	}
	return NULL;
}

/* A job: one from outside submits some itself, now and then. */
static void run_one(struct busy *busy, unsigned worker, uintptr_t id)
{
	struct lane *nested = &lanes.takers[worker].nested.lane;
	unsigned turn = (unsigned)atomic_fetch_add(&busy->nr_taken, 1);

	if (id != 1 || turn % 4)
		return;
	for (unsigned i = turn / 4 % 5; i && lane_make_room(nested); i--)
		if (lane_push_one(nested, NULL, (void *)2))
			atomic_fetch_add(&busy->nr_pushed, 1);
}

static void *worker_run(void *arg)
{
	struct busy *busy = arg;
	unsigned index = atomic_fetch_add(&busy->next, 1) - NR_SUBMITTERS;
	uintptr_t id;
	bool is_over;

	do {
		is_over = atomic_load(&busy->is_over);
		do
			while ((id = newest_of(&lanes.takers[index].nested)) ||
					(id = take_moved(index)))
				run_one(busy, index, id);
		while (move(index));
	} while (!is_over);
	return NULL;
}

TEST(a_job_on_its_way_from_lane_to_lane_is_never_uncounted)
{
	struct busy busy = {.is_over = false};
	uint64_t end_ns = in_ms(1000), accepted, taken, pushed;
	unsigned i;

	begin(NR_WORKERS);
	for (i = 0; i < NR_SUBMITTERS; i++)
		busy.threads[i] = thread_start(submitter_run, &busy);
	CHECK(wait_until(atomic_load(&busy.next) == NR_SUBMITTERS,
			TEST_WAIT_MS));
	for (; i < NR_SUBMITTERS + NR_WORKERS; i++)
		busy.threads[i] = thread_start(worker_run, &busy);
	do {
		taken = atomic_load(&busy.nr_taken);
		pushed = atomic_load(&busy.nr_pushed);
		accepted = lanes_accepted(&lanes);
		CHECK(accepted >= pushed);
		CHECK(accepted >= taken);
	} while (now_ns() < end_ns);
	atomic_store(&busy.is_over, true);
	while (i--)
		thread_join(busy.threads[i]);
	pushed = atomic_load(&busy.nr_pushed);
	CHECK_EQ(lanes_accepted(&lanes), pushed);
	CHECK_EQ(atomic_load(&busy.nr_taken) + lanes_queued(&lanes), pushed);
	CHECK_EQ(lanes_queued(&lanes), 0);
	end();
}
