/* SPDX-License-Identifier: MIT */
/*
 * Pools that do one thing wrong, and one that does not: all are mutex-queue, but
 * for what becomes of some jobs on their way into it. A job that is held back
 * comes when another one lets it go, or at the end of the pool.
 */
#include "selftest.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define EVERY 40 /* one job in so many goes wrong */

struct bench_pool {
	struct bench_pool *inner;
	pthread_mutex_t lock; /* of all below */
	unsigned submits;
	pthread_t favourite; /* the first that submits */
	struct bench_job *held;
	size_t nr_held;
};

static const struct bench_pool_ops *const inner = &pool_mutex_queue;

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	struct bench_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pthread_mutex_init(&pool->lock, NULL);
	*ret_pool = pool;
	return inner->create(workers, capacity, &pool->inner);
}

/* The others never get a job. */
static int create_one(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	(void)workers;
	return create(1, capacity, ret_pool);
}

static int pass_on(struct bench_pool *pool, struct bench_job job)
{
	return inner->submit(pool->inner, job.run, job.arg);
}

static int hold(struct bench_pool *pool, struct bench_job job)
{
	struct bench_job *held = realloc(
			pool->held, (pool->nr_held + 1) * sizeof(*held));

	if (!held)
		return -ENOMEM;
	held[pool->nr_held++] = job;
	pool->held = held;
	return 0;
}

static int let_go(struct bench_pool *pool)
{
	int error = 0;

	for (size_t i = 0; i < pool->nr_held && !error; i++)
		error = pass_on(pool, pool->held[i]);
	pool->nr_held = 0;
	return error;
}

/* Of these, one takes each job, with the lock held. */
static int pass(struct bench_pool *pool, struct bench_job job)
{
	return pass_on(pool, job);
}

static int drop_some(struct bench_pool *pool, struct bench_job job)
{
	return pool->submits % EVERY == 0 ? 0 : pass_on(pool, job);
}

static int double_some(struct bench_pool *pool, struct bench_job job)
{
	int error = pool->submits % EVERY == 0 ? pass_on(pool, job) : 0;

	return error ? error : pass_on(pool, job);
}

/* The job after it comes first. */
static int swap_some(struct bench_pool *pool, struct bench_job job)
{
	int error;

	if (pool->submits % EVERY == 0)
		return hold(pool, job);
	error = pass_on(pool, job);
	return error ? error : let_go(pool);
}

/* Nobody is woken for a job until the next one comes: the last one waits. */
static int delay_last(struct bench_pool *pool, struct bench_job job)
{
	int error = let_go(pool);

	return error ? error : hold(pool, job);
}

/* Jobs of any other thread wait for the end. */
static int starve_others(struct bench_pool *pool, struct bench_job job)
{
	if (pool->submits == 1)
		pool->favourite = pthread_self();
	return pthread_equal(pool->favourite, pthread_self())
			       ? pass_on(pool, job)
			       : hold(pool, job);
}

static void counts(struct bench_pool *pool, struct bench_counts *ret_counts)
{
	inner->counts(pool->inner, ret_counts);
}

static void close_pool(struct bench_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	let_go(pool);
	inner->close(pool->inner);
	pthread_mutex_unlock(&pool->lock);
}

static void destroy(struct bench_pool *pool)
{
	close_pool(pool);
	inner->destroy(pool->inner);
	pthread_mutex_destroy(&pool->lock);
	free(pool->held);
	free(pool);
}

#define POOL(variable, label, kind_, create_, take)                            \
	static int submit_##variable(struct bench_pool *pool,                  \
			void (*run)(void *), void *arg)                        \
	{                                                                      \
		int error;                                                     \
                                                                               \
		pthread_mutex_lock(&pool->lock);                               \
		pool->submits++;                                               \
		error = take(pool, (struct bench_job){run, arg});              \
		pthread_mutex_unlock(&pool->lock);                             \
		return error;                                                  \
	}                                                                      \
                                                                               \
	static const struct bench_pool_ops variable = {                        \
			.name = (label),                                       \
			.kind = (kind_),                                       \
			.limits = BENCH_NO_BOUND,                              \
			.create = (create_),                                   \
			.submit = submit_##variable,                           \
			.try_submit = submit_##variable,                       \
			.counts = counts,                                      \
			.close = close_pool,                                   \
			.destroy = destroy,                                    \
	};

POOL(sound, "sound", BENCH_BASELINE, create, pass)
POOL(drops, "broken-drops", BENCH_BROKEN, create, drop_some)
POOL(twice, "broken-twice", BENCH_BROKEN, create, double_some)
POOL(order, "broken-order", BENCH_BROKEN, create, swap_some)
POOL(last_wake, "broken-last-wake", BENCH_BROKEN, create, delay_last)
POOL(worker, "broken-starves-worker", BENCH_BROKEN, create_one, pass)
POOL(submitter, "broken-starves-submitter", BENCH_BROKEN, create, starve_others)

const struct bench_pool_ops *const broken_pools[] = {&sound, &drops, &twice,
		&order, &last_wake, &worker, &submitter, NULL};
