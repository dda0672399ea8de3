/* SPDX-License-Identifier: MIT */
#ifndef ROTA_EVENTCOUNT_H
#define ROTA_EVENTCOUNT_H
/*
 * Who sleeps, who searches, whom to wake. After D. Vyukov's second eventcount
 * (the one in Eigen's pool), with the searcher counts of Go and tokio.
 *
 * One 64-bit word, read by each submit, written only when a worker changes
 * state:
 *
 *	TOP 9	parked worker last pushed + 1; 0: nobody is parked
 *	PRE 9	workers that announced they will park and look once more
 *	CLOSED	the pool takes no more jobs; set once
 *	NOISY	submitters need a full fence: there are no heavy ones here
 *	SIG 9	grants: announced workers that must not park; SIG <= PRE
 *	SRCH 9	searchers: workers that look for jobs, or were woken to
 *	FENCED	since submitters last saw TOP and PRE empty there was a heavy
 *		fence: a worker that parks beside others needs none
 *	VER 25	version of TOP, set by who pushes: the same worker must park
 *		2^25 times within one notify to fool its CAS
 *
 * None of the fields may be stale: each change is a CAS or an add.
 *
 *	worker				submitter
 *	prepare:  PRE+1, heavy fence	publish the job
 *	 (if FENCED: a full fence)
 *	look at the queue again		light fence
 *	commit or cancel		read the word: anybody to tell?
 *
 * Either the submitter reads the announcement, or the worker sees the job.
 * Each searcher looks again after it gave the role back, so a submitter that
 * sees one (or an unconsumed grant) may leave the waking to it.
 */
#include "sys/atomic.h"
#include <stdbool.h>
#include <stdint.h>

enum { PARK_EMPTY, PARK_SLEEPING, PARK_NOTIFIED };

struct ec_waiter {
	alignas(CACHELINE) _Atomic uint32_t park; /* A: PARK_*, a futex */
	_Atomic uint64_t next;	/* A: TOP and VER of who is below */
	uint64_t version;	/* W: how often it was pushed */
	unsigned chain_first;	/* P: whom to wake first when woken, */
	unsigned chain_length;	/* P: handed over by park */
	bool is_searcher;	/* W: one of the SRCH */
	_Atomic uint64_t parks; /* S: times that it went to sleep */
};

struct eventcount {
	alignas(2 * CACHELINE) _Atomic uint64_t word; /* A */
	/* I */
	alignas(2 * CACHELINE) struct ec_waiter *waiters;
	unsigned nr_waiters;
	/* A: futex wake calls */
	alignas(CACHELINE) _Atomic uint64_t wakes;
};

#define EC_MAX_WAITERS 511u

void ec_init(struct eventcount *ec, struct ec_waiter *waiters, unsigned nr,
		bool has_heavy_fence);

/* Read after the job was published, see pool_published(): need the submitter do
 * anything more, because somebody is parked or announced, or it is closed? */
static inline bool ec_is_calm(uint64_t word)
{
	return !(word & 0xfffff); /* TOP, PRE, CLOSED, NOISY */
}

static inline bool ec_has_waiters(uint64_t word)
{
	return word & 0x3ffff; /* TOP or PRE */
}

static inline bool ec_is_closed(uint64_t word)
{
	return word & 0x40000;
}

static inline unsigned ec_searchers(uint64_t word)
{
	return (unsigned)((word >> 29 & 511) + (word >> 20 & 511));
}

/* Somebody is parked, and nobody searches, was told to, or will look again. */
static inline bool ec_just_sleeps(uint64_t word)
{
	return (word & 511) && !(word >> 9 & 511) && !ec_searchers(word);
}

/* See to it that `wanted` workers search. lock-free; at most two futex calls,
 * the woken wake the others. */
void ec_notify(struct eventcount *ec, unsigned wanted);
/* No worker stays parked, no announced one parks. lock-free. */
void ec_notify_all(struct eventcount *ec);
/* Submitters that read the word from now on are told. A heavy fence. */
void ec_close(struct eventcount *ec);

/* Become a searcher, if there are not enough. */
bool ec_try_search(struct eventcount *ec, struct ec_waiter *self);
/* A job was found: give the role back. The caller must look again. */
void ec_leave_search(struct eventcount *ec, struct ec_waiter *self);

/* Announce; then look again, then exactly one of the other three. */
void ec_prepare(struct eventcount *ec, struct ec_waiter *self);
void ec_cancel(struct eventcount *ec, struct ec_waiter *self);
void ec_quit(struct eventcount *ec, struct ec_waiter *self);
/* Sleep until notified. Cancel and commit make the caller a searcher. */
void ec_commit(struct eventcount *ec, struct ec_waiter *self);

/* For who announced something else that submitters look at: pairs with the light
 * fence of those who read the word. */
void ec_heavy_fence(struct eventcount *ec);

/* Workers parked at this moment. */
unsigned ec_parked(struct eventcount *ec);

#endif
