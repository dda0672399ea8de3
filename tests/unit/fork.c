/* SPDX-License-Identifier: MIT */
/* fork(): the child is told at once, the parent notices nothing. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

static void child_uses_pool(struct rota_pool *pool)
{
	struct rota_stats stats = {.size = sizeof(stats)};
	struct rota_job job = {nothing_run, NULL};
	struct rota_report report;
	size_t accepted = 77;

	alarm(10 * TEST_SLOW); /* a hang is a death by SIGALRM */
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), -EOWNERDEAD);
	CHECK_EQ(rota_try_submit(pool, nothing_run, NULL), -EOWNERDEAD);
	CHECK_EQ(rota_submit_until(pool, nothing_run, NULL, ROTA_NO_DEADLINE),
			-EOWNERDEAD);
	CHECK_EQ(rota_submit_many(pool, &job, 1, &accepted), -EOWNERDEAD);
	CHECK_EQ(accepted, 77);
	CHECK_EQ(rota_submit_copy(pool, nothing_run, NULL, "x", 1),
			-EOWNERDEAD);
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), -EOWNERDEAD);
	CHECK_EQ(rota_pool_close(pool), -EOWNERDEAD);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DRAIN, ROTA_NO_DEADLINE, &report),
			-EOWNERDEAD);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, 0, NULL), -EOWNERDEAD);
	CHECK_EQ(rota_pool_stats(pool, &stats), -EOWNERDEAD);
	CHECK_EQ(rota_pool_destroy(pool), -EOWNERDEAD);
	CHECK_EQ(rota_pool_destroy(pool), -EOWNERDEAD);
}

static void check_child(pid_t pid)
{
	int status;

	CHECK(pid > 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0);
}

static void fork_and_use(struct rota_pool *pool)
{
	pid_t pid = fork();

	if (pid == 0) {
		child_uses_pool(pool);
		_exit(0);
	}
	check_child(pid);
}

TEST(a_forked_child_of_an_idle_pool_gets_an_error_from_every_call)
{
	struct rota_pool *pool = make_pool(3, 0, ROTA_FULL_FAIL);
	atomic_uint ran = 0;

	fork_and_use(pool);
	wait_all_parked(pool);
	fork_and_use(pool);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), 1);
	end_pool(pool);
}

TEST(a_forked_child_of_a_busy_full_pool_gets_an_error_from_every_call)
{
	struct rota_pool *pool = make_pool(1, 2, ROTA_FULL_BLOCK);
	atomic_uint ran = 0;
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	fork_and_use(pool);
	CHECK_EQ(rota_pool_close(pool), 0);
	fork_and_use(pool);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), 2);
	end_pool(pool);
}

struct feeder {
	struct rota_pool *pool;
	atomic_bool is_over;
	atomic_uint ran;
	unsigned nr_accepted;
};

static void *feeder_run(void *arg)
{
	struct feeder *feeder = arg;

	while (!atomic_load(&feeder->is_over)) {
		CHECK_EQ(rota_submit(feeder->pool, count_run, &feeder->ran), 0);
		feeder->nr_accepted++;
	}
	return NULL;
}

TEST(a_fork_while_others_submit_harms_neither_side)
{
	struct feeder feeder = {.pool = make_pool(2, 8, ROTA_FULL_BLOCK)};
	pthread_t thread = thread_start(feeder_run, &feeder);
	int i;

	for (i = 0; i < 40; i++)
		fork_and_use(feeder.pool);
	atomic_store(&feeder.is_over, true);
	thread_join(thread);
	check_rest(feeder.pool);
	CHECK_EQ(atomic_load(&feeder.ran), feeder.nr_accepted);
	end_pool(feeder.pool);
}

static void fork_run(void *arg)
{
	fork_and_use(*(struct rota_pool **)arg);
}

TEST(a_child_forked_by_a_job_gets_an_error_from_every_call)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);

	CHECK_EQ(rota_submit(pool, fork_run, &pool), 0);
	check_rest(pool);
	end_pool(pool);
}

struct twice {
	atomic_uint ran; /* shared with the child */
	atomic_int child;
};

static void fork_and_return_run(void *arg)
{
	struct twice *twice = arg;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid > 0)
		atomic_store(&twice->child, pid);
	/* and both return to the worker's loop */
}

static void shared_run(void *arg)
{
	struct twice *twice = arg;

	atomic_fetch_add(&twice->ran, 1);
}

static bool child_rests(pid_t pid)
{
	char path[64], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return true;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(file);
	return state == 'S' || state == 'Z';
}

TEST(a_child_that_returns_from_a_job_runs_no_job_a_second_time)
{
	struct twice *twice = mmap(NULL, sizeof(*twice), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int round, i, status;

	CHECK(twice != MAP_FAILED);
	for (round = 0; round < 5; round++) {
		struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
		struct blocker blocker;

		atomic_store(&twice->ran, 0);
		blocker_hold(&blocker, pool);
		CHECK_EQ(rota_submit(pool, fork_and_return_run, twice), 0);
		for (i = 0; i < 10; i++)
			CHECK_EQ(rota_submit(pool, shared_run, twice), 0);
		blocker_release(&blocker);
		check_rest(pool);
		/* the child has ended, or sleeps for good */
		for (i = 0; i < 3; i++) {
			CHECK(wait_until(
					child_rests(atomic_load(&twice->child)),
					TEST_WAIT_MS));
			sleep_ns(2 * NS_PER_MS);
		}
		kill(atomic_load(&twice->child), SIGKILL);
		CHECK(waitpid(atomic_load(&twice->child), &status, 0) > 0);
		CHECK_EQ(atomic_load(&twice->ran), 10);
		end_pool(pool);
	}
}

TEST(a_forked_child_may_make_a_pool_of_its_own)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	pid_t pid;

	if (TEST_TSAN)
		test_skip("no threads after a fork under this sanitizer");
	pid = fork();
	if (pid == 0) {
		struct rota_pool *own;
		atomic_uint ran = 0;
		int i;

		alarm(10 * TEST_SLOW);
		own = make_pool(2, 0, ROTA_FULL_FAIL);
		for (i = 0; i < 100; i++)
			CHECK_EQ(rota_submit(own, count_run, &ran), 0);
		end_pool(own);
		CHECK_EQ(atomic_load(&ran), 100);
		CHECK_EQ(rota_submit(pool, count_run, &ran), -EOWNERDEAD);
		_exit(0);
	}
	check_child(pid);
	end_pool(pool);
}
