/* SPDX-License-Identifier: MIT */
#ifndef SERVER_DEADLINE_H
#define SERVER_DEADLINE_H
/*
 * Deadlines: absolute, CLOCK_MONOTONIC nanoseconds.
 */
#include "../clock.h"

#define NS_PER_MS UINT64_C(1000000)

static inline uint64_t deadline_after_ms(unsigned ms)
{
	return now_ns() + ms * NS_PER_MS;
}

/* For poll(): rounded up, so that it does not end early; 0 if passed. */
static inline int deadline_ms_left(uint64_t deadline_ns)
{
	uint64_t now = now_ns();

	if (deadline_ns <= now)
		return 0;
	return (int)((deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS);
}

#endif
