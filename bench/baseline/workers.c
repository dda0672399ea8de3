/* SPDX-License-Identifier: MIT */
#include "workers.h"

#include <errno.h>
#include <stdlib.h>

int workers_start(struct workers *workers, unsigned nr_workers,
		void *(*worker_main)(void *worker), struct bench_pool *pool)
{
	workers->nr_started = 0;
	workers->all = aligned_alloc(alignof(struct worker),
			nr_workers * sizeof(struct worker));
	if (!workers->all)
		return -ENOMEM;
	for (unsigned i = 0; i < nr_workers; i++) {
		struct worker *worker = &workers->all[i];
		int error;

		atomic_init(&worker->ran, 0);
		worker->pool = pool;
		error = pthread_create(
				&worker->thread, NULL, worker_main, worker);
		if (error)
			return -error;
		workers->nr_started++;
	}
	return 0;
}

void workers_join(struct workers *workers)
{
	for (unsigned i = 0; i < workers->nr_started; i++)
		pthread_join(workers->all[i].thread, NULL);
	free(workers->all);
}

uint64_t workers_ran(const struct workers *workers)
{
	uint64_t ran = 0;

	for (unsigned i = 0; i < workers->nr_started; i++)
		ran += atomic_load_explicit(
				&workers->all[i].ran, memory_order_acquire);
	return ran;
}
