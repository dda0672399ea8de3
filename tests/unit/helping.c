/* SPDX-License-Identifier: MIT */
/* Groups: waits inside waits, and helping. */
#include "outcomes.h"

enum { NR = 1000 };

struct fan {
	struct rota_pool *pool;
	unsigned depth, width;
	atomic_uint *nr_leaves;
};

static void fan_out(void *arg)
{
	struct fan *fan = arg, child = *fan;
	struct rota_group group;

	if (!fan->depth) {
		atomic_fetch_add(fan->nr_leaves, 1);
		return;
	}
	child.depth--;
	CHECK_EQ(rota_group_init(&group, fan->pool), 0);
	for (unsigned i = 0; i < fan->width; i++)
		CHECK_EQ(rota_group_submit(&group, fan_out, &child), 0);
	CHECK_EQ(rota_group_wait(&group), 0); /* child lies on this stack */
	CHECK_EQ(rota_group_fini(&group), 0);
}

static void fan_on(unsigned workers, unsigned capacity,
		enum rota_full_policy policy, unsigned depth, unsigned width)
{
	struct rota_pool *pool = make_pool(workers, capacity, policy);
	atomic_uint nr_leaves = 0;
	struct fan fan = {pool, depth, width, &nr_leaves};
	unsigned wanted = 1;

	for (unsigned i = 0; i < depth; i++)
		wanted *= width;
	CHECK_EQ(rota_submit(pool, fan_out, &fan), 0);
	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	CHECK_EQ(atomic_load(&nr_leaves), wanted);
	end_pool(pool);
}

TEST(nested_fan_out_ends_with_one_worker)
{
	fan_on(1, 0, ROTA_FULL_BLOCK, 5, 6);
	fan_on(1, 0, ROTA_FULL_BLOCK, 200, 1);
}

TEST(nested_fan_out_ends_with_several_workers)
{
	fan_on(2, 0, ROTA_FULL_BLOCK, 5, 6);
	fan_on(4, 0, ROTA_FULL_BLOCK, 10, 2);
}

TEST(nested_fan_out_ends_in_a_bounded_pool)
{
	fan_on(1, 3, ROTA_FULL_BLOCK, 4, 6);
	fan_on(2, 1, ROTA_FULL_CALLER_RUNS, 4, 6);
	fan_on(2, 64, ROTA_FULL_BLOCK, 4, 6);
}

struct deep {
	struct rota_pool *pool;
	unsigned depth;
	int deepest_error;
};

static void go_deep(void *arg)
{
	struct deep *deep = arg;
	struct rota_group group;
	int error;

	deep->depth++;
	CHECK_EQ(rota_group_init(&group, deep->pool), 0);
	CHECK_EQ(rota_group_submit(&group, go_deep, deep), 0);
	error = rota_group_wait(&group);
	if (error) { /* the deepest: it cannot run one more inside */
		CHECK_EQ(error, -EDEADLK);
		deep->deepest_error = error;
		CHECK_EQ(rota_group_help(&group), -EDEADLK);
		CHECK_EQ(rota_group_cancel(&group), 0);
		CHECK_EQ(rota_group_wait(&group), 0);
	}
	CHECK_EQ(rota_group_fini(&group), 0);
}

TEST(waits_inside_one_another_end_at_the_depth_limit)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct deep deep = {pool, 0, 0};

	CHECK_EQ(rota_submit(pool, go_deep, &deep), 0);
	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	CHECK_EQ(deep.deepest_error, -EDEADLK);
	CHECK_EQ(deep.depth, ROTA_HELP_DEPTH + 1);
	end_pool(pool);
}

static void wait_for_own(void *arg)
{
	CHECK_EQ(rota_group_wait(arg), -EDEADLK);
	CHECK_EQ(rota_group_wait_until(arg, 0), -EDEADLK);
	CHECK_EQ(rota_group_submit(arg, answer_run, NULL), 0);
	CHECK(rota_group_help(arg) >= 0);
	answer_run(NULL);
}

TEST(a_member_may_not_wait_for_its_group_but_may_add_to_it)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_group group;

	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_group_submit(&group, wait_for_own, &group), 0);
	CHECK_EQ(rota_group_wait(&group), 0);
	CHECK_EQ(atomic_load(&nr_ran), 2);
	CHECK_EQ(rota_group_fini(&group), 0);
	check_balance(pool, 2, 0);
	end_pool(pool);
}

TEST(a_thread_from_outside_may_help)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_group group;
	struct blocker gate;

	blocker_init(&gate);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_submit(pool, blocker_run, &gate), 0);
	latch_wait(&gate.entered);
	for (int i = 0; i < NR; i++)
		CHECK_EQ(rota_group_submit(&group, answer_run, NULL), 0);
	CHECK_EQ(rota_group_help(&group), NR);
	CHECK_EQ(rota_group_help(&group), 0);
	CHECK_EQ(rota_group_wait_until(&group, 0), 0);
	CHECK_EQ(atomic_load(&nr_ran), NR);
	CHECK_EQ(rota_group_fini(&group), 0);
	blocker_release(&gate);
	check_balance(pool, NR + 1, 0); /* stale tickets */
	end_pool(pool);
}
