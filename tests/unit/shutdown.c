/* SPDX-License-Identifier: MIT */
/* rota_pool_shutdown(): exact, idempotent, bounded by its deadline. */
#include <errno.h>

#include "../support.h"

static void check_report(const struct rota_report *report, uint64_t ran,
		uint64_t dropped, uint64_t running, uint64_t queued)
{
	CHECK_EQ(report->ran, ran);
	CHECK_EQ(report->dropped, dropped);
	CHECK_EQ(report->running, running);
	CHECK_EQ(report->queued, queued);
}

TEST(shutdown_that_drains_runs_all_and_says_so_again_and_again)
{
	unsigned before = nr_threads();
	struct rota_pool *pool = make_pool(4, 0, ROTA_FULL_FAIL);
	struct rota_report report = {9, 9, 9, 9};
	atomic_uint ran = 0;
	int i;

	for (i = 0; i < 5000; i++)
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DRAIN, ROTA_NO_DEADLINE, &report),
			0);
	CHECK_EQ(atomic_load(&ran), 5000);
	check_report(&report, 5000, 0, 0, 0);
	CHECK(wait_until(nr_threads() == before, 2000));
	report = (struct rota_report){9, 9, 9, 9};
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, 0, &report), 0);
	check_report(&report, 5000, 0, 0, 0);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, 0, NULL), 0);
	CHECK_EQ(rota_submit(pool, count_run, &ran), -ESHUTDOWN);
	CHECK_EQ(stats_of(pool).submitted, 5000);
	CHECK_EQ(stats_of(pool).ran, 5000);
	end_pool(pool);
	CHECK_EQ(rota_pool_shutdown(NULL, ROTA_DRAIN, 0, NULL), -EINVAL);
}

TEST(shutdown_in_an_unknown_mode_is_refused)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);

	CHECK_EQ(rota_pool_shutdown(pool, (enum rota_shutdown_mode)7, 0, NULL),
			-EINVAL);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0); /* still open */
	end_pool(pool);
}

TEST(a_stuck_job_times_a_shutdown_out_and_the_next_one_finishes_it)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_report report;
	struct blocker a, b;
	atomic_uint ran = 0;
	uint64_t deadline;
	int i;

	blocker_hold(&a, pool);
	blocker_hold(&b, pool);
	for (i = 0; i < 7; i++)
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	for (i = 0; i < 3; i++) {
		deadline = in_ms(i * 10);
		CHECK_EQ(rota_pool_shutdown(
					 pool, ROTA_DRAIN, deadline, &report),
				-ETIMEDOUT);
		CHECK(now_ns() >= deadline);
		check_report(&report, 0, 0, 2, 7);
	}
	CHECK_EQ(rota_submit(pool, count_run, &ran), -ESHUTDOWN);
	blocker_release(&a);
	CHECK(wait_until(stats_of(pool).ran == 8, TEST_WAIT_MS));
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, 0, &report), -ETIMEDOUT);
	check_report(&report, 8, 0, 1, 0);
	blocker_release(&b);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DRAIN, ROTA_NO_DEADLINE, &report),
			0);
	check_report(&report, 9, 0, 0, 0);
	end_pool(pool);
}

struct caller {
	struct rota_pool *pool;
	enum rota_shutdown_mode mode;
	struct latch *start;
	struct rota_report report;
	int error;
	pthread_t thread;
};

static void *caller_run(void *arg)
{
	struct caller *caller = arg;

	latch_meet(caller->start);
	caller->error = rota_pool_shutdown(caller->pool, caller->mode,
			ROTA_NO_DEADLINE, &caller->report);
	return NULL;
}

TEST(concurrent_shutdowns_all_return_the_same_report)
{
	enum { NR = 8 };
	int round, i;

	for (round = 0; round < 100; round++) {
		struct rota_pool *pool = make_pool(3, 0, ROTA_FULL_FAIL);
		struct caller callers[NR] = {0};
		struct latch start;
		atomic_uint ran = 0;

		latch_init(&start, NR);
		for (i = 0; i < 200; i++)
			CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		for (i = 0; i < NR; i++) {
			callers[i].pool = pool;
			callers[i].start = &start;
			callers[i].mode = round % 2 ? ROTA_DISCARD : ROTA_DRAIN;
			callers[i].thread =
					thread_start(caller_run, &callers[i]);
		}
		for (i = 0; i < NR; i++)
			thread_join(callers[i].thread);
		for (i = 0; i < NR; i++) {
			CHECK_EQ(callers[i].error, 0);
			check_report(&callers[i].report, atomic_load(&ran),
					200 - atomic_load(&ran), 0, 0);
		}
		if (round % 2 == 0)
			CHECK_EQ(atomic_load(&ran), 200);
		end_pool(pool);
	}
}

struct inside {
	struct rota_pool *pool;
	int shutdown_error;
	int destroy_error;
};

static void end_own_pool_run(void *arg)
{
	struct inside *inside = arg;

	inside->shutdown_error = rota_pool_shutdown(
			inside->pool, ROTA_DISCARD, ROTA_NO_DEADLINE, NULL);
	inside->destroy_error = rota_pool_destroy(inside->pool);
}

TEST(a_job_cannot_end_its_own_pool_which_stays_as_it_was)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct inside inside = {pool, 1, 1};
	atomic_uint ran = 0;

	CHECK_EQ(rota_submit(pool, end_own_pool_run, &inside), 0);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	check_rest(pool);
	CHECK_EQ(inside.shutdown_error, -EDEADLK);
	CHECK_EQ(inside.destroy_error, -EDEADLK);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), 2);
	end_pool(pool);
}

TEST(shutdown_the_instant_after_create_loses_nobody)
{
	unsigned round, jobs, i;

	for (round = 0; round < 600; round++) {
		struct rota_pool *pool =
				make_pool(1 + round % 7, 0, ROTA_FULL_FAIL);
		struct rota_report report;
		atomic_uint ran = 0;

		jobs = round / 2 % 3;
		for (i = 0; i < jobs; i++)
			CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		CHECK_EQ(rota_pool_shutdown(pool,
					 round % 2 ? ROTA_DISCARD : ROTA_DRAIN,
					 ROTA_NO_DEADLINE, &report),
				0);
		CHECK_EQ(report.ran, atomic_load(&ran));
		CHECK_EQ(report.ran + report.dropped, jobs);
		if (round % 2 == 0)
			CHECK_EQ(report.dropped, 0);
		end_pool(pool);
	}
}
