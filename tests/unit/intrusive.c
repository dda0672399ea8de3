/* SPDX-License-Identifier: MIT */
/* rota_submit_job(): jobs in the caller's memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"
#include "counting.h"

struct item {
	struct rota_work work; /* first: a work is an item */
	struct rota_pool *pool;
	unsigned left;
	atomic_uint ran;
	atomic_uint dropped;
	enum rota_drop_reason reason;
};

static void item_run(struct rota_work *work)
{
	struct item *item = (struct item *)work;

	atomic_fetch_add(&item->ran, 1);
}

static void item_drop(struct rota_work *work, enum rota_drop_reason reason)
{
	struct item *item = (struct item *)work;

	item->reason = reason;
	atomic_fetch_add(&item->dropped, 1);
}

static struct item make_item(struct rota_pool *pool)
{
	return (struct item){
			.work = {.run = item_run, .drop = item_drop},
			.pool = pool,
	};
}

TEST(a_job_in_the_callers_memory_runs_again_and_again)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct item item = make_item(pool);
	unsigned i;

	for (i = 1; i <= 100; i++) {
		CHECK_EQ(rota_submit_job(pool, &item.work), 0);
		check_rest(pool);
		CHECK_EQ(atomic_load(&item.ran), i);
	}
	CHECK_EQ(stats_of(pool).ran, 100);
	end_pool(pool);
	CHECK_EQ(atomic_load(&item.dropped), 0);
}

TEST(a_job_that_is_queued_is_not_queued_twice)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_pool *other = make_pool(1, 0, ROTA_FULL_FAIL);
	struct item item = make_item(pool);
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit_job(pool, &item.work), 0);
	CHECK_EQ(rota_submit_job(pool, &item.work), -EALREADY);
	CHECK_EQ(rota_submit_job(other, &item.work), -EALREADY);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(atomic_load(&item.ran), 1);
	CHECK_EQ(rota_submit_job(other, &item.work), 0);
	check_rest(other);
	CHECK_EQ(atomic_load(&item.ran), 2);
	end_pool(pool);
	end_pool(other);
}

static void again_run(struct rota_work *work)
{
	struct item *item = (struct item *)work;

	if (item->left-- > 1)
		CHECK_EQ(rota_submit_job(item->pool, work), 0);
	else
		free(item);
}

TEST(a_run_may_submit_its_own_memory_or_free_it)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct item *item = malloc(sizeof(*item));

	*item = make_item(pool);
	item->work.run = again_run;
	item->left = 1000;
	CHECK_EQ(rota_submit_job(pool, &item->work), 0);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).ran, 1000);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

TEST(what_is_no_work_is_refused)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct item item = make_item(pool);

	CHECK_EQ(rota_submit_job(NULL, &item.work), -EINVAL);
	CHECK_EQ(rota_submit_job(pool, NULL), -EINVAL);
	item.work.run = NULL;
	CHECK_EQ(rota_submit_job(pool, &item.work), -EINVAL);
	item.work.run = item_run;
	item.work.state = 0xdead;
	CHECK_EQ(rota_submit_job(pool, &item.work), -EINVAL);
	item.work.state = 0;
	CHECK_EQ(rota_submit_job(pool, &item.work), 0);
	end_pool(pool);
	CHECK_EQ(atomic_load(&item.ran), 1);
}

TEST(a_job_that_was_refused_is_the_callers_again)
{
	struct rota_pool *full = make_pool(1, 1, ROTA_FULL_FAIL);
	struct rota_pool *closed = make_pool(1, 0, ROTA_FULL_FAIL);
	struct item item = make_item(full);
	struct blocker blocker;

	blocker_hold(&blocker, full);
	CHECK_EQ(rota_submit(full, nothing_run, NULL), 0);
	CHECK_EQ(rota_submit_job(full, &item.work), -EAGAIN);
	CHECK_EQ(rota_pool_close(closed), 0);
	CHECK_EQ(rota_submit_job(closed, &item.work), -ESHUTDOWN);
	blocker_release(&blocker);
	check_rest(full);
	CHECK_EQ(rota_submit_job(full, &item.work), 0);
	end_pool(full);
	end_pool(closed);
	CHECK_EQ(atomic_load(&item.ran), 1);
	CHECK_EQ(atomic_load(&item.dropped), 0);
}

static void unexpected_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)hook_arg;
	(void)job;
	(void)reason;
	CHECK(!"on_drop");
}

static void free_drop(struct rota_work *work, enum rota_drop_reason reason)
{
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	free(work);
}

TEST(a_discard_drops_each_job_by_its_own_drop_which_may_free_it)
{
	struct rota_options o = {.workers = 1, .on_drop = unexpected_drop};
	struct rota_pool *pool = make_pool_with(&o);
	struct item *item = malloc(sizeof(*item));
	struct item mute = make_item(pool), named = make_item(pool);
	struct rota_report report;
	struct blocker blocker;

	*item = make_item(pool);
	item->work.drop = free_drop;
	mute.work.drop = NULL;
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit_job(pool, &item->work), 0);
	CHECK_EQ(rota_submit_job(pool, &mute.work), 0);
	CHECK_EQ(rota_submit_job(pool, &named.work), 0);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, 0, NULL), -ETIMEDOUT);
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DISCARD, ROTA_NO_DEADLINE, &report),
			0);
	CHECK_EQ(report.ran, 1);
	CHECK_EQ(report.dropped, 3);
	CHECK_EQ(atomic_load(&named.dropped), 1);
	CHECK_EQ(named.reason, ROTA_DROP_SHUTDOWN);
	CHECK_EQ(atomic_load(&mute.ran) + atomic_load(&named.ran), 0);
	CHECK_EQ(mute.work.state, 0);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

static void check_policy(
		enum rota_full_policy policy, unsigned ran_at_once, int dropped)
{
	struct rota_pool *pool = make_pool(1, 1, policy);
	struct item items[2] = {make_item(pool), make_item(pool)};
	struct blocker blocker;
	int i;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit_job(pool, &items[0].work), 0);
	CHECK_EQ(rota_submit_job(pool, &items[1].work), 0);
	CHECK_EQ(atomic_load(&items[1].ran), ran_at_once);
	blocker_release(&blocker);
	check_rest(pool);
	for (i = 0; i < 2; i++) {
		CHECK_EQ(atomic_load(&items[i].dropped), i == dropped);
		CHECK_EQ(atomic_load(&items[i].ran), i != dropped);
	}
	if (dropped >= 0)
		CHECK_EQ(items[dropped].reason, ROTA_DROP_OVERLOAD);
	end_pool(pool);
}

TEST(each_full_policy_gives_a_job_exactly_one_outcome)
{
	check_policy(ROTA_FULL_CALLER_RUNS, 1, -1);
	check_policy(ROTA_FULL_DROP_NEWEST, 0, 1);
	check_policy(ROTA_FULL_DROP_OLDEST, 0, 0);
}

TEST(jobs_in_the_callers_memory_need_no_malloc)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct item items[32];
	const char *channel = getenv("ROTA_TEST_CHANNEL");
	unsigned long before;
	int wave, i;

	if (channel && !strcmp(channel, "measured"))
		test_skip("a pool that measures boxes each job");
	for (i = 0; i < 32; i++)
		items[i] = make_item(pool);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0); /* claims a lane */
	check_rest(pool);
	before = nr_allocations();
	for (wave = 0; wave < 100; wave++) {
		for (i = 0; i < 32; i++)
			CHECK_EQ(rota_submit_job(pool, &items[i].work), 0);
		check_rest(pool);
	}
	CHECK_EQ(nr_allocations(), before);
	end_pool(pool);
}

TEST(a_forked_child_gets_an_error_and_its_memory_back)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct item item = make_item(pool);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(10 * TEST_SLOW);
		CHECK_EQ(rota_submit_job(pool, &item.work), -EOWNERDEAD);
		CHECK_EQ(item.work.state, 0);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_EQ(rota_submit_job(pool, &item.work), 0);
	end_pool(pool);
	CHECK_EQ(atomic_load(&item.ran), 1);
}
