/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SOAK_TALLY_H
#define TESTS_SOAK_TALLY_H
/* Jobs by number and by the sum of what stands for each: one that is lost and
 * one that runs twice do not cancel out. */
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

/* Written by one thread, read by others. */
struct tally {
	alignas(64) atomic_ullong nr;
	atomic_ullong sum;
};

static inline uint64_t tally_mix(uint64_t id)
{
	id = (id ^ (id >> 31)) * 0x9e3779b97f4a7c15ull;
	return id ^ (id >> 29);
}

static inline void tally_add(struct tally *tally, uint64_t nr, uint64_t sum)
{
	atomic_store_explicit(&tally->nr,
			atomic_load_explicit(&tally->nr, memory_order_relaxed) +
					nr,
			memory_order_relaxed);
	atomic_store_explicit(&tally->sum,
			atomic_load_explicit(
					&tally->sum, memory_order_relaxed) +
					sum,
			memory_order_release);
}

/* For those that many threads write. */
static inline void tally_share(struct tally *tally, uint64_t nr, uint64_t sum)
{
	atomic_fetch_add(&tally->nr, nr);
	atomic_fetch_add(&tally->sum, sum);
}

#endif
