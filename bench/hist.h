/* SPDX-License-Identifier: MIT */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H
/*
 * Log-linear histogram: 128 equal buckets to each power of two, so a value is
 * kept with a relative error of at most 1/128 (0.8 %); below 128 it is exact.
 */
#include <stdint.h>

#define HIST_SUB_BITS 7
#define HIST_SUB      (1u << HIST_SUB_BITS)
#define HIST_BUCKETS  ((64 - HIST_SUB_BITS + 1) * HIST_SUB)

struct hist {
	uint64_t count;
	uint64_t max;
	uint64_t buckets[HIST_BUCKETS];
};

static inline unsigned hist_bucket(uint64_t value)
{
	unsigned shift = 0;

	if (value >= HIST_SUB)
		shift = 63 - HIST_SUB_BITS - (unsigned)__builtin_clzll(value);
	/* value >> shift is in HIST_SUB .. 2 * HIST_SUB - 1, but for shift 0 */
	return shift * HIST_SUB + (unsigned)(value >> shift);
}

/* The largest value that falls into the bucket. */
static inline uint64_t hist_bucket_max(unsigned bucket)
{
	unsigned shift = bucket < 2 * HIST_SUB ? 0 : bucket / HIST_SUB - 1;
	uint64_t lowest = bucket - shift * HIST_SUB;

	return (lowest << shift) + ((UINT64_C(1) << shift) - 1);
}

static inline void hist_add(struct hist *hist, uint64_t value)
{
	hist->buckets[hist_bucket(value)]++;
	hist->count++;
	if (value > hist->max)
		hist->max = value;
}

/* What another thread has seen. */
static inline void hist_merge(struct hist *hist, const struct hist *other)
{
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		hist->buckets[i] += other->buckets[i];
	hist->count += other->count;
	if (other->max > hist->max)
		hist->max = other->max;
}

/* The smallest value that at least this share (0 .. 1) does not exceed. */
static inline uint64_t hist_quantile(const struct hist *hist, double share)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		seen += hist->buckets[i];
		if (seen && (double)seen >= share * (double)hist->count) {
			uint64_t value = hist_bucket_max(i);

			return value < hist->max ? value : hist->max;
		}
	}
	return hist->max;
}

#endif
