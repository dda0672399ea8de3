/* SPDX-License-Identifier: MIT */
/*
 * pthreadpool: loops in pieces, and nothing else. It is no queue, so it takes
 * part where jobs are handed over at once and waited for; the thread that asks
 * is one of its workers. Order: pieces of the range, each in order, the last
 * ones are stolen. Its threads spin for a million rounds before they sleep;
 * best is that they go to sleep after the loop (YIELD_WORKERS), since other
 * threads may want the CPU. A bound makes no sense. Corrections are welcome.
 */
#include <pthreadpool.h>

#include "peer.h"

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	if (capacity)
		return -ENOTSUP;
	*ret_pool = (struct bench_pool *)pthreadpool_create(workers);
	return *ret_pool ? 0 : -ENOMEM;
}

static void run_one(void *jobs, size_t i)
{
	const struct bench_job *job = &((const struct bench_job *)jobs)[i];

	job->run(job->arg);
}

static int run_default(struct bench_pool *pool, const struct bench_job *jobs,
		size_t nr_jobs)
{
	pthreadpool_parallelize_1d(
			(pthreadpool_t)pool, run_one, (void *)jobs, nr_jobs, 0);
	return 0;
}

static int run_yielding(struct bench_pool *pool, const struct bench_job *jobs,
		size_t nr_jobs)
{
	pthreadpool_parallelize_1d((pthreadpool_t)pool, run_one, (void *)jobs,
			nr_jobs, PTHREADPOOL_FLAG_YIELD_WORKERS);
	return 0;
}

static void destroy(struct bench_pool *pool)
{
	pthreadpool_destroy((pthreadpool_t)pool);
}

#define LOOPS(name, is_default, note, run_all_)                                \
	{                                                                      \
		PEER(name, is_default, "none", note,                           \
				BENCH_NO_QUEUE | BENCH_NO_NESTED |             \
						BENCH_NO_ORDER |               \
						BENCH_INLINE),                 \
				.create = create, .run_all = (run_all_),       \
				.destroy = destroy,                            \
	}

static const struct bench_pool_ops
		yielding = LOOPS("pthreadpool", false,
				"loops only; workers "
				"sleep after each",
				run_yielding),
		spinning = LOOPS("pthreadpool-default", true,
				"loops only; workers spin after each",
				run_default);

const struct bench_pool_ops *const peer_pools[] = {&yielding, &spinning, NULL};
