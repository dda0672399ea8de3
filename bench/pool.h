/* SPDX-License-Identifier: MIT */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H
/*
 * The one small interface through which every benchmark program, the server
 * and the shared tests use a pool: rota and the baselines behind it are
 * interchangeable, and nothing else of them is used.
 */
#include <stddef.h>
#include <stdint.h>

struct bench_view;
struct bench_worker;
struct bench_pool; /* what an implementation makes of it */

struct bench_job {
	void (*run)(void *arg);
	void *arg;
};

struct bench_counts {
	uint64_t submitted;
	uint64_t ran;
	uint64_t dropped;
	uint64_t queued;
	uint64_t running;
	uint64_t wakes; /* futex or condition wake calls; 0 if unknown */
};

/* What a pool cannot do; a program that needs it says "not applicable". */
enum bench_limit {
	BENCH_ONE_SUBMITTER = 1 << 0, /* only the thread that created it */
	BENCH_NO_NESTED = 1 << 1,     /* jobs may not submit jobs */
	BENCH_NO_BOUND = 1 << 2,      /* its queue cannot be bounded */
	BENCH_NO_ORDER = 1 << 3, /* one worker may start jobs out of order */
};

struct bench_pool_ops {
	const char *name;
	unsigned limits; /* of enum bench_limit */
	/* 0 or -errno; capacity 0 is unbounded, -ENOTSUP if it cannot bound */
	int (*create)(unsigned workers, unsigned capacity,
			struct bench_pool **ret_pool);
	/* NULL if it has none: as create, and jobs that block may have up to
	 * max_workers threads */
	int (*create_blocking)(unsigned workers, unsigned max_workers,
			unsigned capacity, struct bench_pool **ret_pool);
	/* around what blocks in a job of such a pool */
	void (*blocking_begin)(void);
	void (*blocking_end)(void);
	/* 0 or -errno; blocks while a bounded pool is full */
	int (*submit)(struct bench_pool *pool, void (*run)(void *), void *arg);
	/* as submit, but -EAGAIN instead of blocking */
	int (*try_submit)(struct bench_pool *pool, void (*run)(void *),
			void *arg);
	/* NULL if it has none: 0 if it took them all, in order, or -errno */
	int (*submit_many)(struct bench_pool *pool,
			const struct bench_job *jobs, size_t nr_jobs);
	/* NULL if it has none: hand them all over and wait until all are done,
	 * by its own means; 0 or -errno */
	int (*run_all)(struct bench_pool *pool, const struct bench_job *jobs,
			size_t nr_jobs);
	void (*counts)(struct bench_pool *pool,
			struct bench_counts *ret_counts);
	/* refuse new jobs; submit returns -ESHUTDOWN from now on */
	void (*close)(struct bench_pool *pool);
	/* graceful: close, run what is queued, join, free */
	void (*destroy)(struct bench_pool *pool);
	/* NULL if it cannot: as create_blocking, with clocks and a watchdog;
	 * and what they saw, see view.h */
	int (*create_measured)(unsigned workers, unsigned max_workers,
			unsigned capacity, struct bench_pool **ret_pool);
	void (*view)(struct bench_pool *pool, struct bench_view *ret_view);
	void (*worker)(struct bench_pool *pool, unsigned index,
			struct bench_worker *ret_worker);
};

extern const struct bench_pool_ops pool_rota;		/* pool_rota.c */
extern const struct bench_pool_ops pool_mutex_receiver; /* baseline/ */
extern const struct bench_pool_ops pool_mutex_queue;

/* NULL-terminated, in the order of the tables; the names --pool= accepts. */
extern const struct bench_pool_ops *const bench_pools[];

/* NULL if there is none of this name. */
const struct bench_pool_ops *bench_pool_find(const char *name);

/* NULL if the pool can do all that is needed, else why it cannot. */
const char *bench_pool_lacks(const struct bench_pool_ops *ops, unsigned needs);

/* ops->submit_many, or one submit for each job where a pool has none. */
int bench_submit_many(const struct bench_pool_ops *ops, struct bench_pool *pool,
		const struct bench_job *jobs, size_t nr_jobs);

#endif
