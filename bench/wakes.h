/* SPDX-License-Identifier: MIT */
#ifndef BENCH_WAKES_H
#define BENCH_WAKES_H
/* How many wakes a pool has sent so far; 0 of one that does not tell. */
#include "pool.h"

static inline uint64_t wakes_of(
		const struct bench_pool_ops *ops, struct bench_pool *pool)
{
	struct bench_counts counts = {0};

	if (ops->counts)
		ops->counts(pool, &counts);
	return counts.wakes;
}

#endif
