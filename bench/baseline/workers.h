/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BASELINE_WORKERS_H
#define BENCH_BASELINE_WORKERS_H
/* The threads of a baseline pool: start, join, count the jobs they ran. */
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

struct bench_pool;

struct worker {
	/* own cache line: written after each job, by this worker only */
	alignas(64) _Atomic uint64_t ran;
	struct bench_pool *pool;
	pthread_t thread;
};

struct workers {
	struct worker *all;
	unsigned nr_started;
};

/*
 * 0 or -errno. On failure some may run already: end them as the pool does,
 * then workers_join().
 */
int workers_start(struct workers *workers, unsigned nr_workers,
		void *(*worker_main)(void *worker), struct bench_pool *pool);

/* Wait until all have returned, then free them. */
void workers_join(struct workers *workers);

/*
 * Jobs that have returned. Call it with the lock held under which jobs are
 * taken: then those taken minus these are between 0 and the workers.
 */
uint64_t workers_ran(const struct workers *workers);

/* The only writer of its count, so no locked instruction is needed. */
static inline void worker_count_job(struct worker *worker)
{
	uint64_t ran = atomic_load_explicit(&worker->ran, memory_order_relaxed);

	atomic_store_explicit(&worker->ran, ran + 1, memory_order_release);
}

#endif
