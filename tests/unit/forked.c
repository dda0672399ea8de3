/* SPDX-License-Identifier: MIT */
/* A pool that was prepared for a fork: it goes on in the parent, and begins anew
 * in the child. */
#include "forked.h"

TEST(bad_calls_are_refused)
{
	struct rota_pool *pool = make(2, 0);

	CHECK_EQ(rota_fork_prepare(NULL, 0), -EINVAL);
	CHECK_EQ(rota_fork_parent(NULL), -EINVAL);
	CHECK_EQ(rota_fork_child(NULL), -EINVAL);
	CHECK_EQ(rota_fork_parent(pool), -EPERM);
	CHECK_EQ(rota_fork_child(pool), -EPERM);
	CHECK_EQ(rota_fork_prepare(pool, ROTA_NO_DEADLINE), 0);
	CHECK_EQ(rota_fork_prepare(pool, ROTA_NO_DEADLINE), -EALREADY);
	CHECK_EQ(rota_fork_child(pool), -EPERM);
	CHECK_EQ(rota_fork_parent(pool), 0);
	CHECK_EQ(rota_fork_parent(pool), -EPERM);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE, NULL),
			0);
	CHECK_EQ(rota_fork_prepare(pool, ROTA_NO_DEADLINE), -ESHUTDOWN);
	end_pool(pool);
}

static void prepare_run(void *pool)
{
	CHECK_EQ(rota_fork_prepare(pool, ROTA_NO_DEADLINE), -EDEADLK);
	CHECK_EQ(rota_fork_parent(pool), -EPERM);
}

TEST(a_job_cannot_prepare_its_own_pool)
{
	struct rota_pool *pool = make(1, 0);

	CHECK_EQ(rota_submit(pool, prepare_run, pool), 0);
	check_rest(pool);
	end_pool(pool);
}

TEST(who_prepared_a_pool_is_refused_what_would_wait_for_itself)
{
	struct rota_pool *pool = make(2, 0);

	CHECK_EQ(rota_fork_prepare(pool, ROTA_NO_DEADLINE), 0);
	CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
	CHECK_EQ(rota_pool_pause(pool, 0), -EDEADLK);
	CHECK_EQ(rota_pool_resume(pool), -EDEADLK);
	CHECK_EQ(rota_pool_resize(pool, 1), -EDEADLK);
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), -EDEADLK);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, 0, NULL), -EDEADLK);
	CHECK_EQ(rota_pool_destroy(pool), -EDEADLK);
	CHECK_EQ(atomic_load(&nr_ran), 0);
	CHECK_EQ(rota_fork_parent(pool), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&nr_ran), 1);
	end_pool(pool);
}

TEST(a_job_that_runs_too_long_times_it_out_and_nothing_changed)
{
	struct rota_pool *pool = make(2, 0);
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_fork_prepare(pool, in_ms(20)), -ETIMEDOUT);
	CHECK_EQ(rota_fork_parent(pool), -EPERM);
	for (unsigned i = 0; i < 100; i++)
		CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
	CHECK(wait_until(atomic_load(&nr_ran) == 100, TEST_WAIT_MS));
	blocker_release(&blocker);
	CHECK_EQ(rota_fork_prepare(pool, in_ms(TEST_WAIT_MS)), 0);
	CHECK_EQ(rota_fork_parent(pool), 0);
	check_rest(pool);
	end_pool(pool);
}

TEST(an_idle_pool_works_in_parent_and_child)
{
	struct rota_pool *pool = make(3, 0);

	need_threads_after_fork();
	for (unsigned round = 0; round < 10; round++) {
		pid_t pid;

		if (round % 2)
			wait_all_parked(pool);
		pid = fork_with(pool);
		if (!pid)
			use_up(pool);
		check_child(pid);
	}
	use(pool);
	end_pool(pool);
}

TEST(queued_jobs_run_in_the_parent_and_are_dropped_in_the_child)
{
	for (unsigned workers = 1; workers <= 4; workers++) {
		struct rota_pool *pool = make(workers, 0);
		unsigned before = atomic_load(&nr_ran);
		pid_t pid;

		/* all workers take a job, and hold it */
		CHECK_EQ(rota_pool_pause(pool, ROTA_NO_DEADLINE), 0);
		for (unsigned i = 0; i < 1000; i++)
			CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
		CHECK_EQ(rota_fork_prepare(pool, in_ms(TEST_WAIT_MS)), 0);
		CHECK_EQ(rota_fork_parent(pool), 0);
		CHECK_EQ(atomic_load(&nr_ran), before);
		CHECK_EQ(rota_fork_prepare(pool, in_ms(TEST_WAIT_MS)), 0);
		pid = TEST_TSAN ? -1 : fork();
		if (!pid) {
			atomic_store(&nr_ran, 0);
			alarm(15 * TEST_SLOW);
			CHECK_EQ(rota_fork_child(pool), 0);
			check_new(pool, 1000);
			CHECK_EQ(stats_of(pool).dropped, 1000);
			/* it is paused, as it was */
			CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
			CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE),
					-EBUSY);
			CHECK_EQ(rota_pool_resume(pool), 0);
			check_rest(pool);
			use_up(pool);
		}
		CHECK_EQ(rota_fork_parent(pool), 0);
		if (pid > 0)
			check_child(pid);
		CHECK_EQ(atomic_load(&nr_ran), before);
		CHECK_EQ(rota_pool_resume(pool), 0);
		check_rest(pool);
		CHECK_EQ(atomic_load(&nr_ran), before + 1000);
		end_pool(pool);
	}
}

/* A job that submits others, some of them with priority, for as long as it may. */
static struct rota_pool *busy;
static atomic_bool is_over;
static atomic_uint nr_accepted;

static void breed_run(void *arg)
{
	static const struct rota_job_options high = {
			.priority = ROTA_PRIORITY_HIGH};
	static const struct rota_job_options low = {
			.priority = ROTA_PRIORITY_LOW};
	bool has_room;

	count_run(arg);
	if (atomic_load(&is_over))
		return;
	has_room = atomic_load(&nr_accepted) - atomic_load(&nr_ran) < 2000;
	for (unsigned i = 0; has_room && i < 2; i++) {
		if (rota_submit_with(busy, count_run, arg, &high, NULL) == 0)
			atomic_fetch_add(&nr_accepted, 1);
		if (rota_submit_with(busy, count_run, arg, &low, NULL) == 0)
			atomic_fetch_add(&nr_accepted, 1);
	}
	if (rota_submit(busy, breed_run, arg) == 0)
		atomic_fetch_add(&nr_accepted, 1);
}

static void count_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)job;
	drop(hook_arg, reason);
}

/* Workers alone submit, and they stand still: so it is exact. */
TEST(no_job_is_lost_or_doubled_wherever_workers_were)
{
	struct rota_options options = options_of(3, 0);

	need_threads_after_fork();
	options.on_drop = count_drop;
	busy = make_pool_with(&options);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(rota_submit(busy, breed_run, &nr_ran), 0);
		atomic_fetch_add(&nr_accepted, 1);
	}
	for (unsigned round = 0; round < 30; round++) {
		pid_t pid = fork_with(busy);

		if (!pid) {
			CHECK_EQ(atomic_load(&nr_dropped),
					atomic_load(&nr_accepted) -
							atomic_load(&nr_ran));
			CHECK_EQ(stats_of(busy).dropped,
					atomic_load(&nr_dropped));
			use_up(busy);
		}
		check_child(pid);
		sleep_ns(NS_PER_MS / 4);
	}
	atomic_store(&is_over, true);
	check_rest(busy);
	CHECK_EQ(atomic_load(&nr_ran), atomic_load(&nr_accepted));
	end_pool(busy);
}

TEST(a_closed_pool_is_closed_in_the_child)
{
	struct rota_pool *pool = make(2, 0);
	pid_t pid;

	need_threads_after_fork();
	CHECK_EQ(rota_pool_close(pool), 0);
	pid = fork_with(pool);
	if (!pid) {
		CHECK_EQ(rota_submit(pool, count_run, &nr_ran), -ESHUTDOWN);
		CHECK_EQ(rota_pool_destroy(pool), 0);
		_exit(0);
	}
	check_child(pid);
	end_pool(pool);
}

TEST(a_resized_pool_has_that_size_in_the_child)
{
	struct rota_options options = options_of(1, 0);
	struct rota_pool *pool;
	unsigned threads;
	pid_t pid;

	need_threads_after_fork();
	options.max_workers = 6;
	options.name = "crew-of-many";
	pool = make_pool_with(&options);
	CHECK_EQ(rota_pool_resize(pool, 4), 0);
	threads = nr_threads();
	pid = fork_with(pool);
	if (!pid) {
		CHECK_EQ(nr_threads(), threads);
		CHECK_EQ(stats_of(pool).workers, 4);
		CHECK_EQ(rota_pool_resize(pool, 6), 0);
		use_up(pool);
	}
	check_child(pid);
	CHECK_EQ(stats_of(pool).workers, 4);
	use(pool);
	end_pool(pool);
}

TEST(a_child_may_fork_again)
{
	struct rota_pool *pool = make(2, 0);
	pid_t pid, grandchild;

	need_threads_after_fork();
	pid = fork_with(pool);
	if (!pid) {
		use(pool);
		atomic_store(&nr_ran, 0);
		CHECK_EQ(rota_pool_pause(pool, ROTA_NO_DEADLINE), 0);
		CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
		CHECK_EQ(rota_submit_at(pool, count_run, &nr_ran,
					 ROTA_NO_DEADLINE - 1),
				0);
		grandchild = fork_with(pool);
		if (!grandchild) {
			check_new(pool, 2);
			CHECK_EQ(rota_pool_resume(pool), 0);
			use_up(pool);
		}
		check_child(grandchild);
		CHECK_EQ(rota_pool_resume(pool), 0);
		check_rest(pool);
		CHECK_EQ(atomic_load(&nr_ran), 1);
		_exit(0);
	}
	check_child(pid);
	end_pool(pool);
}

TEST(another_threads_unprepared_child_gets_an_error)
{
	struct rota_pool *pool = make(2, 0), *other = make(2, 0);
	pid_t pid;

	need_threads_after_fork();
	CHECK_EQ(rota_fork_prepare(pool, ROTA_NO_DEADLINE), 0);
	pid = fork();
	if (!pid) {
		alarm(15 * TEST_SLOW);
		CHECK_EQ(rota_fork_child(other), -EOWNERDEAD);
		CHECK_EQ(rota_submit(other, count_run, &nr_ran), -EOWNERDEAD);
		CHECK_EQ(rota_fork_child(pool), 0);
		use_up(pool);
	}
	CHECK_EQ(rota_fork_parent(pool), 0);
	check_child(pid);
	use(other);
	end_pool(other);
	end_pool(pool);
}

static struct rota_pool *at_fork;

static void before(void)
{
	CHECK_EQ(rota_fork_prepare(at_fork, ROTA_NO_DEADLINE), 0);
}

static void in_parent(void)
{
	CHECK_EQ(rota_fork_parent(at_fork), 0);
}

static void in_child(void)
{
	CHECK_EQ(rota_fork_child(at_fork), 0);
}

TEST(handlers_of_pthread_atfork_do_it_for_each_fork)
{
	pid_t pid;

	need_threads_after_fork();
	at_fork = make(2, 0);
	CHECK_EQ(pthread_atfork(before, in_parent, in_child), 0);
	for (unsigned i = 0; i < 5; i++) {
		pid = fork();
		if (!pid) {
			alarm(15 * TEST_SLOW);
			use_up(at_fork);
		}
		use(at_fork);
		atomic_store(&nr_ran, 0);
		check_child(pid);
	}
	end_pool(at_fork);
}
