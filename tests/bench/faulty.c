/* SPDX-License-Identifier: MIT */
/*
 * Pools that are wrong, for programs that must notice: linked in front of
 * bench_pool_find(), so that --pool= knows their names. Each is mutex-queue,
 * but for one job, or for what it leaves behind.
 */
#include "../../bench/pool.h"

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

/* Jobs that come later; the thread that is treated in another way. */
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;
static struct bench_job *held;
static size_t nr_held;
static pthread_t chosen;

static void hold(void (*run)(void *), void *arg)
{
	struct bench_job *more = realloc(held, (nr_held + 1) * sizeof(*held));

	if (!more)
		abort();
	held = more;
	held[nr_held++] = (struct bench_job){run, arg};
}

static void let_go(struct bench_pool *pool)
{
	for (size_t i = 0; i < nr_held; i++)
		pool_mutex_queue.submit(pool, held[i].run, held[i].arg);
	nr_held = 0;
}

/* A job comes after the one that its thread submits next. */
static int submit_but_invert(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	int error = 0;

	pthread_mutex_lock(&held_lock);
	if (is_wrong()) {
		chosen = pthread_self();
		hold(run, arg);
	} else {
		error = pool_mutex_queue.submit(pool, run, arg);
		if (nr_held && pthread_equal(chosen, pthread_self()))
			let_go(pool);
	}
	pthread_mutex_unlock(&held_lock);
	return error;
}

/* All but one thread's jobs come when the pool ends. */
static int submit_of_one(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	int error = 0;

	pthread_mutex_lock(&held_lock);
	if (atomic_fetch_add(&nr_submitted, 1) == 0)
		chosen = pthread_self();
	if (pthread_equal(chosen, pthread_self()))
		error = pool_mutex_queue.submit(pool, run, arg);
	else
		hold(run, arg);
	pthread_mutex_unlock(&held_lock);
	return error;
}

static void let_go_and_destroy(struct bench_pool *pool)
{
	let_go(pool);
	pool_mutex_queue.destroy(pool);
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
		{.name = "right"},
		{.name = "drops", .submit = submit_but_drop},
		{.name = "hangs",
				.submit = submit_but_drop,
				.destroy = never_destroy},
		{.name = "doubles", .submit = submit_and_double},
		{.name = "swaps", .submit = submit_but_swap},
		{.name = "refuses", .submit = submit_and_refuse},
		{.name = "inverts",
				.submit = submit_but_invert,
				.destroy = let_go_and_destroy},
		{.name = "starves",
				.submit = submit_of_one,
				.destroy = let_go_and_destroy},
		{.name = "leaks-heap", .destroy = destroy_but_heap},
		{.name = "leaks-mapping", .destroy = destroy_but_mapping},
		{.name = "leaks-thread", .destroy = destroy_but_thread},
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
