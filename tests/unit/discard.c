/* SPDX-License-Identifier: MIT */
/* ROTA_DISCARD: what is queued is dropped once, what runs is waited for. */
#include <errno.h>

#include "../support.h"

static atomic_uint nr_on_drop;

static void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)hook_arg;
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	atomic_fetch_add((atomic_uint *)job->arg, 1);
	atomic_fetch_add(&nr_on_drop, 1);
}

static struct rota_pool *dropping_pool(unsigned workers)
{
	struct rota_options o = {.workers = workers, .on_drop = on_drop};

	atomic_store(&nr_on_drop, 0);
	return make_pool_with(&o);
}

static void check_report(const struct rota_report *report, uint64_t ran,
		uint64_t dropped, uint64_t running, uint64_t queued)
{
	CHECK_EQ(report->ran, ran);
	CHECK_EQ(report->dropped, dropped);
	CHECK_EQ(report->running, running);
	CHECK_EQ(report->queued, queued);
}

TEST(shutdown_that_discards_drops_each_queued_job_exactly_once)
{
	enum { NR = 3000 };
	struct rota_pool *pool = dropping_pool(1);
	static atomic_uint drops[NR];
	struct rota_report report;
	struct blocker blocker;
	int i;

	blocker_hold(&blocker, pool);
	for (i = 0; i < NR; i++)
		CHECK_EQ(rota_submit(pool, blocker_run, &drops[i]), 0);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, in_ms(10), &report),
			-ETIMEDOUT);
	CHECK_EQ(report.ran, 0);
	CHECK_EQ(report.running, 1);
	CHECK_EQ(report.dropped + report.queued, NR);
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DISCARD, ROTA_NO_DEADLINE, &report),
			0);
	check_report(&report, 1, NR, 0, 0);
	for (i = 0; i < NR; i++)
		CHECK_EQ(atomic_load(&drops[i]), 1);
	CHECK(atomic_load(&blocker.is_done));
	end_pool(pool);
	CHECK_EQ(atomic_load(&nr_on_drop), NR);
}

struct caller {
	struct rota_pool *pool;
	enum rota_shutdown_mode mode;
	atomic_bool has_returned;
	struct rota_report report;
	int error;
	pthread_t thread;
};

static void *caller_run(void *arg)
{
	struct caller *caller = arg;

	caller->error = rota_pool_shutdown(caller->pool, caller->mode,
			ROTA_NO_DEADLINE, &caller->report);
	atomic_store(&caller->has_returned, true);
	return NULL;
}

TEST(a_discard_overrides_a_drain_that_has_not_finished)
{
	struct rota_pool *pool = dropping_pool(1);
	struct caller drain = {.pool = pool, .mode = ROTA_DRAIN};
	atomic_uint dropped = 0;
	struct rota_report report;
	struct blocker blocker;
	int i;

	blocker_hold(&blocker, pool);
	for (i = 0; i < 10; i++)
		CHECK_EQ(rota_submit(pool, blocker_run, &dropped), 0);
	drain.thread = thread_start(caller_run, &drain);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, in_ms(10), &report),
			-ETIMEDOUT);
	check_report(&report, 0, 0, 1, 10);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, in_ms(10), NULL),
			-ETIMEDOUT);
	/* a drain that comes later changes nothing any more */
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, 0, NULL), -ETIMEDOUT);
	CHECK(!atomic_load(&drain.has_returned));
	blocker_release(&blocker);
	thread_join(drain.thread);
	CHECK_EQ(drain.error, 0);
	check_report(&drain.report, 1, 10, 0, 0);
	CHECK_EQ(atomic_load(&dropped), 10);
	end_pool(pool);
}

struct reentry {
	struct rota_pool *pool;
	atomic_uint nr;
};

static void resubmit_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	struct reentry *reentry = hook_arg;

	(void)job;
	(void)reason;
	CHECK_EQ(rota_submit(reentry->pool, nothing_run, NULL), -ESHUTDOWN);
	atomic_fetch_add(&reentry->nr, 1);
}

static struct latch drop_entered, drop_released;

static void on_slow_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)hook_arg;
	(void)job;
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	latch_down(&drop_entered);
	latch_wait(&drop_released);
}

static void no_shutdown_ends_before_the_last_drop(enum rota_channel channel)
{
	struct rota_options o = {
			.workers = 1,
			.channel = channel,
			.on_drop = on_slow_drop,
	};
	struct rota_pool *pool = make_pool_with(&o);
	struct caller discard = {.pool = pool, .mode = ROTA_DISCARD};
	struct rota_report report;
	struct blocker blocker;

	latch_init(&drop_entered, 1);
	latch_init(&drop_released, 1);
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	discard.thread = thread_start(caller_run, &discard);
	latch_wait(&drop_entered);
	blocker_release(&blocker); /* so that the worker ends */
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, in_ms(100), &report),
			-ETIMEDOUT);
	check_report(&report, 1, 0, 1, 0);
	latch_down(&drop_released);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DRAIN, ROTA_NO_DEADLINE, &report),
			0);
	check_report(&report, 1, 1, 0, 0);
	thread_join(discard.thread);
	CHECK_EQ(discard.error, 0);
	check_report(&discard.report, 1, 1, 0, 0);
	end_pool(pool);
}

TEST(no_shutdown_ends_while_another_one_is_still_dropping_a_job)
{
	no_shutdown_ends_before_the_last_drop(ROTA_CHANNEL_LANES);
	no_shutdown_ends_before_the_last_drop(ROTA_CHANNEL_RING);
}

TEST(a_drop_may_submit_and_is_told_that_the_pool_is_closed)
{
	struct reentry reentry = {0};
	struct rota_options o = {
			.workers = 1,
			.on_drop = resubmit_drop,
			.hook_arg = &reentry,
	};
	struct blocker blocker;
	int i;

	reentry.pool = make_pool_with(&o);
	blocker_hold(&blocker, reentry.pool);
	for (i = 0; i < 10; i++)
		CHECK_EQ(rota_submit(reentry.pool, nothing_run, NULL), 0);
	CHECK_EQ(rota_pool_shutdown(reentry.pool, ROTA_DISCARD, 0, NULL),
			-ETIMEDOUT);
	blocker_release(&blocker);
	end_pool(reentry.pool);
	CHECK_EQ(atomic_load(&reentry.nr), 10);
}
