/* SPDX-License-Identifier: MIT */
/*
 * APR-util: apr_thread_pool. Promises that a job of higher priority goes first
 * (all have the same here, which keeps their order), no bound; at its end it
 * drops what is queued, so destroy waits first. Best: as many threads at the
 * start as at most. Its own nodes are used again; a job needs memory for its
 * two words. Do you know a better setting? Please correct this.
 */
#include <apr_general.h>
#include <apr_thread_pool.h>
#include <unistd.h>

#include "peer.h"

static apr_thread_pool_t *apr_of(struct bench_pool *pool)
{
	return (apr_thread_pool_t *)pool;
}

static void *APR_THREAD_FUNC run_call(apr_thread_t *thread, void *data)
{
	(void)thread;
	call_run(data);
	return NULL;
}

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	static apr_pool_t *memory;

	if (capacity)
		return -ENOTSUP;
	if (!memory && (apr_initialize() || apr_pool_create(&memory, NULL)))
		return -ENOMEM;
	return -apr_thread_pool_create((apr_thread_pool_t **)ret_pool, workers,
			workers, memory);
}

static int submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	struct call *call = call_new(run, arg);

	return call ? -apr_thread_pool_push(apr_of(pool), run_call, call,
				      APR_THREAD_TASK_PRIORITY_NORMAL, NULL)
		    : -ENOMEM;
}

static void destroy(struct bench_pool *pool)
{
	while (apr_thread_pool_tasks_count(apr_of(pool)) ||
			apr_thread_pool_busy_count(apr_of(pool)))
		usleep(50);
	apr_thread_pool_destroy(apr_of(pool));
}

static const struct bench_pool_ops apr = {
		PEER("apr", false, "of all submits, if of one priority",
				"as many threads at first as at most", 0),
		.create = create,
		.submit = submit,
		.destroy = destroy,
};

const struct bench_pool_ops *const peer_pools[] = {&apr, NULL};
