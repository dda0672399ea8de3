/* SPDX-License-Identifier: MIT */
/*
 * C-Thread-Pool, which is copied into programs; Debian has its source.
 * Promises first come, first served, no bound; one pool at a time, all share a
 * flag; at its end it drops what is queued, so destroy waits first. Its threads
 * are not joined: the last may be in the pool when that is freed, and was seen to
 * stay. There is nothing to set but the number of threads. Corrections are
 * welcome.
 */
#include "peer.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <thpool.c>
#pragma GCC diagnostic pop

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	if (capacity)
		return -ENOTSUP;
	*ret_pool = (struct bench_pool *)thpool_init((int)workers);
	return *ret_pool ? 0 : -ENOMEM;
}

static int submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	return thpool_add_work((threadpool)pool, run, arg) ? -ENOMEM : 0;
}

static int run_all(struct bench_pool *pool, const struct bench_job *jobs,
		size_t nr_jobs)
{
	int error = 0;

	for (size_t i = 0; i < nr_jobs && !error; i++)
		error = submit(pool, jobs[i].run, jobs[i].arg);
	thpool_wait((threadpool)pool);
	return error;
}

static void destroy(struct bench_pool *pool)
{
	thpool_wait((threadpool)pool);
	thpool_destroy((threadpool)pool);
}

static const struct bench_pool_ops cthreadpool = {
		PEER("cthreadpool", true, "of all submits", "nothing to set",
				BENCH_ONE_POOL | BENCH_THREADS_STAY),
		.create = create,
		.submit = submit,
		.run_all = run_all,
		.destroy = destroy,
};

const struct bench_pool_ops *const peer_pools[] = {&cthreadpool, NULL};
