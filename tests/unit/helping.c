/* SPDX-License-Identifier: MIT */
/* Groups: waits inside waits, and helping. */
#include <unistd.h>

#include "../../runtime/group.h"
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

struct beside {
	struct rota_pool *pool;
	bool is_nested; /* the other jobs are submitted by a job */
	struct rota_group group;
};

static void add_beside(struct beside *beside)
{
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(rota_group_submit(&beside->group, nothing_run, NULL),
				0);
		CHECK_EQ(rota_submit(beside->pool, answer_run, NULL), 0);
	}
}

static void wait_beside(void *arg)
{
	struct beside *beside = arg;

	if (beside->is_nested)
		add_beside(beside);
	CHECK_EQ(rota_group_wait(&beside->group), 0);
}

TEST(a_wait_for_a_group_leaves_other_jobs_where_they_are)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);

	for (unsigned round = 0; round < 10; round++) {
		struct beside beside = {pool, round % 2, {NULL}};
		struct blocker gate;

		CHECK_EQ(rota_group_init(&beside.group, pool), 0);
		blocker_hold(&gate, pool);
		CHECK_EQ(rota_submit(pool, wait_beside, &beside), 0);
		if (!beside.is_nested)
			add_beside(&beside);
		blocker_release(&gate);
		CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
		CHECK_EQ(atomic_load(&nr_ran), 3 * (round + 1));
		CHECK_EQ(rota_group_fini(&beside.group), 0);
	}
	end_pool(pool);
}

struct outside {
	struct rota_group *group;
	struct blocker member;
	pthread_t thread;
};

static void *help_from_outside(void *arg)
{
	struct outside *outside = arg;

	CHECK_EQ(rota_group_help(outside->group), 1);
	return NULL;
}

/* Returns when a thread from outside is in a member of the group: there is no
 * worker that is free. */
static void hold_outside(struct outside *outside, struct rota_group *group)
{
	outside->group = group;
	blocker_init(&outside->member);
	CHECK_EQ(rota_group_submit(group, blocker_run, &outside->member), 0);
	outside->thread = thread_start(help_from_outside, outside);
	latch_wait(&outside->member.entered);
}

TEST(a_drain_waits_for_jobs_that_are_run_from_outside)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct outside outside;
	struct rota_group group;
	struct blocker gate;

	CHECK_EQ(rota_group_init(&group, pool), 0);
	blocker_hold(&gate, pool);
	hold_outside(&outside, &group);
	blocker_release(&gate);
	wait_all_parked(pool); /* its ticket was stale */
	CHECK_EQ(rota_pool_drain(pool, 0), -ETIMEDOUT);
	blocker_release(&outside.member);
	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	CHECK(atomic_load(&outside.member.is_done));
	thread_join(outside.thread);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}

struct helper {
	struct rota_group *group;
	struct latch entered, may_wait;
	atomic_int tid;
};

static void wait_as_helper(void *arg)
{
	struct helper *helper = arg;

	latch_down(&helper->entered);
	latch_wait(&helper->may_wait);
	atomic_store(&helper->tid, gettid());
	CHECK_EQ(rota_group_wait(helper->group), 0);
}

TEST(a_helper_that_sleeps_runs_what_is_added_later)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_group group;
	struct helper helper = {.group = &group};
	struct outside outside;

	latch_init(&helper.entered, 1);
	latch_init(&helper.may_wait, 1);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_submit(pool, wait_as_helper, &helper), 0);
	latch_wait(&helper.entered);
	hold_outside(&outside, &group);
	latch_down(&helper.may_wait);
	CHECK(wait_until(atomic_load(&helper.tid) &&
					 is_asleep(atomic_load(&helper.tid)),
			TEST_WAIT_MS));
	CHECK_EQ(rota_group_submit(&group, answer_run, NULL), 0);
	CHECK(wait_until(atomic_load(&nr_ran) == 1, TEST_WAIT_MS));
	blocker_release(&outside.member);
	thread_join(outside.thread);
	check_balance(pool, 3, 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}

static atomic_uint nr_refused;

static void submit_until_too_deep(void *arg)
{
	int error = rota_group_submit(arg, submit_until_too_deep, arg);

	if (error) {
		CHECK_EQ(error, -EDEADLK);
		atomic_fetch_add(&nr_refused, 1);
	}
}

TEST(a_member_that_is_refused_too_deep_leaves_no_trace)
{
	struct rota_pool *pool = make_pool(1, 1, ROTA_FULL_CALLER_RUNS);
	struct rota_group group;
	struct group *inside;
	struct blocker gate;

	CHECK_EQ(rota_group_init(&group, pool), 0);
	inside = group.state;
	blocker_hold(&gate, pool);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	CHECK_EQ(rota_group_submit(&group, submit_until_too_deep, &group), 0);
	CHECK_EQ(atomic_load(&nr_refused), 1);
	CHECK(group_is_complete(inside));
	CHECK_EQ(atomic_load(&inside->pushed), atomic_load(&inside->done));
	blocker_release(&gate);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}

TEST(a_group_is_not_given_back_while_somebody_waits)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_group group;
	struct group *inside;

	CHECK_EQ(rota_group_init(&group, pool), 0);
	inside = group.state;
	atomic_fetch_add(&inside->nr_waiters, 1); /* has not left yet */
	CHECK_EQ(rota_group_fini(&group), -EBUSY);
	atomic_fetch_sub(&inside->nr_waiters, 1);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}
