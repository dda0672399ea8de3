/* SPDX-License-Identifier: MIT */
/*
 * The pool that a good C programmer writes: one mutex, one linked list, one
 * condition variable for workers and one for submitters of a full pool.
 * It signals only if somebody waits who was not signalled yet, and after
 * unlocking; allocates and frees outside of the lock, one malloc per job.
 *
 * Whoever begins to wait adds itself to the idle count, and whoever signals
 * takes one off. A spurious wake-up leaves one too many, which costs one signal
 * for nobody; too few is impossible, so no wake-up is lost.
 *
 * A job that submits to its own full pool waits for room like everyone else;
 * if all workers do, for ever. Such jobs must use try_submit.
 */
#include "../pool.h"
#include "workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct job {
	struct job *next;
	void (*run)(void *arg);
	void *arg;
};

/* All but workers is guarded by lock; capacity does not change. */
struct bench_pool {
	pthread_mutex_t lock;
	pthread_cond_t not_empty;
	pthread_cond_t not_full;
	struct job *head;
	struct job **tail;	  /* where the next job is linked in */
	unsigned capacity;	  /* 0: unbounded */
	unsigned idle_workers;	  /* wait on not_empty, no signal is owed */
	unsigned idle_submitters; /* wait on not_full, likewise */
	bool is_closed;
	uint64_t submitted;
	uint64_t taken;
	uint64_t wakes;
	struct workers workers;
};

static bool is_full(const struct bench_pool *pool)
{
	return pool->capacity != 0 &&
	       pool->submitted - pool->taken >= pool->capacity;
}

/* NULL: closed and empty. */
static struct job *take_job(struct bench_pool *pool)
{
	struct job *job;
	bool wake;

	pthread_mutex_lock(&pool->lock);
	while (!pool->head && !pool->is_closed) {
		pool->idle_workers++;
		pthread_cond_wait(&pool->not_empty, &pool->lock);
	}
	job = pool->head;
	if (job) {
		pool->head = job->next;
		if (!pool->head)
			pool->tail = &pool->head;
		pool->taken++;
	}
	wake = job && pool->idle_submitters > 0;
	pool->idle_submitters -= wake;
	pool->wakes += wake;
	pthread_mutex_unlock(&pool->lock);
	if (wake)
		pthread_cond_signal(&pool->not_full);
	return job;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct job *job;

	while ((job = take_job(worker->pool))) {
		job->run(job->arg);
		free(job);
		worker_count_job(worker);
	}
	return NULL;
}

/* Link the job in, waiting for room if may_wait; 0 or -errno. */
static int put_job(struct bench_pool *pool, struct job *job, bool may_wait)
{
	bool wake = false;
	int error = 0;

	pthread_mutex_lock(&pool->lock);
	while (may_wait && is_full(pool) && !pool->is_closed) {
		pool->idle_submitters++;
		pthread_cond_wait(&pool->not_full, &pool->lock);
	}
	if (pool->is_closed) {
		error = -ESHUTDOWN;
	} else if (is_full(pool)) {
		error = -EAGAIN;
	} else {
		*pool->tail = job;
		pool->tail = &job->next;
		pool->submitted++;
		wake = pool->idle_workers > 0;
		pool->idle_workers -= wake;
		pool->wakes += wake;
	}
	pthread_mutex_unlock(&pool->lock);
	if (wake)
		pthread_cond_signal(&pool->not_empty);
	return error;
}

static int submit_job(struct bench_pool *pool, void (*run)(void *), void *arg,
		bool may_wait)
{
	struct job *job = malloc(sizeof(*job));
	int error;

	if (!job)
		return -ENOMEM;
	*job = (struct job){NULL, run, arg};
	error = put_job(pool, job, may_wait);
	if (error)
		free(job);
	return error;
}

static int submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	return submit_job(pool, run, arg, true);
}

static int try_submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	return submit_job(pool, run, arg, false);
}

static void counts(struct bench_pool *pool, struct bench_counts *ret_counts)
{
	uint64_t ran;

	pthread_mutex_lock(&pool->lock);
	ran = workers_ran(&pool->workers);
	*ret_counts = (struct bench_counts){
			.submitted = pool->submitted,
			.ran = ran,
			.queued = pool->submitted - pool->taken,
			.running = pool->taken - ran,
			.wakes = pool->wakes,
	};
	pthread_mutex_unlock(&pool->lock);
}

static void close_pool(struct bench_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->is_closed = true;
	pthread_mutex_unlock(&pool->lock);
	pthread_cond_broadcast(&pool->not_empty);
	pthread_cond_broadcast(&pool->not_full);
}

static void destroy(struct bench_pool *pool)
{
	close_pool(pool);
	workers_join(&pool->workers);
	pthread_cond_destroy(&pool->not_full);
	pthread_cond_destroy(&pool->not_empty);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	struct bench_pool *pool;
	int error;

	if (workers == 0)
		return -EINVAL;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->not_empty, NULL);
	pthread_cond_init(&pool->not_full, NULL);
	pool->tail = &pool->head;
	pool->capacity = capacity;
	error = workers_start(&pool->workers, workers, worker_main, pool);
	if (error) {
		destroy(pool);
		return error;
	}
	*ret_pool = pool;
	return 0;
}

const struct bench_pool_ops pool_mutex_queue = {
		.name = "mutex-queue",
		.kind = BENCH_BASELINE,
		.about = {.order = "of all submits",
				.bound = "exact, if asked for"},
		.create = create,
		.submit = submit,
		.try_submit = try_submit,
		.counts = counts,
		.close = close_pool,
		.destroy = destroy,
};
