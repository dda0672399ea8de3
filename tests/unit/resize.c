/* SPDX-License-Identifier: MIT */
/* rota_pool_resize(). */
#include <errno.h>

#include "../support.h"

enum { MAX = 8 };

static unsigned nr_before; /* threads without the pool */

static struct rota_pool *make_resizable(unsigned workers)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = workers,
			.max_workers = MAX,
			.idle_ns = 20 * NS_PER_MS,
	};

	nr_before = nr_threads();
	return make_pool_with(&options);
}

static unsigned nr_active(struct rota_pool *pool)
{
	struct rota_stats stats = stats_of(pool);

	return stats.threads - stats.threads_spare;
}

static void check_size(struct rota_pool *pool, unsigned workers)
{
	CHECK_EQ(stats_of(pool).workers, workers);
	CHECK(wait_until(stats_of(pool).threads == workers, TEST_WAIT_MS));
	CHECK(wait_until(nr_threads() == nr_before + workers, TEST_WAIT_MS));
	wait_all_parked(pool);
}

static struct latch met;
static atomic_uint nr_in; /* jobs that wait for the others */

static void meet_run(void *arg)
{
	(void)arg;
	atomic_fetch_add(&nr_in, 1);
	latch_meet(&met);
}

/* So many jobs run at once, and not one more. */
static void check_width(struct rota_pool *pool, unsigned workers)
{
	latch_init(&met, workers + 1);
	atomic_store(&nr_in, 0);
	for (unsigned i = 0; i < workers; i++)
		CHECK_EQ(rota_submit(pool, meet_run, NULL), 0);
	CHECK(wait_until(atomic_load(&nr_in) == workers, TEST_WAIT_MS));
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	sleep_ns(2 * NS_PER_MS);
	CHECK_EQ(stats_of(pool).queued, 1);
	latch_meet(&met);
	check_rest(pool);
}

TEST(bad_sizes_are_refused)
{
	struct rota_pool *pool = make_pool(3, 0, ROTA_FULL_BLOCK);

	CHECK_EQ(rota_pool_resize(NULL, 1), -EINVAL);
	CHECK_EQ(rota_pool_resize(pool, 0), -EINVAL);
	CHECK_EQ(rota_pool_resize(pool, 4), -EINVAL);
	CHECK_EQ(rota_pool_resize(pool, 3), 0);
	CHECK_EQ(rota_pool_resize(pool, 2), 0);
	CHECK_EQ(rota_pool_resize(pool, 3), 0);
	CHECK_EQ(stats_of(pool).workers, 3);
	end_pool(pool);
}

TEST(a_pool_has_the_workers_that_it_was_resized_to)
{
	static const unsigned sizes[] = {1, 8, 3, 4, 4, 2, 8, 1, 5};
	struct rota_pool *pool = make_resizable(2);

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		CHECK_EQ(rota_pool_resize(pool, sizes[i]), 0);
		if (i % 2)
			check_size(pool, sizes[i]);
		else
			CHECK(wait_until(nr_active(pool) == sizes[i],
					TEST_WAIT_MS));
		check_width(pool, sizes[i]);
	}
	end_pool(pool);
	CHECK(wait_until(nr_threads() == nr_before, 2000));
}

TEST(to_shrink_interrupts_no_job)
{
	struct rota_pool *pool = make_resizable(4);
	struct blocker blockers[4];

	for (unsigned i = 0; i < 4; i++)
		blocker_hold(&blockers[i], pool);
	CHECK_EQ(rota_pool_resize(pool, 1), 0);
	CHECK_EQ(stats_of(pool).running, 4);
	for (unsigned i = 0; i < 4; i++)
		blocker_release(&blockers[i]);
	check_rest(pool);
	for (unsigned i = 0; i < 4; i++)
		CHECK(atomic_load(&blockers[i].is_done));
	check_size(pool, 1);
	end_pool(pool);
}

TEST(what_workers_that_go_have_queued_is_run_by_others)
{
	struct rota_pool *pool = make_resizable(MAX);
	static atomic_uint nr_ran;

	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 500; i++)
			CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
		CHECK_EQ(rota_pool_resize(pool, round % 2 ? MAX : 1), 0);
	}
	check_rest(pool);
	CHECK_EQ(atomic_load(&nr_ran), 50 * 500);
	end_pool(pool);
}

static struct latch stopping, may_stop;

static void held_stop(void *hook_arg, unsigned worker)
{
	(void)worker;
	if (!atomic_exchange((atomic_bool *)hook_arg, true)) {
		latch_meet(&stopping);
		latch_meet(&may_stop);
	}
}

TEST(a_worker_that_is_leaving_is_not_missing_afterwards)
{
	static atomic_bool was_held;
	struct rota_options options = {
			.size = sizeof(options),
			.workers = 2,
			.idle_ns = 1,
			.on_stop = held_stop,
			.hook_arg = &was_held,
	};
	struct rota_pool *pool;

	latch_init(&stopping, 2);
	latch_init(&may_stop, 2);
	nr_before = nr_threads();
	pool = make_pool_with(&options);
	CHECK_EQ(rota_pool_resize(pool, 1), 0);
	latch_meet(&stopping);
	CHECK_EQ(rota_pool_resize(pool, 2), 0);
	latch_meet(&may_stop);
	check_size(pool, 2);
	check_width(pool, 2);
	end_pool(pool);
	CHECK(wait_until(nr_threads() == nr_before, 2000));
}

static pthread_key_t ends;
static struct latch ending, may_end;

static int ends_start(void *hook_arg, unsigned worker)
{
	(void)worker;
	return -pthread_setspecific(ends, hook_arg);
}

/* When the library has done with the thread. */
static void held_end(void *was_held)
{
	if (!atomic_exchange((atomic_bool *)was_held, true)) {
		latch_meet(&ending);
		latch_meet(&may_end);
	}
}

TEST(nor_is_one_whose_thread_is_being_joined)
{
	static atomic_bool was_held;
	struct rota_options options = {
			.size = sizeof(options),
			.workers = 3,
			.idle_ns = 1,
			.on_start = ends_start,
			.hook_arg = &was_held,
	};
	struct rota_pool *pool;

	latch_init(&ending, 2);
	latch_init(&may_end, 2);
	CHECK_EQ(pthread_key_create(&ends, held_end), 0);
	nr_before = nr_threads();
	pool = make_pool_with(&options);
	CHECK_EQ(rota_pool_resize(pool, 2), 0);
	latch_meet(&ending);
	CHECK_EQ(rota_pool_resize(pool, 1), 0); /* who goes now joins it */
	CHECK(wait_until(stats_of(pool).threads == 1, TEST_WAIT_MS));
	sleep_ns(50 * NS_PER_MS);
	CHECK_EQ(rota_pool_resize(pool, 3), 0);
	latch_meet(&may_end);
	check_size(pool, 3);
	check_width(pool, 3);
	end_pool(pool);
}

static void resize_run(void *arg)
{
	CHECK_EQ(rota_pool_resize(rota_self(), (unsigned)(uintptr_t)arg), 0);
}

TEST(a_job_may_resize_its_own_pool)
{
	struct rota_pool *pool = make_resizable(1);

	CHECK_EQ(rota_submit(pool, resize_run, (void *)5), 0);
	check_rest(pool);
	check_size(pool, 5);
	CHECK_EQ(rota_submit(pool, resize_run, (void *)2), 0);
	check_rest(pool);
	check_size(pool, 2);
	end_pool(pool);
}

TEST(a_pool_that_was_shut_down_is_not_resized)
{
	struct rota_pool *pool = make_resizable(2);

	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DRAIN, in_ms(TEST_WAIT_MS), NULL),
			0);
	CHECK_EQ(rota_pool_resize(pool, 3), -ESHUTDOWN);
	end_pool(pool);
	CHECK(wait_until(nr_threads() == nr_before, 2000));
}
