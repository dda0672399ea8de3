/* SPDX-License-Identifier: MIT */
/* A worker's thread does not start: no pool, and those that did start end. */
#include "../support.h"
#include "inject.h"

enum { NR_WORKERS = 8 };

TEST(whichever_thread_cannot_start_create_fails_and_leaves_nothing)
{
	struct rota_options o = {.workers = NR_WORKERS};
	unsigned before = nr_threads();

	for (unsigned long k = 1; k <= NR_WORKERS + 1; k++) {
		struct rota_pool *mark = (struct rota_pool *)(void *)&o;
		struct rota_pool *pool = mark;
		int error;

		inject_reset();
		inject(INJECT_pthread_create, k, 1, EAGAIN);
		error = rota_pool_create(&o, &pool);
		if (k <= NR_WORKERS) {
			CHECK_EQ(error, -EAGAIN);
			CHECK(pool == mark);
			CHECK(wait_until(nr_threads() == before, 2000));
		} else {
			CHECK_EQ(error, 0);
			end_pool(pool);
		}
		CHECK_EQ(inject_nr_live(), 0);
	}
}

static atomic_uint nr_starts, nr_stops;

static int started(void *hook_arg, unsigned worker)
{
	(void)hook_arg;
	(void)worker;
	atomic_fetch_add(&nr_starts, 1);
	return 0;
}

static void stopped(void *hook_arg, unsigned worker)
{
	(void)hook_arg;
	(void)worker;
	atomic_fetch_add(&nr_stops, 1);
}

TEST(workers_that_did_start_are_stopped_when_a_later_one_cannot)
{
	struct rota_options o = {
			.workers = NR_WORKERS,
			.on_start = started,
			.on_stop = stopped,
	};
	struct rota_pool *pool;

	for (unsigned long k = 1; k <= NR_WORKERS; k++) {
		inject_reset();
		inject(INJECT_pthread_create, k, 1, EAGAIN);
		CHECK_EQ(rota_pool_create(&o, &pool), -EAGAIN);
		CHECK_EQ(atomic_load(&nr_starts), atomic_load(&nr_stops));
	}
	CHECK_EQ(atomic_load(&nr_starts), NR_WORKERS * (NR_WORKERS - 1) / 2);
}

TEST(a_watchdog_that_cannot_start_fails_the_create_and_leaves_nothing)
{
	struct rota_options o = {
			.size = sizeof(o),
			.workers = 2,
			.watchdog_ns = 1000 * NS_PER_MS,
	};
	unsigned before = nr_threads();
	struct rota_pool *pool = NULL;

	for (unsigned long k = 1; k <= 3; k++) {
		inject_reset();
		inject(INJECT_pthread_create, k, 1, EAGAIN);
		CHECK_EQ(rota_pool_create(&o, &pool), -EAGAIN);
		CHECK_EQ(inject_failures(INJECT_pthread_create), 1);
		CHECK(!pool && wait_until(nr_threads() == before, 2000));
		CHECK_EQ(inject_nr_live(), 0);
	}
}

static void leave_run(void *arg)
{
	(void)arg;
	pthread_exit(NULL);
}

TEST(a_worker_whose_job_ends_the_thread_goes_on_where_no_other_is_to_be_had)
{
	struct rota_options o = {
			.size = sizeof(o),
			.workers = 1,
			.on_start = started,
			.on_stop = stopped,
	};
	struct rota_pool *pool = make_pool_with(&o);
	atomic_uint ran = 0;

	inject_reset();
	inject(INJECT_pthread_create, 1, 4, EAGAIN);
	for (unsigned i = 0; i < 10; i++) {
		CHECK_EQ(rota_submit(pool, leave_run, NULL), 0);
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	}
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), 10);
	CHECK_EQ(stats_of(pool).ran, 20);
	CHECK_EQ(stats_of(pool).threads_lost, 10);
	CHECK_EQ(stats_of(pool).start_failures, 4);
	CHECK_EQ(stats_of(pool).threads, 1);
	end_pool(pool);
	CHECK_EQ(atomic_load(&nr_starts), 11);
	CHECK_EQ(atomic_load(&nr_stops), 11);
}
