/* SPDX-License-Identifier: MIT */
#ifndef BENCH_EVENT_H
#define BENCH_EVENT_H
/*
 * Something that happens again and again, and one thread, or so many, that sleep
 * in the kernel until it has happened the n-th time. The same for every pool: no
 * pool is asked whether its jobs are done.
 */
#include <linux/futex.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

struct event {
	alignas(64) _Atomic uint32_t times; /* the futex */
	uint64_t at_ns;			    /* of the latest time */
};

/* By one thread at a time; so many may wait for it. */
static inline void event_happen_for(
		struct event *event, uint64_t at_ns, int nr_waiters)
{
	uint32_t times = atomic_load_explicit(
			&event->times, memory_order_relaxed);

	event->at_ns = at_ns;
	atomic_store_explicit(&event->times, times + 1, memory_order_release);
	syscall(SYS_futex, &event->times, FUTEX_WAKE_PRIVATE, nr_waiters, NULL,
			NULL, 0);
}

static inline void event_happen(struct event *event, uint64_t at_ns)
{
	event_happen_for(event, at_ns, 1);
}

/* True if it has happened so many times; false after the timeout. */
static inline bool event_wait(
		struct event *event, uint32_t times, uint64_t timeout_ns)
{
	uint64_t deadline_ns = now_ns() + timeout_ns;

	for (;;) {
		uint32_t seen = atomic_load_explicit(
				&event->times, memory_order_acquire);
		uint64_t left_ns, now = 0;
		struct timespec timeout;

		if (seen == times)
			return true;
		now = now_ns();
		if (now >= deadline_ns)
			return false;
		left_ns = deadline_ns - now;
		timeout.tv_sec = (time_t)(left_ns / 1000000000u);
		timeout.tv_nsec = (long)(left_ns % 1000000000u);
		syscall(SYS_futex, &event->times, FUTEX_WAIT_PRIVATE, seen,
				&timeout, NULL, 0);
	}
}

#endif
