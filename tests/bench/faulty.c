/* SPDX-License-Identifier: MIT */
/*
 * Pools that are wrong, for programs that must notice: linked in front of
 * bench_pool_find(), so that --pool= knows their names. Each is mutex-queue,
 * but for one job.
 */
#include "../../bench/pool.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define WRONG_JOB 7 /* a tiny run has more */

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

static int submit_and_double(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	int error = pool_mutex_queue.submit(pool, run, arg);

	return error || !is_wrong() ? error
				    : pool_mutex_queue.submit(pool, run, arg);
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

/* All jobs run, but never two at a time. */
static int create_one(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	(void)workers;
	return pool_mutex_queue.create(1, capacity, ret_pool);
}

/* Waits for nothing. */
static int run_all_and_leave(struct bench_pool *pool,
		const struct bench_job *jobs, size_t nr_jobs)
{
	return bench_submit_many(&pool_mutex_queue, pool, jobs, nr_jobs);
}

/* What differs from mutex-queue. */
static const struct bench_pool_ops faults[] = {
		{.name = "right"},
		{.name = "drops", .submit = submit_but_drop},
		{.name = "hangs",
				.submit = submit_but_drop,
				.destroy = never_destroy},
		{.name = "doubles", .submit = submit_and_double},
		{.name = "swaps", .submit = submit_but_swap},
		{.name = "refuses", .submit = submit_and_refuse},
		{.name = "serial", .create = create_one},
		{.name = "leaves", .run_all = run_all_and_leave},
		{.name = "limited", .limits = BENCH_NO_NESTED},
};

/* They have no call that a pool may lack. */
static const struct bench_pool_ops *faulty(const char *name)
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

const struct bench_pool_ops *__real_bench_pool_find(const char *name);
const struct bench_pool_ops *__wrap_bench_pool_find(const char *name);

const struct bench_pool_ops *__wrap_bench_pool_find(const char *name)
{
	const struct bench_pool_ops *found = faulty(name);

	return found ? found : __real_bench_pool_find(name);
}
