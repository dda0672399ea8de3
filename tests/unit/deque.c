/* SPDX-License-Identifier: MIT */
/* A lane whose owner takes the newest job, while others take the oldest. */
#include <signal.h>
#include <stdlib.h>

#include "small.h"

static const uint64_t starts[] = {
		0,
		(1ull << 32) - 300,
		(1ull << 63) - 300,
};

TEST(an_owner_takes_the_newest_and_others_the_oldest)
{
	static struct small own;
	uintptr_t in = 0;

	for (unsigned s = 0; s < 3; s++) {
		small_init(&own, starts[s], LANE_OWN_SLOTS);
		for (unsigned round = 0; round < 1000; round++) {
			uintptr_t oldest = in + 1;

			for (unsigned i = 0; i < 5; i++)
				CHECK(push(&own.lane, ++in) ||
						(lane_make_room(&own.lane) &&
								push(&own.lane, in)));
			CHECK_EQ(take_newest(&own), in);
			CHECK_EQ(take(&own), oldest);
			CHECK_EQ(take_newest(&own), in - 1);
			CHECK_EQ(take(&own), oldest + 1);
			CHECK_EQ(lane_count(&own.lane), 1);
			CHECK_EQ(round % 2 ? take(&own) : take_newest(&own),
					oldest + 2);
			CHECK_EQ(take_newest(&own), 0);
			CHECK_EQ(take(&own), 0);
			CHECK_EQ(lane_accepted(&own.lane),
					starts[s] + 5 * (round + 1));
		}
	}
}

/* An owner that pushes and takes the newest, against takers of the oldest. */
enum { NR_THIEVES = 3, NR_JOBS = TEST_SLOW > 1 ? 100000 : 400000 };
enum { MANY = 1 << 24 };

static struct small deque;

struct theft {
	atomic_bool is_over;
	atomic_uchar *times;
};

struct thief {
	struct theft *theft;
	struct small own;
	struct lane_ring *left;
	unsigned nr;
	pthread_t thread;
};

static void *thief_run(void *arg)
{
	struct thief *self = arg;
	uintptr_t id, last = 0;
	bool is_over;

	do {
		is_over = atomic_load(&self->theft->is_over);
		while (lane_move(
				&deque.lane, 1, &self->own.lane, &self->left)) {
			id = take(&self->own);
			CHECK(id > last);
			last = id;
			CHECK_EQ(atomic_fetch_add(&self->theft->times[id], 1),
					0);
			self->nr++;
		}
	} while (!is_over);
	return NULL;
}

TEST(an_owner_and_those_who_take_from_it_get_each_job_once)
{
	struct theft theft = {.is_over = false};
	static struct thief thieves[NR_THIEVES];
	struct sigaction action = {.sa_handler = stumble};
	unsigned sum = 0, nr_own = 0, i;
	uintptr_t id = 0, got;
	struct rng rng;

	theft.times = calloc(NR_JOBS + 1, sizeof(*theft.times));
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	rng_init(&rng, 1);
	small_init(&deque, 0, LANE_OWN_SLOTS);
	for (i = 0; i < NR_THIEVES; i++) {
		thieves[i].theft = &theft;
		small_init(&thieves[i].own, 0, LANE_OWN_SLOTS);
		thieves[i].thread = thread_start(thief_run, &thieves[i]);
	}
	while (id < NR_JOBS) {
		unsigned pushes = 1 + rng_below(&rng, 4);

		for (; pushes && id < NR_JOBS; pushes--) {
			if (!push(&deque.lane, id + 1) &&
					!(lane_make_room(&deque.lane) &&
							push(&deque.lane,
									id + 1)))
				break;
			id++;
		}
		for (unsigned pops = rng_below(&rng, 5); pops; pops--) {
			got = take_newest(&deque);
			if (!got)
				break;
			CHECK_EQ(atomic_fetch_add(&theft.times[got], 1), 0);
			nr_own++;
		}
		if (rng_below(&rng, 1000) == 0)
			pthread_kill(thieves[rng_below(&rng, NR_THIEVES)]
							.thread,
					SIGUSR1);
	}
	atomic_store(&theft.is_over, true);
	for (i = 0; i < NR_THIEVES; i++) {
		thread_join(thieves[i].thread);
		sum += thieves[i].nr;
	}
	CHECK_EQ(sum + nr_own, NR_JOBS);
	for (i = 1; i <= NR_JOBS; i++)
		CHECK_EQ(atomic_load(&theft.times[i]), 1);
	CHECK_EQ(lane_accepted(&deque.lane), NR_JOBS);
	test_note("%u of %u by others", sum, (unsigned)NR_JOBS);
	free(theft.times);
}

/* The dangerous moment: two jobs left, of which each side may get one or both. */
TEST(an_owner_and_one_thief_share_the_last_two_jobs)
{
	struct theft theft = {.is_over = false};
	uint64_t end_ns = in_ms(1500);
	static struct thief thief;
	unsigned nr_own = 0;
	uintptr_t id = 0, got;

	theft.times = calloc(MANY + 1, sizeof(*theft.times));
	small_init(&deque, 0, LANE_OWN_SLOTS);
	thief.theft = &theft;
	small_init(&thief.own, 0, LANE_OWN_SLOTS);
	thief.thread = thread_start(thief_run, &thief);
	while (id + 2 <= MANY && now_ns() < end_ns)
		for (unsigned i = 0; i < 64 && id + 2 <= MANY; i++) {
			CHECK(lane_make_room(&deque.lane));
			CHECK(push(&deque.lane, ++id));
			CHECK(push(&deque.lane, ++id));
			while ((got = take_newest(&deque))) {
				CHECK_EQ(atomic_fetch_add(&theft.times[got], 1),
						0);
				nr_own++;
			}
		}
	atomic_store(&theft.is_over, true);
	thread_join(thief.thread);
	CHECK_EQ(thief.nr + nr_own, id);
	for (uintptr_t i = 1; i <= id; i++)
		CHECK_EQ(atomic_load(&theft.times[i]), 1);
	test_note("%u of %lu by the other", thief.nr, (unsigned long)id);
	free(theft.times);
}
