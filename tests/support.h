/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H
/* What the cases share about pools. */
#include <stdatomic.h>

#include "../runtime/rota.h"
#include "harness.h"

/* These two end the case on failure. */
struct rota_pool *make_pool(unsigned workers, unsigned capacity,
		enum rota_full_policy policy);
struct rota_pool *make_pool_with(const struct rota_options *options);
void end_pool(struct rota_pool *pool); /* destroy must return 0 */
struct rota_stats stats_of(struct rota_pool *pool);
/* Wait for rest, then: submitted == ran + dropped, nothing queued, running. */
void check_rest(struct rota_pool *pool);
/* Wait until all workers sleep. */
void wait_all_parked(struct rota_pool *pool);

/* A job that holds a worker until it is released. */
struct blocker {
	struct latch entered;
	struct latch released;
	atomic_bool is_done;
};

void blocker_run(void *blocker);
void blocker_init(struct blocker *blocker);
/* Returns when a worker is in it. */
void blocker_hold(struct blocker *blocker, struct rota_pool *pool);
void blocker_release(struct blocker *blocker);

/* Jobs that must start in order, 1, 2, 3 in each line: for one worker. */
enum { NR_STEP_LINES = 256 };
void step_run(void *step);
void *step_of(unsigned line, unsigned step);
unsigned steps_done(unsigned line); /* after a drain */

void count_run(void *counter); /* atomic_uint */
void nothing_run(void *arg);

/* Calls stop the case if *progress stands still for 10 s. */
struct watchdog {
	struct rota_pool *pool; /* its stats are printed; or NULL */
	atomic_ulong progress;
	atomic_bool is_over;
	pthread_t thread;
};

void watchdog_start(struct watchdog *dog, struct rota_pool *pool);
void watchdog_feed(struct watchdog *dog);
void watchdog_stop(struct watchdog *dog);
void note_stats(struct rota_pool *pool);

/* Of a stress case, from ROTA_STRESS_MS. */
uint64_t stress_end_ns(void);

#endif
