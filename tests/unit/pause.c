/* SPDX-License-Identifier: MIT */
/* rota_pool_pause() and rota_pool_resume(). */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

static atomic_uint nr_ran;

static void pause_for_good(struct rota_pool *pool)
{
	CHECK_EQ(rota_pool_pause(pool, in_ms(TEST_WAIT_MS)), 0);
}

static void submit_some(struct rota_pool *pool, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
}

static void check_none_ran_since(unsigned before)
{
	sleep_ns(20 * NS_PER_MS); /* time to do it wrong */
	CHECK_EQ(atomic_load(&nr_ran), before);
}

TEST(bad_arguments_are_refused)
{
	CHECK_EQ(rota_pool_pause(NULL, 0), -EINVAL);
	CHECK_EQ(rota_pool_resume(NULL), -EINVAL);
}

TEST(a_paused_pool_accepts_jobs_and_starts_none)
{
	struct rota_pool *pool = make_pool(3, 0, ROTA_FULL_BLOCK);

	for (unsigned round = 0; round < 20; round++) {
		unsigned before = 100 * round;

		if (round % 2)
			wait_all_parked(pool);
		pause_for_good(pool);
		submit_some(pool, 100);
		if (round < 2)
			check_none_ran_since(before);
		CHECK_EQ(atomic_load(&nr_ran), before);
		CHECK_EQ(stats_of(pool).submitted, before + 100);
		CHECK_EQ(rota_pool_resume(pool), 0);
		check_rest(pool);
		CHECK_EQ(atomic_load(&nr_ran), before + 100);
	}
	end_pool(pool);
}

TEST(a_bounded_pool_is_paused_too)
{
	struct rota_pool *pool = make_pool(2, 8, ROTA_FULL_FAIL);

	pause_for_good(pool);
	submit_some(pool, 8);
	CHECK_EQ(rota_submit(pool, count_run, &nr_ran), -EAGAIN);
	check_none_ran_since(0);
	CHECK_EQ(rota_pool_resume(pool), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&nr_ran), 8);
	end_pool(pool);
}

TEST(jobs_that_run_go_on_and_a_pause_waits_for_them_to_its_deadline)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_pool_pause(pool, in_ms(20)), -ETIMEDOUT);
	submit_some(pool, 10);
	check_none_ran_since(0);
	CHECK_EQ(rota_pool_pause(pool, 0), 0); /* again: does not add up */
	blocker_release(&blocker);
	pause_for_good(pool);
	CHECK(atomic_load(&blocker.is_done));
	CHECK_EQ(atomic_load(&nr_ran), 0);
	CHECK_EQ(rota_pool_resume(pool), 0);
	CHECK_EQ(rota_pool_resume(pool), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&nr_ran), 10);
	end_pool(pool);
}

TEST(a_drain_of_a_paused_pool_is_refused_unless_it_is_at_rest)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);

	pause_for_good(pool);
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
	submit_some(pool, 1);
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), -EBUSY);
	CHECK_EQ(rota_pool_resume(pool), 0);
	check_rest(pool);
	end_pool(pool);
}

static void *drain_thread(void *pool)
{
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), -EBUSY);
	return NULL;
}

TEST(a_drain_that_waits_when_the_pool_is_paused_returns)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);
	struct blocker blocker;
	pthread_t thread;

	blocker_hold(&blocker, pool);
	thread = thread_start(drain_thread, pool);
	sleep_ns(5 * NS_PER_MS);
	CHECK_EQ(rota_pool_pause(pool, 0), 0);
	thread_join(thread);
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_resume(pool), 0);
	check_rest(pool);
	end_pool(pool);
}

static struct rota_pool *own;

static void pause_own_run(void *arg)
{
	(void)arg;
	CHECK_EQ(rota_pool_pause(own, ROTA_NO_DEADLINE), -EDEADLK);
	CHECK_EQ(rota_pool_pause(own, 0), 0);
}

TEST(a_job_may_pause_its_own_pool_but_not_wait_for_itself)
{
	own = make_pool(1, 0, ROTA_FULL_BLOCK);
	CHECK_EQ(rota_submit(own, pause_own_run, NULL), 0);
	CHECK(wait_until(stats_of(own).ran == 1, TEST_WAIT_MS));
	submit_some(own, 5);
	check_none_ran_since(0);
	CHECK_EQ(rota_pool_resume(own), 0);
	check_rest(own);
	end_pool(own);
}

TEST(a_shutdown_ends_a_pause_and_runs_what_is_queued)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);
	struct rota_report report;

	pause_for_good(pool);
	submit_some(pool, 10);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, in_ms(TEST_WAIT_MS),
				 &report),
			0);
	CHECK_EQ(report.ran, 10);
	CHECK_EQ(rota_pool_pause(pool, 0), -ESHUTDOWN);
	CHECK_EQ(rota_pool_resume(pool), 0);
	end_pool(pool);
}

TEST(a_discarding_shutdown_drops_the_jobs_that_a_pause_holds)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);
	struct rota_report report;

	for (unsigned i = 0; i < 10; i++) {
		CHECK_EQ(rota_pool_pause(pool, 0), 0);
		submit_some(pool, 1);
	}
	pause_for_good(pool);
	submit_some(pool, 10);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, in_ms(TEST_WAIT_MS),
				 &report),
			0);
	CHECK_EQ(report.ran + report.dropped, 20);
	CHECK(report.dropped >= 10);
	CHECK_EQ(report.ran, atomic_load(&nr_ran));
	end_pool(pool);
}

TEST(a_discard_drops_the_job_that_a_worker_has_in_hand_in_a_pause)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_BLOCK);
	struct rota_report report;
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	submit_some(pool, 3);
	CHECK_EQ(rota_pool_pause(pool, 0), 0);
	blocker_release(&blocker);
	pause_for_good(pool); /* the next job is in its hand */
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, in_ms(TEST_WAIT_MS),
				 &report),
			0);
	CHECK_EQ(report.ran, 1);
	CHECK_EQ(report.dropped, 3);
	CHECK_EQ(atomic_load(&nr_ran), 0);
	end_pool(pool);
}

TEST(a_job_after_a_pause_wakes_a_worker_as_before)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_BLOCK);

	for (unsigned i = 1; i <= 20; i++) {
		wait_all_parked(pool);
		pause_for_good(pool);
		CHECK_EQ(rota_pool_resume(pool), 0);
		wait_all_parked(pool);
		submit_some(pool, 1);
		CHECK(wait_until(atomic_load(&nr_ran) == i, TEST_WAIT_MS));
	}
	end_pool(pool);
}

static void block_for_a_moment(void *arg)
{
	(void)arg;
	CHECK_EQ(rota_blocking_begin(), 0);
	CHECK_EQ(rota_blocking_end(), 0);
}

TEST(a_pool_whose_jobs_have_blocked_can_be_paused)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);

	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(rota_submit(pool, block_for_a_moment, NULL), 0);
	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	pause_for_good(pool);
	end_pool(pool);
}

TEST(a_paused_pool_may_be_closed_and_destroyed)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);

	pause_for_good(pool);
	submit_some(pool, 10);
	CHECK_EQ(rota_pool_close(pool), 0);
	check_none_ran_since(0);
	end_pool(pool);
	CHECK_EQ(atomic_load(&nr_ran), 10);
}

TEST(a_pause_of_a_pool_whose_workers_have_ended_returns)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);

	submit_some(pool, 10);
	CHECK_EQ(rota_pool_close(pool), 0);
	check_rest(pool);
	pause_for_good(pool);
	end_pool(pool);
}

static void *pause_thread(void *pool)
{
	CHECK_EQ(rota_pool_pause(pool, ROTA_NO_DEADLINE), -ESHUTDOWN);
	return NULL;
}

TEST(a_shutdown_wakes_who_waits_for_a_pause)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);
	struct blocker blocker;
	pthread_t thread;

	blocker_hold(&blocker, pool);
	thread = thread_start(pause_thread, pool);
	sleep_ns(5 * NS_PER_MS);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, in_ms(20), NULL),
			-ETIMEDOUT);
	thread_join(thread);
	blocker_release(&blocker);
	end_pool(pool);
}

TEST(a_forked_child_can_neither_pause_nor_resume)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_BLOCK);
	int status;
	pid_t pid;

	pause_for_good(pool);
	pid = fork();
	if (!pid) {
		alarm(10 * TEST_SLOW);
		CHECK_EQ(rota_pool_pause(pool, ROTA_NO_DEADLINE), -EOWNERDEAD);
		CHECK_EQ(rota_pool_resume(pool), -EOWNERDEAD);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	end_pool(pool);
}
