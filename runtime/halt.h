/* SPDX-License-Identifier: MIT */
#ifndef ROTA_HALT_H
#define ROTA_HALT_H
/*
 * For a thread of the pool that is no worker: it stands still when it is asked
 * to, at a place where it has nothing in hand.
 *
 *	who asks			the thread
 *	GO -> ASKED, wake it		asked? ASKED -> HELD, tell, sleep
 *	wait for HELD or GONE		... until GO
 *	-> GO, wake it			at its end: GONE, for good
 *
 * A thread that is started while it is ASKED stands still before all else.
 */
#include "sys/atomic.h"
#include "sys/os.h"

enum { HALT_GO, HALT_ASKED, HALT_HELD, HALT_GONE };

struct halt {
	_Atomic uint32_t word; /* A: HALT_*, a futex */
};

static inline bool halt_is_asked(struct halt *halt)
{
	/* relaxed: who asks wakes the thread afterwards */
	return atomic_load_explicit(&halt->word, memory_order_relaxed) !=
	       HALT_GO;
}

/* The thread: stand still as long as it is asked to. */
static inline void halt_here(struct halt *halt)
{
	uint32_t word = HALT_ASKED;

	/* [halt.A1] acquire; pairs with [halt.R2]: what was done meanwhile. */
	while (atomic_load_explicit(&halt->word, memory_order_acquire) !=
			HALT_GO) {
		word = HALT_ASKED;
		/* [halt.R1] release; pairs with [halt.A2]: what it did before
		 * is done. */
		if (atomic_compare_exchange_strong_explicit(&halt->word, &word,
				    HALT_HELD, memory_order_release,
				    memory_order_relaxed))
			os_futex_wake(&halt->word, UINT32_MAX);
		os_futex_wait(&halt->word, HALT_HELD, OS_NO_DEADLINE);
	}
}

/* The thread: this was the last thing that it did for the pool. */
static inline void halt_leave(struct halt *halt)
{
	/* release: as [halt.R1] */
	atomic_store_explicit(&halt->word, HALT_GONE, memory_order_release);
	os_futex_wake(&halt->word, UINT32_MAX);
}

/* These three by one thread at a time. The caller wakes it. */
static inline void halt_ask(struct halt *halt)
{
	uint32_t go = HALT_GO;

	/* relaxed: it is told by what wakes it */
	atomic_compare_exchange_strong_explicit(&halt->word, &go, HALT_ASKED,
			memory_order_relaxed, memory_order_relaxed);
}

static inline void halt_end(struct halt *halt)
{
	uint32_t word = atomic_load_explicit(&halt->word, memory_order_relaxed);

	do {
		if (word == HALT_GONE)
			return;
		/* [halt.R2] release; pairs with [halt.A1]. */
	} while (!atomic_compare_exchange_weak_explicit(&halt->word, &word,
			HALT_GO, memory_order_release, memory_order_relaxed));
	os_futex_wake(&halt->word, UINT32_MAX);
}

/* By any: until it stands still, was asked no more, or is gone. 0 or
 * -ETIMEDOUT. */
static inline int halt_wait(struct halt *halt, uint64_t deadline_ns)
{
	int error = 0;

	/* [halt.A2] acquire; pairs with [halt.R1]. */
	while (atomic_load_explicit(&halt->word, memory_order_acquire) ==
			HALT_ASKED) {
		if (error)
			return error;
		error = os_futex_wait(&halt->word, HALT_ASKED, deadline_ns);
	}
	return 0;
}

#endif
