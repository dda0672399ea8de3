/* SPDX-License-Identifier: MIT */
/* Workers that submit to their own full pool: an answer, never a hang. */
#include <errno.h>

#include "../support.h"

struct own {
	struct rota_pool *pool;
	unsigned capacity;
	int error; /* of the one job too many */
	int index; /* of the thread that ran it */
	unsigned ran_before_return;
	atomic_uint ran;
	atomic_uint nr_dropped;
};

static void own_job_run(void *arg)
{
	struct own *own = arg;

	own->index = rota_worker_index();
	CHECK(rota_self() == own->pool);
	atomic_fetch_add(&own->ran, 1);
}

static void own_dropped(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	struct own *own = hook_arg;

	(void)job;
	CHECK_EQ(reason, ROTA_DROP_OVERLOAD);
	atomic_fetch_add(&own->nr_dropped, 1);
}

static void fill_own_run(void *arg)
{
	struct own *own = arg;
	unsigned i;

	for (i = 0; i < own->capacity; i++)
		CHECK_EQ(rota_submit(own->pool, own_job_run, own), 0);
	own->index = -2;
	CHECK_EQ(rota_submit_until(
				 own->pool, own_job_run, own, ROTA_NO_DEADLINE),
			-EDEADLK);
	CHECK_EQ(rota_try_submit(own->pool, own_job_run, own), -EAGAIN);
	CHECK_EQ(atomic_load(&own->ran), 0);
	own->error = rota_submit(own->pool, own_job_run, own);
	own->ran_before_return = atomic_load(&own->ran);
	if (own->ran_before_return)
		CHECK_EQ(own->index, 0); /* it is a worker, and the same one */
}

static void fill_own_pool(enum rota_full_policy policy, unsigned capacity,
		struct own *own)
{
	struct rota_options o = {
			.workers = 1,
			.capacity = capacity,
			.full_policy = policy,
			.on_drop = own_dropped,
			.hook_arg = own,
	};

	*own = (struct own){.capacity = capacity};
	own->pool = make_pool_with(&o);
	CHECK_EQ(rota_submit(own->pool, fill_own_run, own), 0);
	check_rest(own->pool);
	end_pool(own->pool);
}

TEST(a_worker_never_waits_for_room_in_its_own_pool)
{
	unsigned capacity;
	struct own own;

	for (capacity = 1; capacity <= 9; capacity += 4) {
		fill_own_pool(ROTA_FULL_BLOCK, capacity, &own);
		CHECK_EQ(own.error, 0);
		CHECK_EQ(own.ran_before_return, 1);
		CHECK_EQ(own.ran, capacity + 1);
		fill_own_pool(ROTA_FULL_CALLER_RUNS, capacity, &own);
		CHECK_EQ(own.error, 0);
		CHECK_EQ(own.ran_before_return, 1);
		CHECK_EQ(own.ran, capacity + 1);
		fill_own_pool(ROTA_FULL_FAIL, capacity, &own);
		CHECK_EQ(own.error, -EAGAIN);
		CHECK_EQ(own.ran, capacity);
		fill_own_pool(ROTA_FULL_DROP_NEWEST, capacity, &own);
		CHECK_EQ(own.error, 0);
		CHECK_EQ(own.ran, capacity);
		CHECK_EQ(own.nr_dropped, 1);
		fill_own_pool(ROTA_FULL_DROP_OLDEST, capacity, &own);
		CHECK_EQ(own.error, 0);
		CHECK_EQ(own.ran, capacity);
		CHECK_EQ(own.nr_dropped, 1);
	}
}

struct spread {
	struct rota_pool *pool;
	struct latch all_in;
	atomic_uint accepted;
	atomic_uint ran;
	atomic_uint nr_dropped;
};

static void spread_leaf_run(void *arg)
{
	struct spread *spread = arg;

	atomic_fetch_add(&spread->ran, 1);
}

static void spread_dropped(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	struct spread *spread = hook_arg;

	(void)job;
	(void)reason;
	atomic_fetch_add(&spread->nr_dropped, 1);
}

static void spread_run(void *arg)
{
	struct spread *spread = arg;
	int i, error;

	latch_meet(&spread->all_in);
	for (i = 0; i < 200; i++) {
		error = rota_submit(spread->pool, spread_leaf_run, spread);
		if (error == 0)
			atomic_fetch_add(&spread->accepted, 1);
		else
			CHECK_EQ(error, -EAGAIN);
	}
}

TEST(all_workers_at_once_may_submit_to_their_own_full_pool)
{
	int policy, i;

	for (policy = ROTA_FULL_BLOCK; policy <= ROTA_FULL_DROP_OLDEST;
			policy++) {
		struct spread spread = {0};
		struct rota_options o = {
				.workers = 4,
				.capacity = 4,
				.full_policy = (enum rota_full_policy)policy,
				.on_drop = spread_dropped,
				.hook_arg = &spread,
		};

		spread.pool = make_pool_with(&o);
		latch_init(&spread.all_in, 4);
		for (i = 0; i < 4; i++)
			CHECK_EQ(rota_submit(spread.pool, spread_run, &spread),
					0);
		check_rest(spread.pool);
		CHECK_EQ(atomic_load(&spread.accepted),
				atomic_load(&spread.ran) +
						atomic_load(&spread.nr_dropped));
		if (policy != ROTA_FULL_FAIL)
			CHECK_EQ(atomic_load(&spread.accepted), 800);
		end_pool(spread.pool);
	}
}

struct nest {
	struct rota_pool *pool;
	unsigned depth;
	unsigned deepest;
	int error;
};

static void nest_run(void *arg)
{
	struct nest *nest = arg;
	int error;

	if (++nest->depth > nest->deepest)
		nest->deepest = nest->depth;
	CHECK(nest->depth <= ROTA_INLINE_DEPTH + 1);
	error = rota_submit(nest->pool, nest_run, nest);
	if (error)
		nest->error = error;
	nest->depth--;
}

TEST(jobs_inside_jobs_stop_at_the_inline_depth_on_a_submitter)
{
	struct rota_pool *pool = make_pool(1, 1, ROTA_FULL_CALLER_RUNS);
	struct nest nest = {.pool = pool};
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	CHECK_EQ(rota_submit(pool, nest_run, &nest), 0);
	CHECK_EQ(nest.deepest, ROTA_INLINE_DEPTH);
	CHECK_EQ(nest.error, -EDEADLK);
	CHECK_EQ(nest.depth, 0);
	blocker_release(&blocker);
	check_rest(pool);
	end_pool(pool);
}

static void fill_and_nest_run(void *arg)
{
	struct nest *nest = arg;

	CHECK_EQ(rota_submit(nest->pool, nothing_run, NULL), 0);
	CHECK_EQ(rota_submit(nest->pool, nest_run, nest), 0);
}

TEST(jobs_inside_jobs_stop_at_the_inline_depth_on_a_worker)
{
	struct rota_pool *pool = make_pool(1, 1, ROTA_FULL_BLOCK);
	struct nest nest = {.pool = pool};

	CHECK_EQ(rota_submit(pool, fill_and_nest_run, &nest), 0);
	check_rest(pool);
	/* the worker's own job may count as one of them */
	CHECK(nest.deepest == ROTA_INLINE_DEPTH ||
			nest.deepest == ROTA_INLINE_DEPTH - 1);
	CHECK_EQ(nest.error, -EDEADLK);
	end_pool(pool);
}
