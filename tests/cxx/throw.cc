/* SPDX-License-Identifier: MIT */
/* Jobs in C++: what becomes of exceptions, and of objects when a job ends its
 * thread. */
#include <atomic>
#include <csignal>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include "../../runtime/rota.h"
#include "../harness.h"
}

static std::atomic<int> nr_destroyed, nr_ran;

struct object {
	~object()
	{
		nr_destroyed++;
	}
};

static rota_pool *make_pool()
{
	rota_options options = {};
	rota_pool *pool = nullptr;

	options.workers = 2;
	CHECK_EQ(rota_pool_create(&options, &pool), 0);
	return pool;
}

static void count_run(void *)
{
	nr_ran++;
}

static void check_pool(rota_pool *pool, unsigned lost)
{
	rota_stats stats = {};

	CHECK_EQ(rota_submit(pool, count_run, nullptr), 0);
	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	stats.size = sizeof(stats);
	CHECK_EQ(rota_pool_stats(pool, &stats), 0);
	CHECK_EQ(stats.submitted, stats.ran);
	CHECK_EQ(stats.threads_lost, lost);
	CHECK_EQ(rota_pool_destroy(pool), 0);
}

static void catch_run(void *)
{
	try {
		object one;

		throw std::runtime_error("inside");
	} catch (const std::exception &) {
		nr_ran++;
	}
}

TEST(an_exception_that_a_job_catches_is_its_own_business)
{
	rota_pool *pool = make_pool();

	for (int i = 0; i < 100; i++)
		CHECK_EQ(rota_submit(pool, catch_run, nullptr), 0);
	check_pool(pool, 0);
	CHECK_EQ(nr_ran.load(), 101);
	CHECK_EQ(nr_destroyed.load(), 100);
}

static void leave_run(void *)
{
	object one;

	pthread_exit(nullptr);
}

TEST(objects_of_a_job_that_ends_its_thread_are_destroyed)
{
	rota_pool *pool = make_pool();

	for (int i = 0; i < 20; i++)
		CHECK_EQ(rota_submit(pool, leave_run, nullptr), 0);
	check_pool(pool, 20);
	CHECK_EQ(nr_destroyed.load(), 20);
}

/* Where the exception was thrown: nothing was unwound. */
static void on_terminate()
{
	try {
		std::rethrow_exception(std::current_exception());
	} catch (const std::exception &e) {
		_exit(std::strcmp(e.what(), "outside") == 0 &&
						nr_destroyed == 0 &&
						rota_self() != nullptr
				? 99
				: 1);
	}
}

static void throw_run(void *)
{
	object one;

	throw std::runtime_error("outside");
}

static void range_run(void *arg, size_t, size_t)
{
	throw_run(arg);
}

static void submit_plain(rota_pool *pool)
{
	CHECK_EQ(rota_submit(pool, throw_run, nullptr), 0);
}

static void submit_copy(rota_pool *pool)
{
	CHECK_EQ(rota_submit_copy(pool, throw_run, nullptr, "x", 1), 0);
}

static void submit_with(rota_pool *pool)
{
	rota_job_options options = {};

	options.key = 1;
	CHECK_EQ(rota_submit_with(pool, throw_run, nullptr, &options, nullptr),
			0);
}

static void submit_group(rota_pool *pool)
{
	rota_group group;

	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_group_submit(&group, throw_run, nullptr), 0);
}

static rota_pool *own_pool;

static void loop_run(void *)
{
	rota_parallel_for(own_pool, 0, 10, 1, range_run, nullptr);
}

static void submit_loop(rota_pool *pool)
{
	own_pool = pool;
	CHECK_EQ(rota_submit(pool, loop_run, nullptr), 0);
}

/* How a process ends whose job throws. */
static int status_of(void (*submit)(rota_pool *), bool has_handler)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		if (has_handler)
			std::set_terminate(on_terminate);
		else
			close(STDERR_FILENO);
		submit(make_pool());
		sleep_ns(TEST_LIMIT_S * 1000 * NS_PER_MS);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

TEST(an_exception_that_leaves_a_job_terminates_the_program_where_it_is_thrown)
{
	static void (*const submits[])(rota_pool *) = {submit_plain,
			submit_copy, submit_with, submit_group, submit_loop};

	for (auto submit : submits) {
		int status = status_of(submit, true);

		CHECK(WIFEXITED(status));
		CHECK_EQ(WEXITSTATUS(status), 99);
	}
	if (!TEST_ASAN && !TEST_TSAN) {
		int status = status_of(submit_plain, false);

		CHECK(WIFSIGNALED(status));
		CHECK_EQ(WTERMSIG(status), SIGABRT);
	}
}
