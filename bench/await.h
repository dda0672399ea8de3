/* SPDX-License-Identifier: MIT */
#ifndef BENCH_AWAIT_H
#define BENCH_AWAIT_H
/*
 * Waits until so many jobs have been counted (tally.h), but not for ever: a
 * pool that has lost some is not asked to end, it might never do so. For what
 * is not timed; it looks once in a millisecond.
 */
#include <stdbool.h>

#include "clock.h"
#include "stalled.h"
#include "tally.h"

static inline bool await_jobs(uint64_t nr_jobs)
{
	uint64_t moved_ns = now_ns(), before = 0;

	for (;;) {
		uint64_t count = tally_sum().count, now = now_ns();

		if (count >= nr_jobs)
			return true;
		if (count != before)
			moved_ns = now;
		else if (now - moved_ns > STALLED_NS)
			return false;
		before = count;
		sleep_until_ns(now + 1000000);
	}
}

#endif
