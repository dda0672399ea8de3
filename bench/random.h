/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RANDOM_H
#define BENCH_RANDOM_H
/* Random numbers of a seed, the same on every machine (splitmix64). */
#include <math.h>
#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t value = *state += 0x9e3779b97f4a7c15u;

	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
	return value ^ (value >> 31);
}

/* Above 0, at most 1. */
static inline double random_share(uint64_t *state)
{
	return (double)((random_next(state) >> 11) + 1) * 0x1p-53;
}

/* Gaps of this distribution make a Poisson process. */
static inline double random_exponential(uint64_t *state, double mean)
{
	return -mean * log(random_share(state));
}

#endif
