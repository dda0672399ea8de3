/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MEDIAN_H
#define BENCH_MEDIAN_H
/* The median of some times; of an even number, the mean of the middle two. */
#include <stdint.h>
#include <stdlib.h>

static inline int median_compare(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

/* Sorts them. */
static inline double median_of(uint64_t *times, uint64_t nr)
{
	qsort(times, nr, sizeof(*times), median_compare);
	return (double)(times[(nr - 1) / 2] + times[nr / 2]) / 2;
}

#endif
