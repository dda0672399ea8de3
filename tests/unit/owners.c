/* SPDX-License-Identifier: MIT */
/* Threads come and go: each has a lane while it lives, if there is one. */
#include <errno.h>

#include "../../runtime/pool.h"
#include "../support.h"

static unsigned lanes_of(struct rota_pool *pool)
{
	return lanes_nr(&pool->channel.lanes);
}

/* As this thread sees it. */
static bool has_lane(struct rota_pool *pool)
{
	return os_local.pool_id == pool_id(pool);
}

static struct rota_pool *lanes_pool(unsigned workers)
{
	struct rota_options o = {
			.workers = workers,
			.channel = ROTA_CHANNEL_LANES,
	};

	return make_pool_with(&o);
}

enum { NR_CROWD = 80, NR_STEPS = 300 };

struct member {
	struct rota_pool *pool;
	struct latch *first, *all;
	unsigned line;
	bool has_lane;
	pthread_t thread;
};

static void submit_steps(struct member *self, unsigned from, unsigned to)
{
	for (unsigned step = from; step <= to; step++)
		CHECK_EQ(rota_submit(self->pool, step_run,
					 step_of(self->line, step)),
				0);
}

static void *member_run(void *arg)
{
	struct member *self = arg;

	submit_steps(self, 1, 1);
	self->has_lane = has_lane(self->pool);
	latch_meet(self->first);
	submit_steps(self, 2, NR_STEPS);
	CHECK_EQ(has_lane(self->pool), self->has_lane);
	latch_meet(self->all);
	return NULL;
}

TEST(more_threads_than_lanes_share_the_chain_and_each_keeps_its_order)
{
	struct rota_pool *pool = lanes_pool(1);
	struct member members[NR_CROWD];
	struct latch first, all;
	unsigned nr = 0, i;

	latch_init(&first, NR_CROWD);
	latch_init(&all, NR_CROWD);
	for (i = 0; i < NR_CROWD; i++) {
		members[i] = (struct member){.pool = pool,
				.first = &first,
				.all = &all,
				.line = i};
		members[i].thread = thread_start(member_run, &members[i]);
	}
	for (i = 0; i < NR_CROWD; i++) {
		thread_join(members[i].thread);
		nr += members[i].has_lane;
	}
	CHECK_EQ(nr, LANES_MAX);
	CHECK_EQ(lanes_of(pool), LANES_MAX);
	check_rest(pool);
	for (i = 0; i < NR_CROWD; i++)
		CHECK_EQ(steps_done(i), NR_STEPS);
	CHECK_EQ(stats_of(pool).ran, NR_CROWD * NR_STEPS);
	/* they have ended: their lanes are free */
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	CHECK(has_lane(pool));
	end_pool(pool);
}

/* Holds a lane until it is told to end. */
struct holder {
	struct rota_pool *pool;
	struct latch has_it, ends;
	pthread_t thread;
};

static void *holder_run(void *arg)
{
	struct holder *self = arg;

	CHECK_EQ(rota_submit(self->pool, nothing_run, NULL), 0);
	latch_down(&self->has_it);
	latch_wait(&self->ends);
	return NULL;
}

/* All lanes of the pools are held, this thread gets none; then they are free
 * and it might. */
static void submit_before_and_after(struct rota_pool **pools, unsigned nr_pools)
{
	enum { NR_BEFORE = 1000 };
	struct holder holders[2 * LANES_MAX];
	struct blocker blockers[2];
	unsigned nr = nr_pools * LANES_MAX, i, p;

	for (i = 0; i < nr; i++) {
		holders[i].pool = pools[i % nr_pools];
		latch_init(&holders[i].has_it, 1);
		latch_init(&holders[i].ends, 1);
		holders[i].thread = thread_start(holder_run, &holders[i]);
		latch_wait(&holders[i].has_it);
	}
	for (p = 0; p < nr_pools; p++) {
		blocker_hold(&blockers[p], pools[p]); /* by the chain */
		CHECK(!has_lane(pools[p]));
	}
	for (unsigned step = 1; step <= 2 * NR_BEFORE; step++) {
		for (p = 0; p < nr_pools; p++)
			CHECK_EQ(rota_submit(pools[p], step_run,
						 step_of(p, step)),
					0);
		for (i = 0; step == NR_BEFORE && i < nr; i++) {
			latch_down(&holders[i].ends);
			thread_join(holders[i].thread);
		}
	}
	for (p = 0; p < nr_pools; p++) {
		blocker_release(&blockers[p]);
		check_rest(pools[p]);
		CHECK_EQ(steps_done(p), 2 * NR_BEFORE);
		end_pool(pools[p]);
	}
}

TEST(a_thread_that_found_no_lane_keeps_its_order_when_there_is_one)
{
	struct rota_pool *pool = lanes_pool(1);

	submit_before_and_after(&pool, 1);
}

TEST(a_thread_that_found_no_lane_in_two_pools_keeps_its_order_in_both)
{
	struct rota_pool *pools[] = {lanes_pool(1), lanes_pool(1)};

	submit_before_and_after(pools, 2);
}

struct passer {
	struct rota_pool *pool;
	atomic_uint *ran;
	unsigned nr;
};

static void *passer_run(void *arg)
{
	struct passer *passer = arg;

	for (unsigned i = 0; i < passer->nr; i++)
		CHECK_EQ(rota_submit(passer->pool, count_run, passer->ran), 0);
	return NULL;
}

static void check_memory(unsigned maps, long resident)
{
	if (TEST_ASAN || TEST_TSAN)
		return; /* their own memory grows */
	CHECK(nr_maps() <= maps + 8);
	CHECK(resident_bytes() <= resident + (1 << 20));
}

TEST(threads_one_after_the_other_use_one_lane_and_leave_no_memory)
{
	struct rota_pool *pool = lanes_pool(2);
	atomic_uint ran = 0;
	struct passer passer = {pool, &ran, 1};
	unsigned maps = 0, sum = 0;
	long resident = 0;

	for (unsigned i = 0; i < 600; i++) {
		if (i == 100) {
			maps = nr_maps();
			resident = resident_bytes();
		}
		passer.nr = 1 + i % 300; /* more than one ring */
		thread_join(thread_start(passer_run, &passer));
		sum += passer.nr;
		CHECK_EQ(lanes_of(pool), 1);
	}
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), sum);
	check_memory(maps, resident);
	end_pool(pool);
}

TEST(groups_of_threads_use_as_many_lanes_as_the_largest_group)
{
	enum { LARGEST = 25, PER_THREAD = 50 };
	struct rota_pool *pool = lanes_pool(2);
	atomic_uint ran = 0;
	struct passer passer = {pool, &ran, PER_THREAD};
	unsigned maps = 0, sum = 0;
	pthread_t threads[LARGEST];
	long resident = 0;

	for (unsigned group = 0; group < 60; group++) {
		unsigned nr = group % 2 ? 1 + group % LARGEST : LARGEST;

		if (group == 20) {
			maps = nr_maps();
			resident = resident_bytes();
		}
		for (unsigned i = 0; i < nr; i++)
			threads[i] = thread_start(passer_run, &passer);
		for (unsigned i = 0; i < nr; i++)
			thread_join(threads[i]);
		sum += nr * PER_THREAD;
		CHECK(lanes_of(pool) <= LARGEST);
	}
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), sum);
	check_memory(maps, resident);
	end_pool(pool);
}

TEST(the_memory_of_a_burst_is_given_back_while_the_pool_lives)
{
	enum { NR = 1000000 };
	struct rota_pool *pool = lanes_pool(1);
	struct blocker blocker;
	unsigned maps;
	long before;

	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	check_rest(pool);
	maps = nr_maps();
	before = resident_bytes();
	blocker_hold(&blocker, pool);
	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	if (!TEST_ASAN && !TEST_TSAN)
		CHECK(resident_bytes() > before + NR * 15l);
	blocker_release(&blocker);
	check_rest(pool);
	check_memory(maps, before);
	end_pool(pool);
}
