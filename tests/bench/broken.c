/* SPDX-License-Identifier: MIT */
/*
 * Pools that do one thing wrong, for the benchmark programs to notice: each is
 * mutex-queue but for what its name says, and --pool= accepts the names in
 * programs that are linked with this file (-Wl,--wrap=bench_pool_find).
 */
#include "../../bench/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define VICTIM 20 /* the job that something happens to, counted from 1 */
#define LEAK   1000

const struct bench_pool_ops *__real_bench_pool_find(const char *name);
const struct bench_pool_ops *__wrap_bench_pool_find(const char *name);

struct bench_pool {
	const struct bench_pool_ops *ops;
	struct bench_pool *inner;
	atomic_uint submits;
	pthread_mutex_t lock; /* of what is held back */
	struct bench_job *held;
	size_t nr_held;
	pthread_t favourite; /* the first thread that submits */
};

static const struct bench_pool_ops *inner = &pool_mutex_queue;

static int create_inner(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	struct bench_pool *pool = calloc(1, sizeof(*pool));

	pthread_mutex_init(&pool->lock, NULL);
	*ret_pool = pool;
	return inner->create(workers, capacity, &pool->inner);
}

static int create_one(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	(void)workers;
	return create_inner(1, capacity, ret_pool);
}

static int submit_inner(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	return inner->submit(pool->inner, run, arg);
}

static int try_submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	return inner->try_submit(pool->inner, run, arg);
}

static unsigned number_of_submit(struct bench_pool *pool)
{
	return atomic_fetch_add(&pool->submits, 1) + 1;
}

static int submit_but_one(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	if (number_of_submit(pool) == VICTIM)
		return 0;
	return submit_inner(pool, run, arg);
}

static int submit_one_twice(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	if (number_of_submit(pool) == VICTIM)
		submit_inner(pool, run, arg);
	return submit_inner(pool, run, arg);
}

static void hold(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	pool->held = realloc(
			pool->held, (pool->nr_held + 1) * sizeof(*pool->held));
	pool->held[pool->nr_held++] = (struct bench_job){run, arg};
}

static void let_go(struct bench_pool *pool)
{
	for (size_t i = 0; i < pool->nr_held; i++)
		submit_inner(pool, pool->held[i].run, pool->held[i].arg);
	pool->nr_held = 0;
}

/* A job comes after the one that its own thread submits next. */
static int submit_swapped(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	bool is_victim = number_of_submit(pool) == VICTIM;
	int error = 0;

	pthread_mutex_lock(&pool->lock);
	if (is_victim) {
		pool->favourite = pthread_self();
		hold(pool, run, arg);
	} else {
		error = submit_inner(pool, run, arg);
		if (pthread_equal(pool->favourite, pthread_self()))
			let_go(pool);
	}
	pthread_mutex_unlock(&pool->lock);
	return error;
}

/* Other threads' jobs come when the pool ends. */
static int submit_if_first(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	int error = 0;

	pthread_mutex_lock(&pool->lock);
	if (number_of_submit(pool) == 1)
		pool->favourite = pthread_self();
	if (pthread_equal(pool->favourite, pthread_self()))
		error = submit_inner(pool, run, arg);
	else
		hold(pool, run, arg);
	pthread_mutex_unlock(&pool->lock);
	return error;
}

static void counts(struct bench_pool *pool, struct bench_counts *ret_counts)
{
	inner->counts(pool->inner, ret_counts);
}

static void close_pool(struct bench_pool *pool)
{
	let_go(pool);
	inner->close(pool->inner);
}

static void destroy(struct bench_pool *pool)
{
	let_go(pool);
	inner->destroy(pool->inner);
	free(pool->held);
	free(pool);
}

static void *sleep_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *volatile lost_memory; /* so that it is really asked for */

static void destroy_but_heap(struct bench_pool *pool)
{
	destroy(pool);
	memset(lost_memory = malloc(LEAK), 1, LEAK);
}

static void destroy_but_mapping(struct bench_pool *pool)
{
	destroy(pool);
	/* two that differ stay two */
	mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void destroy_but_thread(struct bench_pool *pool)
{
	pthread_t thread;

	destroy(pool);
	pthread_create(&thread, NULL, sleep_for_ever, NULL);
}

#define BROKEN(what, create_, submit_, destroy_)                               \
	{                                                                      \
		.name = (what), .create = (create_), .submit = (submit_),      \
		.try_submit = try_submit, .counts = counts,                    \
		.close = close_pool, .destroy = (destroy_),                    \
	}

static const struct bench_pool_ops broken[] = {
		BROKEN("right", create_inner, submit_inner, destroy),
		BROKEN("drops", create_inner, submit_but_one, destroy),
		BROKEN("doubles", create_inner, submit_one_twice, destroy),
		BROKEN("swaps", create_inner, submit_swapped, destroy),
		BROKEN("starves-worker", create_one, submit_inner, destroy),
		BROKEN("starves-submitter", create_inner, submit_if_first,
				destroy),
		BROKEN("leaks-heap", create_inner, submit_inner,
				destroy_but_heap),
		BROKEN("leaks-mapping", create_inner, submit_inner,
				destroy_but_mapping),
		BROKEN("leaks-thread", create_inner, submit_inner,
				destroy_but_thread),
};

const struct bench_pool_ops *__wrap_bench_pool_find(const char *name)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		if (strcmp(broken[i].name, name) == 0)
			return &broken[i];
	}
	return __real_bench_pool_find(name);
}
