/* SPDX-License-Identifier: MIT */
/* rota_pool_destroy(): one wins, everybody who waits is let go. */
#include <errno.h>
#include <unistd.h>

#include "../support.h"

TEST(destroy_of_nothing_does_nothing)
{
	CHECK_EQ(rota_pool_destroy(NULL), 0);
}

TEST(destroy_runs_what_is_queued_and_joins_the_workers)
{
	unsigned before = nr_threads();
	struct rota_pool *pool = make_pool(3, 0, ROTA_FULL_FAIL);
	atomic_uint ran = 0;
	int i;

	for (i = 0; i < 5000; i++)
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	end_pool(pool);
	CHECK_EQ(atomic_load(&ran), 5000);
	CHECK(wait_until(nr_threads() == before, 2000));
}

TEST(a_second_destroy_is_refused)
{
	struct rota_pool *a = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_pool *b = make_pool(1, 0, ROTA_FULL_FAIL);

	end_pool(a);
	CHECK_EQ(rota_pool_destroy(a), -EINVAL);
	end_pool(b);
	CHECK_EQ(rota_pool_destroy(b), -EINVAL);
	CHECK_EQ(rota_pool_destroy(a), -EINVAL);
}

struct destroyer {
	struct rota_pool *pool;
	struct latch *start;
	int error;
	pthread_t thread;
};

static void *destroyer_run(void *arg)
{
	struct destroyer *destroyer = arg;

	if (destroyer->start)
		latch_meet(destroyer->start);
	destroyer->error = rota_pool_destroy(destroyer->pool);
	return NULL;
}

TEST(of_concurrent_destroys_one_wins_and_the_rest_are_refused)
{
	enum { NR = 4 };
	int round, i;

	for (round = 0; round < 300; round++) {
		struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
		struct destroyer destroyers[NR];
		unsigned won = 0, refused = 0;
		atomic_uint ran = 0;
		struct latch start;

		latch_init(&start, NR);
		for (i = 0; i < 20; i++)
			CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		for (i = 0; i < NR; i++) {
			destroyers[i] = (struct destroyer){pool, &start, 1, 0};
			destroyers[i].thread = thread_start(
					destroyer_run, &destroyers[i]);
		}
		for (i = 0; i < NR; i++) {
			thread_join(destroyers[i].thread);
			won += destroyers[i].error == 0;
			refused += destroyers[i].error == -EINVAL;
		}
		CHECK_EQ(won, 1);
		CHECK_EQ(refused, NR - 1);
		CHECK_EQ(atomic_load(&ran), 20);
	}
}

enum { NR_BLOCKED = 4 };

struct blocked {
	struct rota_pool *pool;
	atomic_uint *never;
	int error;
	atomic_int tid;
	pthread_t thread;
};

static void *submitter_run(void *arg)
{
	struct blocked *blocked = arg;

	blocked->error = rota_submit(blocked->pool, count_run, blocked->never);
	return NULL;
}

static void *drainer_run(void *arg)
{
	struct blocked *blocked = arg;

	atomic_store(&blocked->tid, gettid());
	blocked->error = rota_pool_drain(blocked->pool, ROTA_NO_DEADLINE);
	return NULL;
}

TEST(destroy_lets_blocked_submitters_and_drainers_go_before_it_frees)
{
	int round, i;

	for (round = 0; round < 30; round++) {
		struct rota_pool *pool = make_pool(1, 1, ROTA_FULL_BLOCK);
		struct blocked submitters[NR_BLOCKED], drainers[NR_BLOCKED];
		struct destroyer destroyer = {.pool = pool, .error = 1};
		atomic_uint ran = 0, never = 0;
		struct blocker blocker;

		blocker_hold(&blocker, pool);
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		for (i = 0; i < NR_BLOCKED; i++) {
			submitters[i].pool = drainers[i].pool = pool;
			submitters[i].never = &never;
			atomic_init(&drainers[i].tid, 0);
			submitters[i].thread = thread_start(
					submitter_run, &submitters[i]);
			drainers[i].thread =
					thread_start(drainer_run, &drainers[i]);
		}
		CHECK(wait_until(stats_of(pool).submit_waits >= NR_BLOCKED,
				TEST_WAIT_MS));
		for (i = 0; i < NR_BLOCKED; i++) /* inside, not on the way */
			CHECK(wait_until(is_asleep(atomic_load(
							 &drainers[i].tid)),
					TEST_WAIT_MS));
		destroyer.thread = thread_start(destroyer_run, &destroyer);
		for (i = 0; i < NR_BLOCKED; i++) {
			thread_join(submitters[i].thread);
			CHECK_EQ(submitters[i].error, -ESHUTDOWN);
		}
		blocker_release(&blocker);
		for (i = 0; i < NR_BLOCKED; i++) {
			thread_join(drainers[i].thread);
			CHECK_EQ(drainers[i].error, 0);
		}
		thread_join(destroyer.thread);
		CHECK_EQ(destroyer.error, 0);
		CHECK_EQ(atomic_load(&ran), 1);
		CHECK_EQ(atomic_load(&never), 0);
	}
}

struct inline_caller {
	struct rota_pool *pool;
	struct blocker inside;
	int error;
};

static void *inline_caller_run(void *arg)
{
	struct inline_caller *caller = arg;

	caller->error = rota_submit(caller->pool, blocker_run, &caller->inside);
	return NULL;
}

TEST(destroy_waits_for_a_submitter_that_runs_a_job_inline)
{
	struct rota_pool *pool = make_pool(1, 1, ROTA_FULL_CALLER_RUNS);
	struct inline_caller caller = {.pool = pool, .error = 1};
	struct destroyer destroyer = {.pool = pool, .error = 1};
	struct rota_report report;
	struct blocker blocker;
	pthread_t thread;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	blocker_init(&caller.inside);
	thread = thread_start(inline_caller_run, &caller);
	latch_wait(&caller.inside.entered);
	blocker_release(&blocker);
	CHECK(wait_until(stats_of(pool).ran == 2, TEST_WAIT_MS));
	/* only the inline job is left, on a thread that is no worker */
	CHECK_EQ(rota_pool_drain(pool, in_ms(10)), -ETIMEDOUT);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, in_ms(10), &report),
			-ETIMEDOUT);
	CHECK_EQ(report.running, 1);
	CHECK_EQ(report.ran, 2);
	destroyer.thread = thread_start(destroyer_run, &destroyer);
	sleep_ns(5 * NS_PER_MS);
	blocker_release(&caller.inside);
	thread_join(thread);
	thread_join(destroyer.thread);
	CHECK_EQ(caller.error, 0);
	CHECK_EQ(destroyer.error, 0);
}

TEST(a_process_may_exit_while_a_job_is_stuck)
{
	static struct rota_pool *pool;
	static struct blocker blocker;

	pool = make_pool(1, 0, ROTA_FULL_FAIL);
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, in_ms(10), NULL),
			-ETIMEDOUT);
	/* the case ends in exit(), with a worker inside a job */
}

TEST(a_process_may_exit_with_an_idle_pool)
{
	static struct rota_pool *pool;

	pool = make_pool(4, 0, ROTA_FULL_FAIL);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
}
