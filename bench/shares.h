/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHARES_H
#define BENCH_SHARES_H
/*
 * How even are some shares? Jain's index, the square of the sum over n times
 * the sum of the squares: 1 if all are equal, 1/n if one has all.
 */
#include <stdint.h>

struct shares {
	uint64_t nr, total, min, max;
	double squares;
};

static inline void shares_add(struct shares *shares, uint64_t share)
{
	if (shares->nr == 0 || share < shares->min)
		shares->min = share;
	if (share > shares->max)
		shares->max = share;
	shares->nr++;
	shares->total += share;
	shares->squares += (double)share * (double)share;
}

static inline double shares_jain(const struct shares *shares)
{
	return shares->squares ? (double)shares->total * (double)shares->total /
						 ((double)shares->nr *
								 shares->squares)
			       : 0;
}

#endif
