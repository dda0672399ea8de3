/* SPDX-License-Identifier: MIT */
/*
 * Pools that do something else wrong than with the order of jobs or who gets
 * them: they refuse one, lose it and never end, leave something behind, or have
 * no wait of their own. Each is mutex-queue but for that.
 */
#include "selftest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WRONG_JOB  7 /* a tiny run has more */
#define LEAK_BYTES 1000

static atomic_uint nr_submitted;

/* True for the one that goes wrong. */
static int is_wrong(void)
{
	return atomic_fetch_add(&nr_submitted, 1) + 1 == WRONG_JOB;
}

static int submit_but_drop(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	return is_wrong() ? 0 : pool_mutex_queue.submit(pool, run, arg);
}

/* And then it waits for that job. */
static void never_destroy(struct bench_pool *pool)
{
	(void)pool;
	for (;;)
		pause();
}

/* A job in place of another: the number of jobs is right. */
static int submit_but_swap(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	static void *last_arg;
	void *other = last_arg;

	last_arg = arg;
	return pool_mutex_queue.submit(pool, run, is_wrong() ? other : arg);
}

static int submit_and_refuse(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	return is_wrong() ? -1 : pool_mutex_queue.submit(pool, run, arg);
}

/* Waits for nothing. */
static int run_all_and_leave(struct bench_pool *pool,
		const struct bench_job *jobs, size_t nr_jobs)
{
	return bench_submit_many(&pool_mutex_queue, pool, jobs, nr_jobs);
}

static void *volatile lost_memory; /* so that it is really asked for */

static void destroy_but_heap(struct bench_pool *pool)
{
	pool_mutex_queue.destroy(pool);
	lost_memory = malloc(LEAK_BYTES);
	if (lost_memory)
		memset(lost_memory, 1, LEAK_BYTES);
}

static void destroy_but_mapping(struct bench_pool *pool)
{
	pool_mutex_queue.destroy(pool);
	/* two that differ stay two */
	mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *never_end(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void destroy_but_thread(struct bench_pool *pool)
{
	pthread_t thread;

	pool_mutex_queue.destroy(pool);
	if (pthread_create(&thread, NULL, never_end, NULL))
		abort();
}

/* What differs from mutex-queue. */
static const struct bench_pool_ops faults[] = {
		{.name = "hangs",
				.submit = submit_but_drop,
				.destroy = never_destroy},
		{.name = "swaps", .submit = submit_but_swap},
		{.name = "refuses", .submit = submit_and_refuse},
		{.name = "leaks-heap", .destroy = destroy_but_heap},
		{.name = "leaks-mapping", .destroy = destroy_but_mapping},
		{.name = "leaks-thread", .destroy = destroy_but_thread},
		{.name = "leaves", .run_all = run_all_and_leave},
		{.name = "limited", .limits = BENCH_NO_NESTED},
};

/* They have no call that a pool may lack. */
const struct bench_pool_ops *faulty_pool_find(const char *name)
{
	static struct bench_pool_ops ops;

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		const struct bench_pool_ops *fault = &faults[i];

		if (strcmp(fault->name, name) != 0)
			continue;
		ops = *fault;
		if (!ops.create)
			ops.create = pool_mutex_queue.create;
		if (!ops.submit)
			ops.submit = pool_mutex_queue.submit;
		if (!ops.destroy)
			ops.destroy = pool_mutex_queue.destroy;
		ops.close = pool_mutex_queue.close;
		return &ops;
	}
	return NULL;
}
