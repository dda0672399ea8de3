/* SPDX-License-Identifier: MIT */
/* Jobs that end their thread: they are over, and the pool is as it was. */
#include <errno.h>
#include <unistd.h>

#include "../support.h"

static atomic_uint nr_ran, nr_left;

static void leave_run(void *arg)
{
	(void)arg;
	atomic_fetch_add(&nr_left, 1);
	pthread_exit(NULL);
}

static void submit_some(struct rota_pool *pool, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
}

/* At rest, with so many threads, of which so many jobs ended one. */
static void check_pool(struct rota_pool *pool, unsigned threads, unsigned lost)
{
	check_rest(pool);
	CHECK_EQ(stats_of(pool).threads_lost, lost);
	CHECK_EQ(stats_of(pool).threads, threads);
	submit_some(pool, 100);
	check_rest(pool);
}

TEST(a_job_that_ends_its_thread_counts_as_run_and_another_takes_the_place)
{
	for (unsigned workers = 1; workers <= 3; workers++) {
		struct rota_pool *pool = make_pool(workers, 0, ROTA_FULL_BLOCK);
		unsigned threads = nr_threads();

		for (unsigned i = 0; i < 50; i++) {
			CHECK_EQ(rota_submit(pool, leave_run, NULL), 0);
			submit_some(pool, i % 4);
			if (i % 8 == 0)
				check_rest(pool);
		}
		check_pool(pool, workers, 50);
		CHECK_EQ(stats_of(pool).ran, stats_of(pool).submitted);
		CHECK(wait_until(nr_threads() == threads, TEST_WAIT_MS));
		end_pool(pool);
	}
	CHECK_EQ(atomic_load(&nr_left), 150);
}

TEST(a_bounded_pool_goes_on_too)
{
	struct rota_pool *pool = make_pool(2, 4, ROTA_FULL_BLOCK);

	for (unsigned i = 0; i < 50; i++) {
		CHECK_EQ(rota_submit(pool, leave_run, NULL), 0);
		submit_some(pool, 3);
	}
	check_pool(pool, 2, 50);
	end_pool(pool);
}

TEST(a_shutdown_waits_for_the_threads_that_came_and_went)
{
	unsigned before = nr_threads();

	for (unsigned round = 0; round < 50; round++) {
		struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);
		struct rota_report report;
		int error;

		for (unsigned i = 0; i < 10; i++) {
			CHECK_EQ(rota_submit(pool, leave_run, NULL), 0);
			submit_some(pool, 2);
		}
		do
			error = rota_pool_shutdown(pool, ROTA_DRAIN,
					round % 2 ? ROTA_NO_DEADLINE
						  : now_ns() + 20000,
					&report);
		while (error == -ETIMEDOUT);
		CHECK_EQ(error, 0);
		CHECK_EQ(report.ran, 30);
		CHECK(wait_until(nr_threads() == before, TEST_WAIT_MS));
		CHECK_EQ(rota_pool_destroy(pool), 0);
	}
}

static void nested_run(void *arg)
{
	for (unsigned i = 0; i < 20; i++)
		CHECK_EQ(rota_submit(rota_self(), count_run, &nr_ran), 0);
	leave_run(arg);
}

TEST(what_it_submitted_before_runs)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_BLOCK);

	for (unsigned i = 0; i < 20; i++)
		CHECK_EQ(rota_submit(pool, nested_run, NULL), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&nr_ran), 400);
	check_pool(pool, 1, 20);
	end_pool(pool);
}

static void region_run(void *arg)
{
	CHECK_EQ(rota_blocking_begin(), 0);
	leave_run(arg);
}

TEST(a_region_that_it_left_open_ends)
{
	struct rota_options options = {.size = sizeof(options),
			.workers = 1,
			.max_workers = 3};
	struct rota_pool *pool = make_pool_with(&options);

	for (unsigned i = 0; i < 20; i++)
		CHECK_EQ(rota_submit(pool, region_run, NULL), 0);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).threads_blocked, 0);
	CHECK_EQ(stats_of(pool).threads_lost, 20);
	CHECK_EQ(rota_pool_pause(pool, in_ms(TEST_WAIT_MS)), 0);
	CHECK_EQ(rota_pool_resume(pool), 0);
	end_pool(pool);
}

static pthread_key_t key;

static void submit_at_end(void *pool)
{
	CHECK(rota_self() == NULL);
	CHECK_EQ(rota_worker_index(), -1);
	CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
}

static void key_run(void *pool)
{
	CHECK_EQ(pthread_setspecific(key, pool), 0);
	leave_run(pool);
}

TEST(the_thread_that_ends_may_submit_in_a_destructor)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);

	CHECK_EQ(pthread_key_create(&key, submit_at_end), 0);
	for (unsigned i = 0; i < 20; i++)
		CHECK_EQ(rota_submit(pool, key_run, pool), 0);
	CHECK(wait_until(atomic_load(&nr_ran) == 20, TEST_WAIT_MS));
	check_pool(pool, 2, 20);
	end_pool(pool);
}

static void cancel_run(void *arg)
{
	pthread_cancel(pthread_self());
	pthread_testcancel(); /* of no effect */
	atomic_fetch_add(&nr_ran, 1);
	CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL), 0);
	pthread_testcancel();
	CHECK(!arg);
	test_fail(__FILE__, __LINE__, "it was not cancelled");
}

TEST(a_cancel_is_the_same_if_the_job_allows_it)
{
	struct rota_pool *pool;

	if (TEST_ASAN)
		test_skip("this sanitizer does not see a cancel unwind");
	pool = make_pool(2, 0, ROTA_FULL_BLOCK);
	for (unsigned i = 0; i < 20; i++)
		CHECK_EQ(rota_submit(pool, cancel_run, NULL), 0);
	check_pool(pool, 2, 20);
	CHECK_EQ(atomic_load(&nr_ran), 120);
	end_pool(pool);
}

static atomic_uint nr_starts, nr_stops;
static atomic_bool stop_leaves, start_leaves;

static int on_start(void *hook_arg, unsigned worker)
{
	(void)hook_arg;
	(void)worker;
	CHECK(*rota_worker_slot() == NULL);
	*rota_worker_slot() = &nr_starts;
	atomic_fetch_add(&nr_starts, 1);
	if (atomic_load(&start_leaves))
		pthread_exit(NULL);
	return 0;
}

static void on_stop(void *hook_arg, unsigned worker)
{
	(void)hook_arg;
	CHECK_EQ(rota_worker_index(), worker);
	CHECK(*rota_worker_slot() == &nr_starts);
	atomic_fetch_add(&nr_stops, 1);
	if (atomic_load(&stop_leaves))
		pthread_exit(NULL);
}

TEST(hooks_are_called_for_each_thread_and_may_end_it)
{
	struct rota_options options = {.size = sizeof(options),
			.workers = 2,
			.on_start = on_start,
			.on_stop = on_stop};

	for (unsigned round = 0; round < 10; round++) {
		struct rota_pool *pool = make_pool_with(&options);

		atomic_store(&stop_leaves, round % 2);
		for (unsigned i = 0; i < 10; i++)
			CHECK_EQ(rota_submit(pool, leave_run, NULL), 0);
		check_pool(pool, 2, 10);
		end_pool(pool);
		CHECK_EQ(atomic_load(&nr_starts), 12 * (round + 1));
		CHECK_EQ(atomic_load(&nr_stops), 12 * (round + 1));
	}
}

TEST(a_start_hook_that_ends_its_thread_fails_the_create)
{
	struct rota_options options = {.size = sizeof(options),
			.workers = 3,
			.on_start = on_start};
	unsigned before = nr_threads();
	struct rota_pool *pool = NULL;

	atomic_store(&start_leaves, true);
	CHECK_EQ(rota_pool_create(&options, &pool), -ECANCELED);
	CHECK(pool == NULL);
	CHECK(wait_until(nr_threads() == before, TEST_WAIT_MS));
}
