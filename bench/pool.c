/* SPDX-License-Identifier: MIT */
/* The table of pools that every benchmark and the server choose from. */
#include "pool.h"

#include "peers/load.h"

#include <string.h>

enum { NR_OWN = 5 };

const struct bench_pool_ops *bench_pools[NR_OWN + PEERS_MAX + 1] = {
		&pool_rota,
		&pool_mutex_receiver,
		&pool_mutex_queue,
		&pool_rota_ring,
		&pool_inline,
};

void bench_pools_load(void)
{
	if (!bench_pools[NR_OWN])
		peers_load(&bench_pools[NR_OWN]);
}

static const struct bench_pool_ops *find(const char *name)
{
	for (unsigned i = 0; bench_pools[i]; i++) {
		if (strcmp(bench_pools[i]->name, name) == 0)
			return bench_pools[i];
	}
	return NULL;
}

const struct bench_pool_ops *bench_pool_find(const char *name)
{
	const struct bench_pool_ops *ops = find(name);

	if (ops)
		return ops;
	bench_pools_load();
	return find(name);
}

const struct bench_limit_words bench_limits[] = {
		{BENCH_ONE_SUBMITTER, "one-submitter",
				"only one thread may submit"},
		{BENCH_NO_NESTED, "no-nested", "jobs may not submit jobs"},
		{BENCH_NO_BOUND, "no-bound", "its queue cannot be bounded"},
		{BENCH_NO_ORDER, "no-order",
				"it does not keep the order of jobs"},
		{BENCH_NO_QUEUE, "no-queue",
				"it is no queue: from outside it waits for "
				"each job"},
		{BENCH_INLINE, "inline", "submit may run the job itself"},
		{BENCH_OWN_NUMBER, "own-number",
				"it has as many threads as it likes"},
		{BENCH_THREADS_STAY, "threads-stay", "its threads outlive it"},
		{BENCH_ONE_POOL, "one-pool",
				"one pool at a time is all it can"},
		{0, NULL, NULL},
};

const char *bench_pool_lacks(const struct bench_pool_ops *ops, unsigned needs)
{
	if (!(needs & BENCH_FROM_INSIDE))
		needs |= BENCH_NO_QUEUE;
	for (unsigned i = 0; bench_limits[i].name; i++) {
		if (ops->limits & needs & bench_limits[i].limit)
			return bench_limits[i].text;
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
