/* SPDX-License-Identifier: MIT */
#ifndef BENCH_GATE_H
#define BENCH_GATE_H
/*
 * Jobs that hold every worker until the program lets them all go: whatever is
 * submitted meanwhile stays queued.
 */
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "pool.h"
#include "stalled.h"

struct gate {
	_Atomic uint32_t is_open; /* the futex */
	_Atomic uint32_t inside;  /* jobs that got here */
};

/* A job: the argument is the gate. */
static inline void gate_job(void *arg)
{
	struct gate *gate = arg;

	atomic_fetch_add_explicit(&gate->inside, 1, memory_order_release);
	while (!atomic_load_explicit(&gate->is_open, memory_order_acquire))
		syscall(SYS_futex, &gate->is_open, FUTEX_WAIT_PRIVATE, 0, NULL,
				NULL, 0);
}

/* Hold all workers of a pool that has nothing else to do; 0 or -errno. */
static inline int gate_close(struct gate *gate,
		const struct bench_pool_ops *ops, struct bench_pool *pool,
		unsigned workers)
{
	uint64_t began_ns = now_ns();

	atomic_store_explicit(&gate->is_open, 0, memory_order_relaxed);
	atomic_store_explicit(&gate->inside, 0, memory_order_relaxed);
	for (unsigned i = 0; i < workers; i++) {
		int error = ops->submit(pool, gate_job, gate);

		if (error)
			return error;
	}
	while (atomic_load_explicit(&gate->inside, memory_order_acquire) <
			workers) {
		if (now_ns() - began_ns > STALLED_NS)
			return -ETIMEDOUT;
		sleep_until_ns(now_ns() + 50000);
	}
	return 0;
}

static inline void gate_open(struct gate *gate)
{
	atomic_store_explicit(&gate->is_open, 1, memory_order_release);
	syscall(SYS_futex, &gate->is_open, FUTEX_WAKE_PRIVATE, INT_MAX, NULL,
			NULL, 0);
}

#endif
