/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_OUTCOMES_H
#define TESTS_UNIT_OUTCOMES_H
/* What became of the jobs of a case, and what the pool says became of them. */
#include <errno.h>

#include "../support.h"

static atomic_uint nr_ran, nr_dropped, last_reason;

/* A job that says who it was. */
static inline void answer_run(void *arg)
{
	(void)rota_set_result((intptr_t)arg);
	atomic_fetch_add(&nr_ran, 1);
}

static inline void note_drop(void *arg, enum rota_drop_reason reason)
{
	(void)arg;
	atomic_store(&last_reason, reason);
	atomic_fetch_add(&nr_dropped, 1);
}

static inline void check_balance(
		struct rota_pool *pool, uint64_t ran, uint64_t dropped)
{
	struct rota_stats stats = {.size = sizeof(stats)};

	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	CHECK_EQ(rota_pool_stats(pool, &stats), 0);
	CHECK_EQ(stats.submitted, ran + dropped);
	CHECK_EQ(stats.ran, ran);
	CHECK_EQ(stats.dropped, dropped);
}

#endif
