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
