/* SPDX-License-Identifier: MIT */
#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H
/*
 * Proof that each job ran exactly once, for two adds per job on a cache line
 * that only the running thread writes.
 *
 * Each thread sums a 64-bit mix of the ids of the jobs that it ran. If count
 * and sum of all threads together equal those of the ids submitted, the jobs
 * ran once each: a lost and a doubled job would have to meet in a 64-bit hash.
 * (An array with a byte per job would be shared between workers, 64 jobs to a
 * line, and slow down the better pools most.)
 */
#include <stdalign.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef TALLY_THREADS
#define TALLY_THREADS 2048
#endif

struct tally {
	/* written by one thread, read by the main thread while it waits */
	alignas(128) _Atomic uint64_t count;
	_Atomic uint64_t sum;
};

struct tally_total {
	uint64_t count;
	uint64_t sum;
};

static struct tally tally_of[TALLY_THREADS];
static atomic_uint tally_threads;
static _Thread_local struct tally *tally_mine;

static inline uint64_t tally_mix(uint64_t id)
{
	id = (id ^ (id >> 31)) * 0x7fb5d329728ea185u;
	id = (id ^ (id >> 27)) * 0x81dadef4bc2dd44du;
	return id ^ (id >> 33);
}

static inline struct tally *tally_claim(void)
{
	unsigned index = atomic_fetch_add_explicit(
			&tally_threads, 1, memory_order_relaxed);

	if (index >= TALLY_THREADS) {
		fputs("more threads ran jobs than can be counted\n", stderr);
		exit(1);
	}
	return &tally_of[index];
}

/* Called by job number id. */
static inline void tally_job(uint64_t id)
{
	struct tally *mine = tally_mine;
	uint64_t count, sum;

	if (!mine)
		mine = tally_mine = tally_claim();
	count = atomic_load_explicit(&mine->count, memory_order_relaxed);
	sum = atomic_load_explicit(&mine->sum, memory_order_relaxed);
	atomic_store_explicit(
			&mine->sum, sum + tally_mix(id), memory_order_relaxed);
	/* the reader that sees the count sees the sum */
	atomic_store_explicit(&mine->count, count + 1, memory_order_release);
}

static inline struct tally_total tally_sum(void)
{
	unsigned nr_threads = atomic_load_explicit(
			&tally_threads, memory_order_relaxed);
	struct tally_total total = {0, 0};

	for (unsigned i = 0; i < nr_threads && i < TALLY_THREADS; i++) {
		total.count += atomic_load_explicit(
				&tally_of[i].count, memory_order_acquire);
		total.sum += atomic_load_explicit(
				&tally_of[i].sum, memory_order_relaxed);
	}
	return total;
}

/* What ids 0 .. nr_ids-1 must add up to. */
static inline struct tally_total tally_expected(uint64_t nr_ids)
{
	struct tally_total total = {nr_ids, 0};

	for (uint64_t id = 0; id < nr_ids; id++)
		total.sum += tally_mix(id);
	return total;
}

/* True if exactly those ids ran that add up to this; else it says why not. */
static inline bool tally_matches(const char *program, const char *pool,
		struct tally_total expected)
{
	struct tally_total got = tally_sum();

	if (got.count == expected.count && got.sum == expected.sum)
		return true;
	fprintf(stderr,
			"%s: %s: WRONG: of %" PRIu64 " jobs, %" PRIu64
			" ran, checksum %s\n",
			program, pool, expected.count, got.count,
			got.sum == expected.sum ? "ok" : "differs");
	return false;
}

/* The same for the ids 0 .. nr_ids-1. */
static inline bool tally_is_exact(
		const char *program, const char *pool, uint64_t nr_ids)
{
	return tally_matches(program, pool, tally_expected(nr_ids));
}

#endif
