/* SPDX-License-Identifier: MIT */
#ifndef ROTA_LANE_H
#define ROTA_LANE_H
/*
 * One submitter's way to the workers: only its owner pushes, anybody takes.
 *
 * The algorithm is that of Concurrency Kit's SPMC ring (plain stores and no RMW
 * to push, one CAS to take), with three differences that its calls do not
 * allow: tickets have 64 bits, so that a taker which slept for any time still
 * loses its CAS; a taker takes several jobs with one CAS; and the owner looks
 * at `head`, whose line the takers write, only when its last look leaves no
 * room.
 *
 *	ticket	head .. tail-1 are queued; ticket t is in slots[t & mask]
 *	ring	where a range of tickets lives; a full lane goes on in a ring
 *		twice as large, from ticket `end` of the old one on
 *
 * Push is wait-free but for growing. Take is lock-free: who loses the CAS lost
 * to a taker that got jobs.
 */
#include "rota.h"
#include "sys/atomic.h"
#include <stdbool.h>

struct worker;

struct lane_ring {
	uint64_t first;			  /* I: the first ticket in it */
	uint64_t mask;			  /* I: slots - 1 */
	_Atomic uint64_t end;		  /* A: the first ticket not in it */
	_Atomic(struct lane_ring *) next; /* A: set once, before `end` */
	struct lane_ring *left_next;	  /* see lanes.c */
	struct rota_job *slots;		  /* I */
};

/* Legend: O its owner only, passed on with `owner`; A shared; I constant. */
struct lane {
	alignas(2 * CACHELINE) _Atomic uint64_t tail; /* A: owner writes */
	_Atomic uint64_t room_end;  /* A: no push from here on; 0: closed */
	struct rota_job *slots;	    /* O: of the last ring */
	uint64_t mask;		    /* O: of the last ring */
	struct lane_ring *last;	    /* O */
	_Atomic uint64_t uncounted; /* A: owner writes; tickets of no submit */
	struct worker *worker;	    /* I: whose it is; NULL: not a worker's */

	alignas(2 * CACHELINE) _Atomic uint64_t head; /* A */
	_Atomic(struct lane_ring *) ring;	      /* A: where head is */

	alignas(2 * CACHELINE) _Atomic uintptr_t owner; /* A: 0: nobody */
	_Atomic uint32_t is_sealed; /* A: closed, and found empty */
};

static_assert(offsetof(struct lane, uncounted) < CACHELINE, "one line");
static_assert(offsetof(struct lane, head) % (2 * CACHELINE) == 0, "its own");
static_assert(offsetof(struct lane, owner) % (2 * CACHELINE) == 0, "its own");
static_assert(sizeof(struct lane_ring) <= CACHELINE, "one line");

/* With this ring, which is initialised, for its first. */
void lane_init(struct lane *lane, struct lane_ring *ring);
/* nr_slots is a power of two. */
void lane_ring_init(struct lane_ring *ring, uint64_t first, uint64_t nr_slots,
		struct rota_job *slots);
/* Owner: look again whether there is room; false: full. */
bool lane_make_room(struct lane *lane);
/* Owner: go on in a larger ring; false: no memory. */
bool lane_grow(struct lane *lane);
void lane_free_rings(struct lane *lane);
/* NULL: no memory. */
struct lane_ring *lane_ring_map(uint64_t first, uint64_t nr_slots);
void lane_ring_free(struct lane_ring *ring);

/* Owner: the job is queued, or false: see lane_make_room(). */
static inline bool lane_push_one(struct lane *lane, rota_run_fn run, void *arg)
{
	/* relaxed: only the owner writes */
	uint64_t tail = atomic_load_explicit(&lane->tail, memory_order_relaxed);
	struct rota_job job = {run, arg};

	/* relaxed: a close that it misses is found by [pool.F1] */
	if (tail >= atomic_load_explicit(&lane->room_end, memory_order_relaxed))
		return false;
	copy_words(&lane->slots[tail & lane->mask], &job, sizeof(job));
	/* [lane.R1] release; pairs with [lane.A1]: who reads tail reads the
	 * slots, and what the submitter wrote before. */
	atomic_store_explicit(&lane->tail, tail + 1, memory_order_release);
	return true;
}

/* Owner: queue as many as there is room for. */
unsigned lane_push(struct lane *lane, const struct rota_job *jobs, size_t nr);

/* A moment's truth. */
static inline uint64_t lane_count(struct lane *lane)
{
	/* head first: it never passes tail */
	uint64_t head = atomic_load_explicit(&lane->head, memory_order_acquire);

	/* acquire: as [lane.A1] */
	return atomic_load_explicit(&lane->tail, memory_order_acquire) - head;
}

/*
 * Move up to `max` jobs, oldest first, to the lane `to`: it is the caller's own
 * and has room. Returns how many; 0: empty. Adds to *ret_left the rings that it
 * was the one to leave: nobody enters them any more.
 */
unsigned lane_move(struct lane *lane, unsigned max, struct lane *to,
		struct lane_ring **ret_left);

/* Owner, if it has room: a job that was accepted elsewhere. */
void lane_append(struct lane *to, const struct rota_job *job);

/* A worker takes its own oldest job; its lane has one ring for ever, with
 * `slots`. Sets *ret_ticket too. */
static inline bool lane_take_own(struct lane *lane, struct rota_job *slots,
		uint64_t mask, struct rota_job *ret_job, uint64_t *ret_ticket)
{
	/* [lane.A1] acquire; pairs with [lane.R1]. */
	uint64_t head = atomic_load_explicit(&lane->head, memory_order_acquire);

	/* relaxed: its own */
	while (head != atomic_load_explicit(
				       &lane->tail, memory_order_relaxed)) {
		copy_words(ret_job, &slots[head & mask], sizeof(*ret_job));
		*ret_ticket = head;
		/* [lane.R2] release; pairs with [lane.A2]: the slot is read
		 * before its owner may write it again. */
		if (atomic_compare_exchange_weak_explicit(&lane->head, &head,
				    head + 1, memory_order_acq_rel,
				    memory_order_acquire))
			return true;
	}
	return false;
}

#endif
