/* SPDX-License-Identifier: MIT */
#ifndef BENCH_VIEW_H
#define BENCH_VIEW_H
/*
 * What a pool may tell beyond struct bench_counts, for the pages of the server.
 */
#include <stdbool.h>
#include <stdint.h>

#define BENCH_BUCKETS 64

/* Bucket i: times of 2^i to 2^(i+1)-1 ns; bucket 0 those of 0 ns too. */
struct bench_times {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t max_ns;
	uint64_t buckets[BENCH_BUCKETS];
};

struct bench_view {
	uint64_t parks;
	uint64_t stuck_jobs;
	uint64_t stalls;
	uint64_t rescues;
	bool is_measured; /* what follows is known */
	uint64_t oldest_wait_ns;
	struct bench_times wait, run;
};

struct bench_worker {
	const char *state;
	uint64_t ran;
	uint64_t running_ns; /* in its present job; 0: in none, or unknown */
};

#endif
