/* SPDX-License-Identifier: MIT */
#ifndef ROTA_LANE_H
#define ROTA_LANE_H
/*
 * One submitter's way to the workers: only its owner pushes, anybody takes the
 * oldest, and a worker takes the newest of its own lane.
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
 *
 * A lane whose owner takes the newest is the deque of Chase and Lev (SPAA 2005)
 * in the C11 form that Le, Pop, Cohen and Zappa Nardelli proved (PPoPP 2013); it
 * does not grow, and others take one job at a time.
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
	struct lane_ring *left_next;	  /* see lanes_move.c */
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
	_Atomic uint64_t pops;	    /* A: owner writes; newest jobs taken */
	uint64_t told;		    /* O: tail when it last woke a worker */

	alignas(2 * CACHELINE) _Atomic uint64_t head; /* A */
	_Atomic(struct lane_ring *) ring;	      /* A: where head is */
	struct worker *worker; /* I: whose it is; NULL: not a worker's */

	alignas(2 * CACHELINE) _Atomic uintptr_t owner; /* A: 0: nobody */
	_Atomic uint32_t is_sealed; /* A: closed, and found empty */
};

static_assert(offsetof(struct lane, head) == 2 * CACHELINE,
		"after the owner's");
static_assert(offsetof(struct lane, told) < CACHELINE, "one line");
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
/* This one and those that follow it. */
void lane_free_rings_from(struct lane_ring *ring);
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
	/* head first: it never passes tail but for a moment, while the owner
	 * tries for the newest. Acquire: as [lane.A1] */
	uint64_t head = atomic_load_explicit(&lane->head, memory_order_acquire);
	uint64_t tail = atomic_load_explicit(&lane->tail, memory_order_acquire);

	return tail > head ? tail - head : 0;
}

/* To its owner: nobody adds, others may take. */
static inline bool lane_seems_empty(struct lane *lane)
{
	return atomic_load_explicit(&lane->tail, memory_order_relaxed) ==
	       atomic_load_explicit(&lane->head, memory_order_relaxed);
}

/* Jobs ever accepted by way of it; never too few, for a moment too many. */
uint64_t lane_accepted(struct lane *lane);

/*
 * Move up to `max` jobs, oldest first, to the lane `to`: it is the caller's own
 * and has room. Returns how many; 0: empty. Adds to *ret_left the rings that it
 * was the one to leave: nobody enters them any more.
 */
unsigned lane_move(struct lane *lane, unsigned max, struct lane *to,
		struct lane_ring **ret_left);

/* Owner, if it has room: a job that was accepted elsewhere. */
void lane_append(struct lane *to, const struct rota_job *job);

/* Take the oldest of a lane that has one ring for ever, with `slots`, and of
 * which nobody takes the newest at the same time. */
static inline bool lane_take_oldest(struct lane *lane, struct rota_job *slots,
		uint64_t mask, struct rota_job *ret_job)
{
	uint64_t head = atomic_load_explicit(&lane->head, memory_order_acquire);

	/* [lane.A1] acquire; pairs with [lane.R1]. */
	while (head != atomic_load_explicit(
				       &lane->tail, memory_order_acquire)) {
		copy_words(ret_job, &slots[head & mask], sizeof(*ret_job));
		/* [lane.R2] release; pairs with [lane.A2]: the slot is read
		 * before its owner may write it again. */
		if (atomic_compare_exchange_weak_explicit(&lane->head, &head,
				    head + 1, memory_order_acq_rel,
				    memory_order_acquire))
			return true;
	}
	return false;
}

/* All tickets of this ring are taken: go on in the next one. */
void lane_leave_ring(struct lane *lane, struct lane_ring *ring);

/* Is there a ticket from head on? *seen is the tail that the caller saw last, 0
 * at first: the owner's line is fetched only when that says no. */
static inline bool lane_sees_more(
		struct lane *lane, uint64_t head, uint64_t *seen)
{
	if (head < *seen)
		return true;
	/* acquire: as [lane.A1] */
	*seen = atomic_load_explicit(&lane->tail, memory_order_acquire);
	return head < *seen;
}

/* Take the oldest of a lane that grows, whose rings are never freed, and of
 * which nobody takes the newest. */
static inline bool lane_take_one(
		struct lane *lane, uint64_t *seen, struct rota_job *ret_job)
{
	uint64_t head = atomic_load_explicit(&lane->head, memory_order_acquire);

	while (lane_sees_more(lane, head, seen)) {
		/* acquire: as [lane.A3] */
		struct lane_ring *ring = atomic_load_explicit(
				&lane->ring, memory_order_acquire);

		/* relaxed: as in lane_move() */
		if (__builtin_expect(
				    head >= atomic_load_explicit(&ring->end,
							    memory_order_relaxed),
				    0)) {
			lane_leave_ring(lane, ring);
			head = atomic_load_explicit(
					&lane->head, memory_order_acquire);
			continue;
		}
		/* if the ring is a later one, head has moved and the CAS fails */
		copy_words(ret_job, &ring->slots[head & ring->mask],
				sizeof(*ret_job));
		/* release: as [lane.R2] */
		if (atomic_compare_exchange_weak_explicit(&lane->head, &head,
				    head + 1, memory_order_acq_rel,
				    memory_order_acquire))
			return true;
	}
	return false;
}

/* The owner takes the oldest, if it is this job. */
static inline bool lane_take_oldest_if(struct lane *lane,
		struct rota_job *slots, uint64_t mask, struct rota_job wanted)
{
	uint64_t head = atomic_load_explicit(&lane->head, memory_order_acquire);
	struct rota_job job;

	/* relaxed: its own */
	if (head == atomic_load_explicit(&lane->tail, memory_order_relaxed))
		return false;
	copy_words(&job, &slots[head & mask], sizeof(job));
	/* acq_rel: as [lane.R2] */
	return job.run == wanted.run && job.arg == wanted.arg &&
	       atomic_compare_exchange_strong_explicit(&lane->head, &head,
			       head + 1, memory_order_acq_rel,
			       memory_order_relaxed);
}

/* Owner: is the oldest this job, or, if it was asked before, are *end and those
 * older, too? Its slots are read by the owner, who alone writes them. */
static inline bool lane_oldest_are(struct lane *lane, struct rota_job *slots,
		uint64_t mask, uint64_t *end, struct rota_job wanted)
{
	/* relaxed: its own; what others take meanwhile is found by the CAS */
	uint64_t head = atomic_load_explicit(&lane->head, memory_order_relaxed);
	uint64_t at = *end > head ? *end : head;
	struct rota_job *job = &slots[at & mask];

	if (at == atomic_load_explicit(&lane->tail, memory_order_relaxed) ||
			job->run != wanted.run || job->arg != wanted.arg)
		return false;
	*end = at + 1;
	return true;
}

/* Owner: take the oldest up to there, unread: how many. */
static inline unsigned lane_take_until(struct lane *lane, uint64_t end)
{
	uint64_t head = atomic_load_explicit(&lane->head, memory_order_relaxed);

	while (head < end)
		/* acq_rel: as [lane.R2] */
		if (atomic_compare_exchange_weak_explicit(&lane->head, &head,
				    end, memory_order_acq_rel,
				    memory_order_relaxed))
			return (unsigned)(end - head);
	return 0;
}

/* The owner takes the newest, likewise. */
static inline bool lane_take_newest(struct lane *lane, struct rota_job *slots,
		uint64_t mask, struct rota_job *ret_job)
{
	uint64_t tail = atomic_load_explicit(&lane->tail, memory_order_relaxed);
	uint64_t head;
	bool is_ours;

	if (lane_seems_empty(lane))
		return false;
	/* relaxed: before the release below, see lane_accepted() */
	add_alone(&lane->pops, 1, memory_order_relaxed);
	/* [lane.R4] release; pairs with [lane.A4]. */
	atomic_store_explicit(&lane->tail, --tail, memory_order_release);
	/* [lane.F1] full fence; pairs with [lane.F2]. Orders the claim before
	 * the look at head. Forbids: a taker and the owner get the same job. */
	fence_full();
	head = atomic_load_explicit(&lane->head, memory_order_relaxed);
	copy_words(ret_job, &slots[tail & mask], sizeof(*ret_job));
	if (head < tail)
		return true;
	/* the last one, perhaps: whoever moves head gets it. seq_cst: as the
	 * proof has it, [lane.R2] */
	is_ours = head == tail &&
		  atomic_compare_exchange_strong_explicit(&lane->head, &head,
				  head + 1, memory_order_seq_cst,
				  memory_order_relaxed);
	atomic_store_explicit(&lane->tail, tail + 1, memory_order_relaxed);
	/* [lane.R5] release; pairs with [lane.A5]: tail, as it was. */
	add_alone(&lane->uncounted, 1, memory_order_release);
	return is_ours;
}

/* The owner takes the newest, if it is this job. Its slot is read by the owner,
 * who alone writes it. */
static inline bool lane_take_newest_if(struct lane *lane,
		struct rota_job *slots, uint64_t mask, struct rota_job wanted)
{
	/* relaxed: its own */
	uint64_t tail = atomic_load_explicit(&lane->tail, memory_order_relaxed);
	struct rota_job job;

	if (lane_seems_empty(lane))
		return false;
	job = slots[(tail - 1) & mask];
	return job.run == wanted.run && job.arg == wanted.arg &&
	       lane_take_newest(lane, slots, mask, &job);
}

#endif
