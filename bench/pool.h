/* SPDX-License-Identifier: MIT */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H
/*
 * The one small interface through which every benchmark program, the server
 * and the shared tests use a pool: rota and the baselines behind it are
 * interchangeable, and nothing else of them is used.
 */
#include <stdbool.h>
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
	BENCH_ONE_SUBMITTER = 1 << 0, /* one thread at a time */
	BENCH_NO_NESTED = 1 << 1,     /* jobs may not submit jobs */
	BENCH_NO_BOUND = 1 << 2,      /* its queue cannot be bounded */
	BENCH_NO_ORDER = 1 << 3,   /* one worker may start jobs out of order */
	BENCH_NO_QUEUE = 1 << 4,   /* it waits for each job from outside */
	BENCH_INLINE = 1 << 5,	   /* submit may run the job itself */
	BENCH_OWN_NUMBER = 1 << 6, /* how many workers is not ours to say */
	BENCH_THREADS_STAY = 1 << 7, /* when the pool is gone */
	BENCH_ONE_POOL = 1 << 8,     /* at a time */
};

/*
 * Said by a program that submits one job from outside, or none. Of all others
 * it is understood that they need a queue.
 */
#define BENCH_FROM_INSIDE (1u << 31)

enum bench_kind {
	BENCH_ROTA,
	BENCH_BASELINE, /* ours, to compare with */
	BENCH_PEER,	/* somebody else's */
	BENCH_HARNESS,	/* no pool: what the program itself costs */
	BENCH_BROKEN,	/* wrong on purpose: are the programs any good? */
};

/* What it says of itself, for tables; NULL where there is nothing to say. */
struct bench_about {
	const char *peer; /* of a peer: whose, which version */
	bool is_default;  /* as it comes; else set up as well as we know how */
	const char *order;
	const char *bound;
	const char *note;
};

struct bench_pool_ops {
	const char *name;
	enum bench_kind kind;
	struct bench_about about;
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
	/* NULL if it has none: as submit, but -EAGAIN instead of blocking */
	int (*try_submit)(struct bench_pool *pool, void (*run)(void *),
			void *arg);
	/* NULL if it has none: 0 if it took them all, in order, or -errno */
	int (*submit_many)(struct bench_pool *pool,
			const struct bench_job *jobs, size_t nr_jobs);
	/* NULL if it has none: hand them all over and wait until all are done,
	 * by its own means; 0 or -errno */
	int (*run_all)(struct bench_pool *pool, const struct bench_job *jobs,
			size_t nr_jobs);
	/* NULL if it does not count */
	void (*counts)(struct bench_pool *pool,
			struct bench_counts *ret_counts);
	/* NULL if it cannot: refuse new jobs; submit returns -ESHUTDOWN from now on */
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
extern const struct bench_pool_ops pool_rota_ring;
extern const struct bench_pool_ops pool_inline; /* pool_inline.c */

/*
 * NULL-terminated, in the order of the tables; the names --pool= accepts. Peers
 * are there after bench_pools_load() only: so that no library of theirs is in
 * the process that measures another pool.
 */
extern const struct bench_pool_ops *bench_pools[];
void bench_pools_load(void);

/* NULL if there is none of this name; loads the peers if need be. */
const struct bench_pool_ops *bench_pool_find(const char *name);

struct bench_limit_words {
	enum bench_limit limit;
	const char *name;
	const char *text; /* why a program does not run it */
};

/* Ended by a NULL name. */
extern const struct bench_limit_words bench_limits[];

/* NULL if the pool can do all that is needed, else why it cannot. */
const char *bench_pool_lacks(const struct bench_pool_ops *ops, unsigned needs);

/* ops->submit_many, or one submit for each job where a pool has none. */
int bench_submit_many(const struct bench_pool_ops *ops, struct bench_pool *pool,
		const struct bench_job *jobs, size_t nr_jobs);

#endif
