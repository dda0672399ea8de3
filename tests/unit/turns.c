/* SPDX-License-Identifier: MIT */
/* A worker that runs members in a row for tickets that it takes only afterwards:
 * what it may see of its lane, and what others may do meanwhile. */
#include "outcomes.h"
#include "small.h"

enum { SLOTS = 16, NR_THIEVES = 2, NR_RACED = TEST_SLOW > 1 ? 20000 : 200000 };

static bool is_next(struct small *own, uint64_t *end, uintptr_t id)
{
	return lane_oldest_are(&own->lane, own->slots, own->ring.mask, end,
			(struct rota_job){NULL, (void *)id});
}

TEST(as_many_are_taken_as_are_the_same_from_the_oldest_on)
{
	static struct small own;

	for (unsigned at = 0; at < SLOTS; at++)
		for (unsigned same = 0; same <= SLOTS; same++) {
			uint64_t end = 0;

			small_init(&own, at, SLOTS);
			for (unsigned i = 0; i < SLOTS; i++)
				CHECK(push(&own.lane, i < same ? 7 : 8));
			for (unsigned i = 0; i < same; i++)
				CHECK(is_next(&own, &end, 7));
			CHECK(!is_next(&own, &end, 7));
			CHECK_EQ(end, same ? at + same : 0);
			CHECK_EQ(lane_take_until(&own.lane, end), same);
			CHECK_EQ(lane_take_until(&own.lane, end), 0);
			CHECK_EQ(lane_count(&own.lane), SLOTS - same);
			if (same < SLOTS)
				CHECK_EQ(take(&own), 8);
		}
}

TEST(what_others_took_is_not_taken_and_what_comes_behind_another_is_not_seen)
{
	static struct small own;
	uint64_t end = 0;

	small_init(&own, 3, SLOTS);
	for (unsigned i = 0; i < 4; i++)
		CHECK(push(&own.lane, 7));
	CHECK(push(&own.lane, 8));
	CHECK(push(&own.lane, 7));
	for (unsigned i = 0; i < 3; i++)
		CHECK(is_next(&own, &end, 7));
	CHECK_EQ(take(&own), 7);
	CHECK_EQ(take(&own), 7);
	CHECK_EQ(lane_take_until(&own.lane, end), 1);
	/* others pass the end, as far as the last */
	CHECK_EQ(take(&own), 7);
	CHECK(!is_next(&own, &end, 7));
	CHECK_EQ(take(&own), 8);
	CHECK_EQ(lane_take_until(&own.lane, end), 0);
	CHECK(is_next(&own, &end, 7));
	CHECK_EQ(lane_take_until(&own.lane, end), 1);
	CHECK(!is_next(&own, &end, 7));
}

struct thief {
	struct small *from;
	atomic_bool *is_over;
	unsigned got[2]; /* by what it was */
	pthread_t thread;
};

static void *steal(void *arg)
{
	struct thief *self = arg;
	uintptr_t id;

	while (!atomic_load(self->is_over))
		while ((id = take(self->from)))
			self->got[id - 7]++;
	return NULL;
}

TEST(each_is_taken_once_by_the_owner_or_by_a_thief)
{
	static struct thief thieves[NR_THIEVES];
	static struct small own;
	unsigned pushed[2] = {0}, got[2] = {0};
	atomic_bool is_over = false;
	uint64_t end = 0;
	struct rng rng;
	uintptr_t id;

	rng_init(&rng, 1);
	small_init(&own, 5, SLOTS);
	for (unsigned i = 0; i < NR_THIEVES; i++) {
		thieves[i] = (struct thief){&own, &is_over, {0}, 0};
		thieves[i].thread = thread_start(steal, &thieves[i]);
	}
	while (pushed[0] + pushed[1] < NR_RACED) {
		unsigned which = rng_below(&rng, 8) == 0;

		if (push(&own.lane, 7 + which))
			pushed[which]++;
		else if (!lane_make_room(&own.lane) &&
				!is_next(&own, &end, 7) && (id = take(&own)))
			got[id - 7]++;
		if (rng_below(&rng, 4))
			(void)is_next(&own, &end, 7);
		else
			got[0] += lane_take_until(&own.lane, end);
	}
	got[0] += lane_take_until(&own.lane, end);
	while (lane_count(&own.lane))
		sched_yield();
	atomic_store(&is_over, true);
	for (unsigned i = 0; i < NR_THIEVES; i++) {
		thread_join(thieves[i].thread);
		got[0] += thieves[i].got[0];
		got[1] += thieves[i].got[1];
	}
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(got[i], pushed[i]);
}

static struct latch later_ran;

static void run_and_wait_for_a_later_one(void *arg)
{
	latch_wait(&later_ran);
	answer_run(arg);
}

static void run_later(void *arg)
{
	answer_run(arg);
	latch_down(&later_ran);
}

/* The second member is run without its ticket, and blocks until the last has
 * run: the other worker has to find that one. */
TEST(members_behind_one_that_runs_are_left_to_other_workers)
{
	enum { NR = 20 };
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_group group;
	struct blocker gates[2];

	CHECK_EQ(rota_group_init(&group, pool), 0);
	for (unsigned round = 1; round <= 50; round++) {
		latch_init(&later_ran, 1);
		for (unsigned i = 0; i < 2; i++) {
			blocker_init(&gates[i]);
			blocker_hold(&gates[i], pool);
		}
		for (unsigned i = 0; i < NR; i++)
			CHECK_EQ(rota_group_submit(&group,
						 i == 1 ? run_and_wait_for_a_later_one
						 : i == NR - 1 ? run_later
							       : answer_run,
						 NULL),
					0);
		blocker_release(&gates[0]);
		blocker_release(&gates[1]);
		CHECK_EQ(rota_group_wait(&group), 0);
		check_balance(pool, round * (NR + 2), 0);
		CHECK_EQ(atomic_load(&nr_ran), round * NR);
	}
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}

static struct {
	struct rota_pool *pool;
	unsigned next;
} row;

static void run_in_row(void *arg)
{
	CHECK_EQ(row.next++, (uintptr_t)arg);
}

TEST(members_do_not_overtake_the_jobs_between_them)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_group groups[2];
	struct blocker gate;
	struct rng rng;

	rng_init(&rng, 2);
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(rota_group_init(&groups[i], pool), 0);
	blocker_init(&gate);
	blocker_hold(&gate, pool);
	for (uintptr_t i = 0; i < 500; i++) {
		unsigned which = rng_below(&rng, 6);
		struct rota_group *group = &groups[which % 2];

		CHECK_EQ(which < 4 ? rota_group_submit(group, run_in_row,
						     (void *)i)
				   : rota_submit(pool, run_in_row, (void *)i),
				0);
	}
	blocker_release(&gate);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(rota_group_wait(&groups[i]), 0);
		CHECK_EQ(rota_group_fini(&groups[i]), 0);
	}
	check_balance(pool, 501, 0);
	CHECK_EQ(row.next, 500);
	end_pool(pool);
}
