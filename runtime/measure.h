/* SPDX-License-Identifier: MIT */
#ifndef ROTA_MEASURE_H
#define ROTA_MEASURE_H
/*
 * How long jobs wait and run, in pools that were asked to know it.
 *
 * A measured pool has no room on the straight path of a submit: see
 * lanes_go_round(). On the way round each job is put into a box with the time;
 * MOOD_MEASURED makes workers take it out again. So whoever does not measure
 * pays nothing. A job that finds no memory for its box goes as it is, and only
 * its wait is not known.
 *
 * The boxes are of one kind and live as long as the pool: who looks at a job
 * that was taken meanwhile reads the time of another one, never other memory.
 */
#include "box.h"

struct rota_pool;
struct worker;

/* Jobs that one call wraps at once. */
enum { MEASURE_BATCH = 32 };

struct times {
	_Atomic uint64_t buckets[ROTA_HISTOGRAM_BUCKETS]; /* S */
	_Atomic uint64_t all_ns;			  /* S */
	_Atomic uint64_t longest_ns;			  /* S */
};

struct measure {
	struct boxes boxes;
	/* for each worker */
	struct measured {
		alignas(2 * CACHELINE) struct times times[2]; /* by kind */
		_Atomic uint64_t since_ns; /* S: of its job; 0: it has none */
	} workers[];
};

/* 0 or -ENOMEM. */
int measure_init(struct rota_pool *pool);
/* No job is left. */
void measure_fini(struct rota_pool *pool);

/* Each job with the time of now, or without if there is no memory. */
void measure_wrap(struct rota_pool *pool, const struct rota_job *jobs,
		size_t nr_jobs, struct rota_job *ret_timed);
/* What was wrapped; returns when, 0: it was not. Any job of any pool. */
uint64_t measure_unwrap(struct rota_job *job);

/* Worker: unwrap it, run it, and keep both times. */
void measure_run(struct worker *self, struct rota_job job);

/* It ended its thread. */
void measure_lost(struct worker *self);

/* For how long a worker is in its job; 0: in none, or it is not known. */
uint64_t measure_running_ns(struct rota_pool *pool, unsigned worker);
/* See struct rota_stats. */
uint64_t measure_oldest_ns(struct rota_pool *pool);

#endif
