/* SPDX-License-Identifier: MIT */
/* rota_worker_stats(): what each worker did, and does. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

static struct rota_worker_stats worker_of(struct rota_pool *pool, unsigned i)
{
	struct rota_worker_stats stats = {.size = sizeof(stats)};

	CHECK_EQ(rota_worker_stats(pool, i, &stats), 0);
	return stats;
}

static void running_run(void *arg)
{
	unsigned index = (unsigned)rota_worker_index();

	CHECK_EQ(worker_of(rota_self(), index).state, ROTA_WORKER_RUNNING);
	count_run(arg);
}

static int starting(void *hook_arg, unsigned worker)
{
	CHECK_EQ(worker_of(rota_self(), worker).state, ROTA_WORKER_STARTING);
	count_run(hook_arg);
	return 0;
}

TEST(a_worker_starts_runs_parks_and_ends)
{
	atomic_uint nr_starts = 0, nr_ran = 0;
	struct rota_options o = {
			.workers = 3,
			.on_start = starting,
			.hook_arg = &nr_starts,
	};
	struct rota_pool *pool = make_pool_with(&o);

	CHECK_EQ(atomic_load(&nr_starts), 3);
	for (unsigned i = 0; i < 1000; i++)
		CHECK_EQ(rota_submit(pool, running_run, &nr_ran), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&nr_ran), 1000);
	wait_all_parked(pool);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(worker_of(pool, i).state, ROTA_WORKER_PARKED);
		CHECK(worker_of(pool, i).parks >= 1);
	}
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE, NULL),
			0);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(worker_of(pool, i).state, ROTA_WORKER_ENDED);
	end_pool(pool);
}

static bool is_seen_searching(struct rota_pool *pool)
{
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	while (worker_of(pool, 0).state != ROTA_WORKER_PARKED)
		if (worker_of(pool, 0).state == ROTA_WORKER_SEARCHING)
			return true;
	return false;
}

TEST(a_worker_that_spins_for_jobs_is_searching)
{
	struct rota_options o = {.workers = 1, .spin_ns = ROTA_SPIN_MAX_NS};
	struct rota_pool *pool = make_pool_with(&o);

	CHECK(wait_until(is_seen_searching(pool), TEST_WAIT_MS));
	end_pool(pool);
}

TEST(a_place_that_never_had_a_worker_has_ended)
{
	struct rota_options o = {
			.size = sizeof(o),
			.workers = 1,
			.max_workers = 3,
	};
	struct rota_pool *pool = make_pool_with(&o);

	for (unsigned i = 1; i < 3; i++) {
		CHECK_EQ(worker_of(pool, i).state, ROTA_WORKER_ENDED);
		CHECK_EQ(worker_of(pool, i).parks, 0);
	}
	end_pool(pool);
}

static void region_run(void *blocker)
{
	CHECK_EQ(rota_blocking_begin(), 0);
	blocker_run(blocker);
	CHECK_EQ(rota_blocking_end(), 0);
}

TEST(a_worker_in_a_blocking_region_is_blocked_and_one_too_many_is_spare)
{
	struct rota_options o = {
			.size = sizeof(o),
			.workers = 1,
			.max_workers = 2,
			.idle_ns = 3600 * 1000 * NS_PER_MS,
	};
	struct rota_pool *pool = make_pool_with(&o);
	struct blocker blocker;

	blocker_init(&blocker);
	CHECK_EQ(rota_submit(pool, region_run, &blocker), 0);
	latch_wait(&blocker.entered);
	CHECK_EQ(worker_of(pool, 0).state, ROTA_WORKER_BLOCKED);
	CHECK(worker_of(pool, 1).state != ROTA_WORKER_ENDED);
	blocker_release(&blocker);
	CHECK(wait_until(
			(worker_of(pool, 0).state == ROTA_WORKER_SPARE) +
							(worker_of(pool, 1).state ==
									ROTA_WORKER_SPARE) ==
					1,
			TEST_WAIT_MS));
	end_pool(pool);
}

static atomic_int nr_not_starting;

static int start_again(void *hook_arg, unsigned worker)
{
	(void)hook_arg;
	atomic_fetch_add(&nr_not_starting,
			worker_of(rota_self(), worker).state !=
					ROTA_WORKER_STARTING);
	return 0;
}

TEST(a_worker_at_the_place_of_one_that_ended_is_starting)
{
	struct rota_options o = {
			.size = sizeof(o),
			.workers = 2,
			.idle_ns = NS_PER_MS,
			.on_start = start_again,
	};
	struct rota_pool *pool = make_pool_with(&o);

	CHECK_EQ(rota_pool_resize(pool, 1), 0);
	CHECK(wait_until(stats_of(pool).threads == 1, TEST_WAIT_MS));
	CHECK_EQ(rota_pool_resize(pool, 2), 0);
	CHECK_EQ(stats_of(pool).threads, 2);
	end_pool(pool);
	CHECK_EQ(atomic_load(&nr_not_starting), 0);
}

TEST(the_counters_of_workers_add_up_to_those_of_the_pool)
{
	struct rota_pool *pool = make_pool(4, 0, ROTA_FULL_FAIL);
	uint64_t ran = 0, dropped = 0, parks = 0;
	struct rota_stats stats;
	struct blocker blocker;

	for (unsigned i = 0; i < 5000; i++)
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	check_rest(pool);
	blocker_hold(&blocker, pool);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(worker_of(pool, i).running_ns, 0); /* not measured */
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE, NULL),
			0);
	for (unsigned i = 0; i < 4; i++) {
		ran += worker_of(pool, i).ran;
		dropped += worker_of(pool, i).dropped;
		parks += worker_of(pool, i).parks;
	}
	stats = stats_of(pool);
	CHECK_EQ(ran, 5001);
	CHECK_EQ(stats.ran, ran);
	CHECK_EQ(dropped, 0);
	CHECK_EQ(stats.parks, parks);
	end_pool(pool);
}

TEST(the_time_of_the_present_job_is_known_if_the_pool_measures)
{
	struct rota_options o = {.size = sizeof(o), .workers = 1, .measure = 1};
	struct rota_pool *pool = make_pool_with(&o);
	struct blocker blocker;
	uint64_t begin_ns = now_ns(), first_ns, later_ns;

	CHECK_EQ(worker_of(pool, 0).running_ns, 0);
	blocker_hold(&blocker, pool);
	first_ns = worker_of(pool, 0).running_ns;
	sleep_ns(5 * NS_PER_MS);
	later_ns = worker_of(pool, 0).running_ns;
	CHECK(first_ns > 0 && later_ns >= first_ns + 5 * NS_PER_MS);
	CHECK(later_ns <= now_ns() - begin_ns);
	CHECK_EQ(worker_of(pool, 0).state, ROTA_WORKER_RUNNING);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(worker_of(pool, 0).running_ns, 0);
	end_pool(pool);
}

TEST(bad_arguments_and_a_forked_child_are_refused)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_worker_stats stats;
	int status;
	pid_t pid;

	memset(&stats, 0x5a, sizeof(stats));
	stats.size = sizeof(stats) - 1;
	CHECK_EQ(rota_worker_stats(pool, 0, &stats), -EINVAL);
	stats.size = 0;
	CHECK_EQ(rota_worker_stats(pool, 2, &stats), -EINVAL);
	CHECK_EQ(rota_worker_stats(pool, UINT32_MAX, &stats), -EINVAL);
	CHECK_EQ(rota_worker_stats(NULL, 0, &stats), -EINVAL);
	CHECK_EQ(rota_worker_stats(pool, 0, NULL), -EINVAL);
	CHECK_EQ(stats.ran, 0x5a5a5a5a5a5a5a5a);
	CHECK_EQ(rota_worker_stats(pool, 1, &stats), 0);
	CHECK_EQ(stats.size, sizeof(stats));
	pid = fork();
	if (!pid) {
		alarm(10 * TEST_SLOW);
		CHECK_EQ(rota_worker_stats(pool, 0, &stats), -EOWNERDEAD);
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
	end_pool(pool);
}
