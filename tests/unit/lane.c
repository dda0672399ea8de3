/* SPDX-License-Identifier: MIT */
/* One lane, from the inside: order, growth, batches, tickets, lost races. */
#include <signal.h>
#include <stdlib.h>

#include "small.h"

static void push_or_grow(struct lane *lane, uintptr_t id)
{
	while (!push(lane, id))
		CHECK(lane_make_room(lane) || lane_grow(lane));
}

static const uint64_t starts[] = {
		0,
		(1ull << 32) - 300,
		(1ull << 63) - 300,
};

TEST(a_lane_keeps_the_order_through_growth_while_both_ends_move)
{
	for (unsigned s = 0; s < 3; s++) {
		struct lane lane = {0};
		struct lane_ring *left = NULL;
		static struct small own;
		uintptr_t in = 0, out = 0, moved;
		uint64_t from = starts[s];

		lane_init(&lane, lane_ring_map(from, LANE_FIRST_SLOTS));
		go_to(&lane, from);
		small_init(&own, from, LANE_OWN_SLOTS);
		for (unsigned i = 0; i < 40000; i++) {
			push_or_grow(&lane, ++in);
			push_or_grow(&lane, ++in);
			if (i % 7)
				continue;
			moved = lane_move(&lane, 7, &own.lane, &left);
			CHECK(moved > 0);
			while (moved--)
				CHECK_EQ(take(&own), ++out);
			CHECK(lane_make_room(&own.lane));
		}
		CHECK(lane.mask + 1 >= 32 * LANE_FIRST_SLOTS);
		CHECK_EQ(lane_count(&lane), in - out);
		while ((moved = lane_move(&lane, 128, &own.lane, &left)))
			while (moved--)
				CHECK_EQ(take(&own), ++out);
		CHECK_EQ(out, in);
		CHECK(atomic_load(&lane.ring) == lane.last);
		CHECK_EQ(lane_accepted(&lane), from + in);
		lanes_free_left(left);
		lane_free_rings(&lane);
	}
}

TEST(rings_stop_doubling_and_are_left_one_by_one)
{
	enum { N = 40 * LANE_MAX_SLOTS };
	struct lane lane = {0};
	struct lane_ring *left = NULL, *ring;
	static struct small own;
	uintptr_t out = 0, moved;
	unsigned nr_left = 0;

	lane_init(&lane, lane_ring_map(0, LANE_FIRST_SLOTS));
	small_init(&own, 0, LANE_OWN_SLOTS);
	for (uintptr_t i = 1; i <= N; i++)
		push_or_grow(&lane, i);
	CHECK_EQ(lane.mask + 1, LANE_MAX_SLOTS);
	while ((moved = lane_move(&lane, 128, &own.lane, &left)))
		while (moved--)
			CHECK_EQ(take(&own), ++out);
	CHECK_EQ(out, N);
	for (ring = left; ring; ring = ring->left_next) {
		CHECK(ring != lane.last);
		nr_left++;
	}
	CHECK(nr_left >= 40);
	lanes_free_left(left);
	lane_free_rings(&lane);
}

TEST(a_move_takes_no_more_than_asked_and_wraps_in_both_rings)
{
	static struct small from, to;
	struct lane_ring *left = NULL;
	unsigned at, into, max, nr, want;

	for (at = 0; at < 8; at++)
		for (into = 0; into < 16; into++)
			for (max = 1; max <= 9; max++)
				for (nr = 0; nr <= 8; nr++) {
					small_init(&from, at, 8);
					small_init(&to, into, 16);
					for (uintptr_t i = 1; i <= nr; i++)
						CHECK(push(&from.lane, i));
					want = nr < max ? nr : max;
					CHECK_EQ(lane_move(&from.lane, max,
								 &to.lane,
								 &left),
							want);
					CHECK_EQ(lane_count(&from.lane),
							nr - want);
					CHECK_EQ(lane_count(&to.lane), want);
					for (uintptr_t i = 1; i <= want; i++)
						CHECK_EQ(take(&to), i);
					CHECK_EQ(take(&to), 0);
					for (uintptr_t i = want + 1; i <= nr;
							i++)
						CHECK_EQ(take(&from), i);
				}
	CHECK(left == NULL);
}

TEST(many_jobs_at_once_wrap_and_stop_where_the_room_ends)
{
	static struct small lane;
	struct rota_job jobs[20];
	unsigned at, has, nr;

	for (at = 0; at < 16; at++)
		for (has = 0; has < 16; has++)
			for (nr = 1; nr <= 20; nr++) {
				unsigned room = 16 - has;
				unsigned want = nr < room ? nr : room;

				small_init(&lane, at, 16);
				for (uintptr_t i = 1; i <= has; i++)
					CHECK(push(&lane.lane, i));
				for (uintptr_t i = 0; i < nr; i++)
					jobs[i].arg = (void *)(has + 1 + i);
				CHECK_EQ(lane_push(&lane.lane, jobs, nr), want);
				CHECK_EQ(lane_count(&lane.lane), has + want);
				for (uintptr_t i = 1; i <= has + want; i++)
					CHECK_EQ(take(&lane), i);
				CHECK_EQ(take(&lane), 0);
			}
}

TEST(a_full_lane_of_a_worker_takes_one_more_for_each_that_left)
{
	static struct small own;
	uintptr_t in = 0, out = 0;

	for (unsigned s = 0; s < 3; s++) {
		small_init(&own, starts[s], LANE_OWN_SLOTS);
		for (unsigned i = 0; i < LANE_OWN_SLOTS; i++)
			CHECK(push(&own.lane, ++in));
		CHECK_EQ(lane_count(&own.lane), LANE_OWN_SLOTS);
		for (unsigned i = 0; i < 1000; i++) {
			CHECK(!push(&own.lane, 0));
			CHECK(!lane_make_room(&own.lane));
			CHECK_EQ(take(&own), ++out);
			CHECK(lane_make_room(&own.lane));
			CHECK(push(&own.lane, ++in));
		}
		while (out < in)
			CHECK_EQ(take(&own), ++out);
		CHECK_EQ(take(&own), 0);
	}
}

/* What a taker does last, with what it read before it slept. */
static bool take_from(struct lane *lane, uint64_t head)
{
	return atomic_compare_exchange_strong(&lane->head, &head, head + 1);
}

TEST(a_taker_that_slept_with_an_old_head_gets_nothing)
{
	static struct small own;
	uint64_t passed[] = {1, 16, 1ull << 16, 1ull << 32, 1ull << 62};

	for (unsigned i = 0; i < 5; i++) {
		small_init(&own, 5, 16);
		CHECK(push(&own.lane, 1));
		go_to(&own.lane, 5 + passed[i]);
		CHECK(push(&own.lane, 2));
		CHECK(!take_from(&own.lane, 5));
		CHECK_EQ(take(&own), 2);
	}
}

/* One owner, takers that stumble anywhere in a move: each job once, and to each
 * taker in the order in which they were pushed. */
enum { NR_TAKERS = 3, NR_RACED = TEST_SLOW > 1 ? 100000 : 400000 };

struct race {
	struct lane *lane;
	atomic_bool is_over;
	atomic_uchar *times;
};

struct race_taker {
	struct race *race;
	struct small own;
	struct lane_ring *left;
	unsigned nr;
	pthread_t thread;
};

static void got(struct race_taker *self, uintptr_t id, uintptr_t *last)
{
	CHECK(id > *last);
	*last = id;
	CHECK_EQ(atomic_fetch_add(&self->race->times[id], 1), 0);
}

/* One by one: rings that are left stay. */
static void *race_run_ones(void *arg)
{
	struct race_taker *self = arg;
	uint64_t seen = 0;
	struct rota_job job;
	uintptr_t last = 0;
	bool is_over;

	do {
		is_over = atomic_load(&self->race->is_over);
		for (; lane_take_one(self->race->lane, &seen, &job); self->nr++)
			got(self, (uintptr_t)job.arg, &last);
	} while (!is_over);
	return NULL;
}

static void *race_run(void *arg)
{
	struct race_taker *self = arg;
	unsigned max = 1, moved;
	uintptr_t last = 0;
	bool is_over;

	do {
		is_over = atomic_load(&self->race->is_over);
		while ((moved = lane_move(self->race->lane, max,
					&self->own.lane, &self->left))) {
			CHECK(moved <= max);
			max = max % 128 + 1;
			self->nr += moved;
			for (; moved; moved--)
				got(self, take(&self->own), &last);
		}
	} while (!is_over);
	return NULL;
}

static void run_race(void *(*run)(void *))
{
	struct lane_ring *first = lane_ring_map(0, LANE_FIRST_SLOTS);
	struct lane lane = {0};
	struct race race = {.lane = &lane};
	static struct race_taker takers[NR_TAKERS];
	struct sigaction action = {.sa_handler = stumble};
	unsigned sum = 0, i;
	struct rng rng;

	race.times = calloc(NR_RACED + 1, sizeof(*race.times));
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	rng_init(&rng, 1);
	lane_init(&lane, first);
	for (i = 0; i < NR_TAKERS; i++) {
		takers[i].race = &race;
		small_init(&takers[i].own, 0, LANE_OWN_SLOTS);
		takers[i].thread = thread_start(run, &takers[i]);
	}
	for (uintptr_t id = 1; id <= NR_RACED; id++) {
		push_or_grow(&lane, id);
		if (rng_below(&rng, 2000) == 0)
			pthread_kill(takers[rng_below(&rng, NR_TAKERS)].thread,
					SIGUSR1);
	}
	atomic_store(&race.is_over, true);
	for (i = 0; i < NR_TAKERS; i++) {
		thread_join(takers[i].thread);
		sum += takers[i].nr;
	}
	for (i = 0; i < NR_TAKERS; i++) /* nobody is inside any more */
		lanes_free_left(takers[i].left);
	CHECK_EQ(sum, NR_RACED);
	for (i = 1; i <= NR_RACED; i++)
		CHECK_EQ(atomic_load(&race.times[i]), 1);
	if (run == race_run_ones)
		lane_free_rings_from(first);
	else
		lane_free_rings(&lane);
	free(race.times);
}

TEST(takers_that_stumble_get_each_job_once_and_in_order)
{
	run_race(race_run);
}

TEST(takers_of_one_job_at_a_time_do_too)
{
	run_race(race_run_ones);
}
