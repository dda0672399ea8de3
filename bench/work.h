/* SPDX-License-Identifier: MIT */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H
/*
 * Work of a known length: a chain of multiplications, each of which needs the
 * one before. It does not watch the clock: a job that is preempted still has
 * all its work to do, as real jobs have.
 */
#include "clock.h"

static inline uint64_t work(uint64_t iterations)
{
	uint64_t value = iterations;

	for (uint64_t i = 0; i < iterations; i++) {
		value = value * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(value)); /* keep every step */
	}
	return value;
}

/* Steps in 1000 ns: the fastest of many short trials, so undisturbed. */
static inline uint64_t work_per_us(void)
{
	const uint64_t steps = 20000;
	uint64_t best_ns = UINT64_MAX;

	for (int trial = 0; trial < 200; trial++) {
		uint64_t began_ns = now_ns();
		uint64_t took_ns;

		work(steps);
		took_ns = now_ns() - began_ns;
		if (took_ns < best_ns)
			best_ns = took_ns;
	}
	return steps * 1000 / best_ns;
}

#endif
