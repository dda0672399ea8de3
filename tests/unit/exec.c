/* SPDX-License-Identifier: MIT */
/* A job that forks and execs: the signal mask that the new program gets. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

static sigset_t blocked; /* by the thread that makes the pool */

static bool is_real(int sig)
{
	return sig < 32 || sig >= SIGRTMIN;
}

static struct rota_pool *make_pool_that_blocks_some(void)
{
	struct rota_pool *pool;
	sigset_t none;

	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGRTMIN + 3);
	CHECK_EQ(pthread_sigmask(SIG_SETMASK, &blocked, NULL), 0);
	pool = make_pool(2, 0, ROTA_FULL_FAIL);
	CHECK_EQ(pthread_sigmask(SIG_SETMASK, &none, NULL), 0);
	return pool;
}

static void check_mask(const sigset_t *mask)
{
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		if (is_real(sig))
			CHECK_EQ(sigismember(mask, sig),
					sigismember(&blocked, sig));
}

static void ask_run(void *arg)
{
	sigset_t mask;

	(void)arg;
	CHECK_EQ(rota_saved_sigmask(NULL), -EINVAL);
	CHECK_EQ(rota_saved_sigmask(&mask), 0);
	check_mask(&mask);
}

TEST(a_job_is_told_what_the_thread_that_made_its_pool_had_blocked)
{
	struct rota_pool *pool = make_pool_that_blocks_some();
	sigset_t mask;

	CHECK_EQ(rota_saved_sigmask(&mask), -EPERM);
	CHECK_EQ(rota_submit(pool, ask_run, NULL), 0);
	check_rest(pool);
	end_pool(pool);
}

/* What a program that is begun in the child finds blocked, as the kernel has it:
 * bit 0 is signal 1. */
static uint64_t mask_after_exec(bool restores)
{
	char line[64] = "";
	int fds[2], status;
	size_t length = 0;
	ssize_t got;
	pid_t pid;

	CHECK_EQ(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		sigset_t mask;

		if (restores && (rota_saved_sigmask(&mask) ||
						sigprocmask(SIG_SETMASK, &mask,
								NULL)))
			_exit(1);
		dup2(fds[1], STDOUT_FILENO);
		execlp("grep", "grep", "SigBlk", "/proc/self/status",
				(char *)NULL);
		_exit(127);
	}
	CHECK(pid > 0);
	close(fds[1]);
	while ((got = read(fds[0], line + length, sizeof(line) - 1 - length)) >
			0)
		length += (size_t)got;
	close(fds[0]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(!strncmp(line, "SigBlk:", 7));
	return strtoull(line + 7, NULL, 16);
}

static uint64_t bits_of(const sigset_t *set)
{
	uint64_t bits = 0;

	for (int sig = 1; sig <= SIGRTMAX; sig++)
		if (is_real(sig) && sigismember(set, sig))
			bits |= 1ull << (sig - 1);
	return bits;
}

static void exec_run(void *arg)
{
	(void)arg;
	CHECK(mask_after_exec(false) & 1ull << (SIGINT - 1));
	CHECK_EQ(mask_after_exec(true), bits_of(&blocked));
}

TEST(a_program_that_a_job_execs_begins_with_that_mask)
{
	struct rota_pool *pool = make_pool_that_blocks_some();

	CHECK_EQ(rota_submit(pool, exec_run, NULL), 0);
	check_rest(pool);
	end_pool(pool);
}
