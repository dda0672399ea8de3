/* SPDX-License-Identifier: MIT */
/* The table of pools that every benchmark and the server choose from. */
#include "pool.h"

#include <string.h>

const struct bench_pool_ops *const bench_pools[] = {
		&pool_rota,
		&pool_mutex_receiver,
		&pool_mutex_queue,
		NULL,
};

const struct bench_pool_ops *bench_pool_find(const char *name)
{
	for (unsigned i = 0; bench_pools[i]; i++) {
		if (strcmp(bench_pools[i]->name, name) == 0)
			return bench_pools[i];
	}
	return NULL;
}

const char *bench_pool_lacks(const struct bench_pool_ops *ops, unsigned needs)
{
	unsigned lacks = ops->limits & needs;

	if (lacks & BENCH_ONE_SUBMITTER)
		return "only one thread may submit";
	if (lacks & BENCH_NO_NESTED)
		return "jobs may not submit jobs";
	if (lacks & BENCH_NO_BOUND)
		return "its queue cannot be bounded";
	if (lacks & BENCH_NO_ORDER)
		return "it does not keep the order of jobs";
	return NULL;
}

int bench_submit_many(const struct bench_pool_ops *ops, struct bench_pool *pool,
		const struct bench_job *jobs, size_t nr_jobs)
{
	int error = 0;

	if (ops->submit_many)
		return ops->submit_many(pool, jobs, nr_jobs);
	for (size_t i = 0; i < nr_jobs && !error; i++)
		error = ops->submit(pool, jobs[i].run, jobs[i].arg);
	return error;
}
