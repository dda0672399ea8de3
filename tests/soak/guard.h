/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SOAK_GUARD_H
#define TESTS_SOAK_GUARD_H
/*
 * One who looks on: jobs are never queued, and nothing moves, while workers
 * are parked. A machine that is busy elsewhere may look so for a moment; so on
 * the suspicion the submitters are held, that they rescue nobody, and then the
 * jobs must move without them.
 */
#include "../support.h"

struct guard {
	pthread_mutex_t lock; /* of the pool: not to be destroyed now */
	struct rota_pool *pool;
	unsigned generation;
	atomic_bool holds;
	atomic_bool is_over;
	unsigned nr_looks, nr_suspicions;
	pthread_t thread;
};

void guard_start(struct guard *guard);
/* From now on this one; NULL: none. */
void guard_watch(struct guard *guard, struct rota_pool *pool);
/* Submitters, between submits. */
void guard_pass(struct guard *guard);
void guard_stop(struct guard *guard);

#endif
