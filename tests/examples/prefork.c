/* SPDX-License-Identifier: MIT */
/*
 * A pool that works on both sides of each fork of the program, as in a server
 * that forks its processes: three handlers do it, wherever fork() is called.
 */
#include <pthread.h>
#include <rota.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct rota_pool *pool;
static atomic_int sum, dropped;

static void add(void *arg)
{
	atomic_fetch_add(&sum, *(int *)arg);
}

static void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)hook_arg;
	(void)job;
	if (reason == ROTA_DROP_FORK) /* it runs in the parent */
		atomic_fetch_add(&dropped, 1);
}

static void before_fork(void)
{
	rota_fork_prepare(pool, ROTA_NO_DEADLINE);
}

static void after_fork_in_parent(void)
{
	rota_fork_parent(pool);
}

static void after_fork_in_child(void)
{
	atomic_store(&sum, 0);
	if (rota_fork_child(pool))
		_exit(1);
}

/* 0 if the pool adds up what it is given. */
static int work(int *numbers, int nr, int expected)
{
	for (int i = 0; i < nr; i++)
		if (rota_submit(pool, add, &numbers[i]))
			return 1;
	if (rota_pool_drain(pool, ROTA_NO_DEADLINE))
		return 1;
	printf("%d: %d\n", (int)getpid(), atomic_load(&sum));
	return atomic_load(&sum) != expected;
}

int main(void)
{
	struct rota_options options = {.workers = 2, .on_drop = on_drop};
	int numbers[] = {1, 2, 3, 4}, status = 1;
	pid_t pid;

	if (rota_pool_create(&options, &pool) ||
			pthread_atfork(before_fork, after_fork_in_parent,
					after_fork_in_child))
		return 1;
	for (int i = 0; i < 4; i++)
		rota_submit(pool, add, &numbers[i]);
	pid = fork();
	if (!pid)
		return work(numbers, 4, 10) || rota_pool_destroy(pool);
	if (work(numbers, 4, 20) || waitpid(pid, &status, 0) != pid)
		return 1;
	return rota_pool_destroy(pool) || status;
}
