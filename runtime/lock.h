/* SPDX-License-Identifier: MIT */
#ifndef ROTA_LOCK_H
#define ROTA_LOCK_H
/* A lock that sleeps, for what is done seldom: no submit and no worker on its way
 * from job to job takes it. */
#include "sys/atomic.h"
#include "sys/os.h"

struct lock {
	_Atomic uint32_t word; /* A: LOCK_*, a futex */
};

enum { LOCK_FREE, LOCK_TAKEN, LOCK_AWAITED };

static inline void lock_take(struct lock *lock)
{
	uint32_t state = LOCK_FREE;

	/* [lock.A1] acquire; pairs with [lock.R1]: what the holder before did.
	 * Who had to wait does not know whether others still do. */
	if (atomic_compare_exchange_strong_explicit(&lock->word, &state,
			    LOCK_TAKEN, memory_order_acquire,
			    memory_order_relaxed))
		return;
	while (atomic_exchange_explicit(&lock->word, LOCK_AWAITED,
			       memory_order_acquire) != LOCK_FREE)
		os_futex_wait(&lock->word, LOCK_AWAITED, OS_NO_DEADLINE);
}

static inline void lock_release(struct lock *lock)
{
	/* [lock.R1] release; pairs with [lock.A1]. */
	if (atomic_exchange_explicit(&lock->word, LOCK_FREE,
			    memory_order_release) == LOCK_AWAITED)
		os_futex_wake(&lock->word, 1);
}

#endif
