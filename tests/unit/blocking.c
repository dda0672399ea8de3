/* SPDX-License-Identifier: MIT */
/* rota_blocking_begin() and rota_blocking_end(). */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

enum { IDLE_MS = 30 };

static struct rota_pool *make_crew(unsigned workers, unsigned max_workers)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = workers,
			.max_workers = max_workers,
			.idle_ns = IDLE_MS * NS_PER_MS,
	};

	return make_pool_with(&options);
}

/* Jobs that wait for each other in blocking regions. */
static struct latch met, seen;
static atomic_uint nr_ran, nr_now, nr_most;

static void meet_run(void *arg)
{
	(void)arg;
	CHECK_EQ(rota_blocking_begin(), 0);
	latch_meet(&met);
	CHECK_EQ(rota_blocking_end(), 0);
	atomic_fetch_add(&nr_ran, 1);
}

static void meet_without_end_run(void *arg)
{
	(void)arg;
	CHECK_EQ(rota_blocking_begin(), 0);
	CHECK_EQ(rota_blocking_begin(), 0);
	latch_meet(&met);
	atomic_fetch_add(&nr_ran, 1);
}

static void leave_open_run(void *arg)
{
	(void)arg;
	CHECK_EQ(rota_blocking_begin(), 0);
	CHECK_EQ(rota_blocking_begin(), 0);
}

static void wait_run(void *arg)
{
	(void)arg;
	CHECK_EQ(rota_blocking_begin(), 0);
	latch_wait(&seen);
	CHECK_EQ(rota_blocking_end(), 0);
}

static void inline_run(void *arg)
{
	(void)arg;
	CHECK_EQ(rota_blocking_begin(), 0);
	CHECK_EQ(rota_blocking_end(), 0);
	atomic_fetch_add(&nr_ran, 1);
}

static unsigned nr_active(struct rota_pool *pool)
{
	struct rota_stats stats = stats_of(pool);

	return stats.threads - stats.threads_spare;
}

/* As many as wanted are idle, none is in a region, the others have ended. */
static void check_as_before(struct rota_pool *pool)
{
	struct rota_stats stats;

	check_rest(pool);
	CHECK(wait_until(stats_of(pool).threads == stats_of(pool).workers,
			TEST_WAIT_MS));
	wait_all_parked(pool);
	stats = stats_of(pool);
	CHECK_EQ(stats.threads_blocked, 0);
	CHECK_EQ(stats.threads_spare, 0);
	CHECK_EQ(stats.start_failures, 0);
}

TEST(outside_of_a_job_there_is_no_region)
{
	CHECK_EQ(rota_blocking_begin(), -EPERM);
	CHECK_EQ(rota_blocking_end(), -EPERM);
}

static void end_alone_run(void *arg)
{
	(void)arg;
	CHECK_EQ(rota_blocking_end(), -EINVAL);
	CHECK_EQ(rota_blocking_begin(), 0);
	CHECK_EQ(rota_blocking_begin(), 0);
	CHECK_EQ(rota_blocking_end(), 0);
	CHECK_EQ(stats_of(rota_self()).threads_blocked, 1);
	CHECK_EQ(rota_blocking_end(), 0);
	CHECK_EQ(stats_of(rota_self()).threads_blocked, 0);
	CHECK_EQ(rota_blocking_end(), -EINVAL);
}

TEST(regions_nest_and_an_end_needs_a_begin)
{
	struct rota_pool *pool = make_crew(1, 2);

	CHECK_EQ(rota_submit(pool, end_alone_run, NULL), 0);
	check_as_before(pool);
	end_pool(pool);
}

static void check_meeting(struct rota_pool *pool, unsigned nr,
		void (*run)(void *), unsigned before)
{
	latch_init(&met, nr + 1);
	atomic_store(&nr_ran, 0);
	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(rota_submit(pool, run, NULL), 0);
	CHECK(wait_until(stats_of(pool).threads_blocked == nr, TEST_WAIT_MS));
	CHECK(nr_threads() <= before + nr + stats_of(pool).workers);
	latch_meet(&met);
	check_as_before(pool);
	CHECK_EQ(atomic_load(&nr_ran), nr);
	CHECK(wait_until(nr_threads() == before + stats_of(pool).workers,
			TEST_WAIT_MS));
}

TEST(more_jobs_than_workers_block_at_once_and_the_threads_end_when_idle)
{
	unsigned before = nr_threads();
	struct rota_pool *pool = make_crew(2, 12);

	for (unsigned round = 0; round < 5; round++)
		check_meeting(pool, 12, meet_run, before);
	end_pool(pool);
	CHECK(wait_until(nr_threads() == before, 2000));
}

TEST(a_region_that_a_job_leaves_open_ends_with_it)
{
	unsigned before = nr_threads();
	struct rota_pool *pool = make_crew(2, 8);

	for (unsigned round = 0; round < 5; round++)
		check_meeting(pool, 8, meet_without_end_run, before);
	end_pool(pool);
}

static void nothing_left_run(void *arg)
{
	(void)arg;
	CHECK_EQ(rota_blocking_end(), -EINVAL);
}

TEST(the_next_job_of_a_worker_finds_no_open_region)
{
	struct rota_pool *pool = make_crew(1, 1);

	for (unsigned i = 0; i < 100; i++) {
		CHECK_EQ(rota_submit(pool, leave_open_run, NULL), 0);
		CHECK_EQ(rota_submit(pool, nothing_left_run, NULL), 0);
	}
	check_as_before(pool);
	end_pool(pool);
}

TEST(with_no_room_for_more_workers_no_thread_is_added)
{
	unsigned before = nr_threads();
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);

	latch_init(&seen, 1);
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(rota_submit(pool, wait_run, NULL), 0);
	CHECK(wait_until(stats_of(pool).threads_blocked == 2, TEST_WAIT_MS));
	CHECK_EQ(nr_threads(), before + 2);
	CHECK_EQ(stats_of(pool).queued, 8);
	latch_down(&seen);
	check_as_before(pool);
	end_pool(pool);
}

static void busy_run(void *arg)
{
	unsigned now = atomic_fetch_add(&nr_now, 1) + 1;
	unsigned most = atomic_load(&nr_most);

	(void)arg;
	while (now > most &&
			!atomic_compare_exchange_weak(&nr_most, &most, now))
		;
	sleep_ns(200000);
	atomic_fetch_sub(&nr_now, 1);
}

TEST(after_regions_end_no_more_run_than_wanted_but_for_a_moment)
{
	struct rota_pool *pool = make_crew(2, 10);

	latch_init(&met, 11);
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(rota_submit(pool, meet_run, NULL), 0);
	CHECK(wait_until(stats_of(pool).threads_blocked == 10, TEST_WAIT_MS));
	for (unsigned i = 0; i < 400; i++)
		CHECK_EQ(rota_submit(pool, busy_run, NULL), 0);
	latch_meet(&met);
	CHECK(wait_until(nr_active(pool) == 2, TEST_WAIT_MS));
	CHECK(stats_of(pool).ran < 10 + 400);
	sleep_ns(5 * NS_PER_MS); /* who stands by runs nothing any more */
	atomic_store(&nr_most, 0);
	check_as_before(pool);
	CHECK(atomic_load(&nr_most) <= 2);
	end_pool(pool);
}

static void nested_then_block_run(void *arg)
{
	struct rota_pool *pool = rota_self();
	unsigned nr = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
	CHECK_EQ(rota_blocking_begin(), 0);
	latch_wait(&seen); /* opened once all of them ran: on other workers */
	CHECK_EQ(rota_blocking_end(), 0);
}

TEST(what_a_blocked_worker_has_in_its_lanes_is_run_by_others)
{
	struct rota_pool *pool = make_crew(1, 2);

	for (unsigned round = 0; round < 20; round++) {
		latch_init(&seen, 1);
		atomic_store(&nr_ran, 0);
		CHECK_EQ(rota_submit(pool, nested_then_block_run,
					 (void *)(uintptr_t)200),
				0);
		CHECK(wait_until(atomic_load(&nr_ran) == 200, TEST_WAIT_MS));
		latch_down(&seen);
		check_rest(pool);
	}
	end_pool(pool);
}

TEST(while_a_shutdown_drains_regions_still_bring_workers)
{
	unsigned before = nr_threads();
	struct rota_pool *pool = make_crew(1, 4);
	struct rota_report report;

	latch_init(&met, 4);
	CHECK_EQ(rota_pool_pause(pool, in_ms(TEST_WAIT_MS)), 0);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(rota_submit(pool, meet_run, NULL), 0);
	for (unsigned i = 0; i < 100; i++)
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, in_ms(TEST_WAIT_MS),
				 &report),
			0);
	CHECK_EQ(report.ran, 104);
	CHECK(wait_until(nr_threads() == before, 2000));
	end_pool(pool);
}

TEST(a_shutdown_ends_workers_that_stand_by)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = 1,
			.max_workers = 8,
			.idle_ns = ROTA_NO_DEADLINE,
	};
	unsigned before = nr_threads();
	struct rota_pool *pool = make_pool_with(&options);

	latch_init(&met, 8);
	for (unsigned i = 0; i < 8; i++)
		CHECK_EQ(rota_submit(pool, meet_run, NULL), 0);
	check_rest(pool);
	CHECK(wait_until(stats_of(pool).threads_spare == 7, TEST_WAIT_MS));
	end_pool(pool);
	CHECK(wait_until(nr_threads() == before, 2000));
}

TEST(a_job_that_runs_on_its_submitter_blocks_no_worker)
{
	struct rota_pool *pool = make_pool(1, 1, ROTA_FULL_CALLER_RUNS);
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(rota_submit(pool, inline_run, NULL), 0);
	CHECK_EQ(atomic_load(&nr_ran), 2);
	CHECK_EQ(stats_of(pool).threads_blocked, 0);
	blocker_release(&blocker);
	check_rest(pool);
	end_pool(pool);
}

static int hook_start(void *hook_arg, unsigned worker)
{
	CHECK_EQ(rota_blocking_begin(), -EPERM);
	/* a worker that is added fails, those of create do not */
	return hook_arg && worker ? -1 : 0;
}

static void hook_stop(void *hook_arg, unsigned worker)
{
	CHECK_EQ(rota_blocking_begin(), -EPERM);
	CHECK(!hook_arg || !worker);
}

TEST(a_worker_that_cannot_be_added_is_counted_and_is_no_error)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = 1,
			.max_workers = 3,
			.on_start = hook_start,
			.on_stop = hook_stop,
			.hook_arg = &options,
	};
	unsigned before = nr_threads();
	struct rota_pool *pool = make_pool_with(&options);

	latch_init(&met, 2);
	CHECK_EQ(rota_submit(pool, meet_run, NULL), 0);
	CHECK(wait_until(stats_of(pool).start_failures == 1, TEST_WAIT_MS));
	CHECK(wait_until(nr_threads() == before + 1, 2000));
	latch_meet(&met);
	for (unsigned i = 0; i < 20; i++)
		CHECK_EQ(rota_submit(pool, inline_run, NULL), 0);
	check_rest(pool);
	CHECK(stats_of(pool).start_failures > 1);
	end_pool(pool);
	CHECK(wait_until(nr_threads() == before, 2000));
}

static void fork_run(void *arg)
{
	int status;
	pid_t pid;

	CHECK_EQ(rota_blocking_begin(), 0);
	pid = fork();
	if (!pid) {
		alarm(10 * TEST_SLOW);
		CHECK_EQ(rota_blocking_end(), -EOWNERDEAD);
		CHECK_EQ(rota_blocking_begin(), -EOWNERDEAD);
		CHECK_EQ(rota_pool_resize(arg, 1), -EOWNERDEAD);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_EQ(rota_blocking_end(), 0);
}

TEST(in_a_forked_child_there_are_no_regions)
{
	struct rota_pool *pool = make_crew(1, 2);

	CHECK_EQ(rota_submit(pool, fork_run, pool), 0);
	check_as_before(pool);
	end_pool(pool);
}
