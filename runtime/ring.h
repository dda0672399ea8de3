/* SPDX-License-Identifier: MIT */
#ifndef ROTA_RING_H
#define ROTA_RING_H
/*
 * One Concurrency Kit MPMC ring of 16-byte jobs behind a gate; the only file
 * that includes CK.
 *
 * CK's own MPMC enqueue takes a ticket (CAS on p_head), copies, then spins
 * until every earlier ticket is committed (p_tail). When threads outnumber
 * CPUs, one preempted ticket holder makes all others spin while they hold
 * tickets themselves, and throughput falls some hundredfold. The gate: a
 * ticket is taken only while none is out,
 *
 *	open     p_head == p_tail		the next CAS on p_head wins it
 *	held     0 < p_head - p_tail < size	one submitter copies its jobs
 *	closed   p_head - p_tail == size	held for ever: no job enters again
 *
 * so a waiter holds nothing and yields (15 pauses first were slower, 3 made no
 * difference), the holder commits without waiting, and whatever only submitters
 * use needs no further lock. Closing is the same CAS with a larger step; nothing
 * is in flight once it succeeded.
 *
 * Push is blocking (on the holder of the gate). Pop is CK's: lock-free.
 * Indices are 32-bit tickets: a consumer that sleeps between reading c_head
 * and its CAS for exactly 2^32 pops would win with a stale slot.
 */
#include "rota.h"
#include "sys/atomic.h"
#include "sys/os.h"
#include "tune.h"
#include <ck_cc.h>
#include <ck_md.h>
#include <ck_pr.h>
#include <ck_stdbool.h>
#include <ck_string.h>
#if !defined(__x86_64__) && !defined(__i386__)
/* CK 0.7.1 does not order the slot read before the c_head CAS on weakly
 * ordered CPUs (upstream c7945fe, in no release). */
#define ck_pr_fence_store_atomic ck_pr_fence_memory
#endif
#define memcpy copy_words
#include <ck_ring.h>
#undef memcpy

CK_RING_PROTOTYPE(job, rota_job)

struct ring {
	alignas(CACHELINE) ck_ring_t ck; /* C: see the layout checks below */
	unsigned limit;			 /* I: jobs it may hold, < ck.size */
	size_t bytes;			 /* I: of the whole mapping */
	struct rota_job *slots;		 /* I */
	_Atomic(struct ring *) next;	 /* A: set once, by who closed this */
	/* G: written by the holder of the gate only */
	alignas(CACHELINE) _Atomic unsigned seen_c_head; /* a past c_head */
	_Atomic uint64_t pushed; /* jobs ever, earlier rings included */
};

static_assert(offsetof(struct ring, ck.c_head) / CACHELINE == 0, "line 0");
static_assert(offsetof(struct ring, ck.p_tail) / CACHELINE == 1, "line 1");
static_assert(offsetof(struct ring, ck.p_head) / CACHELINE == 1, "line 1");
static_assert(offsetof(struct ring, ck.mask) / CACHELINE == 2, "line 2");
static_assert(offsetof(struct ring, next) / CACHELINE == 2, "line 2");
static_assert(offsetof(struct ring, seen_c_head) / CACHELINE == 3, "line 3");
static_assert(sizeof(struct rota_job) == 16, "a job is two words");

/* Distances between tickets are compared as signed numbers. */
#define RING_MAX_SLOTS (1u << 30)
static_assert(ROTA_MAX_CAPACITY < RING_MAX_SLOTS, "a ring holds size - 1");

enum ring_state { RING_OPEN, RING_HELD, RING_CLOSED };

/* Where the gate is, and the ticket to ask for if it is open. */
static inline enum ring_state ring_gate(struct ring *ring, unsigned *ret_head)
{
	unsigned head = ck_pr_load_uint(&ring->ck.p_head);
	unsigned tail;

	/* p_tail is read second and never passes p_head. If the two are equal
	 * and p_head still is `head` at the CAS, no ticket was out between.
	 * If they are a whole ring apart, only closing can have done it. */
	ck_pr_fence_load();
	tail = ck_pr_load_uint(&ring->ck.p_tail);
	*ret_head = head;
	if (head == tail)
		return RING_OPEN;
	return (int)(head - tail) >= (int)ring->ck.size ? RING_CLOSED
							: RING_HELD;
}

static inline bool ring_is_closed(struct ring *ring)
{
	unsigned head;

	return ring_gate(ring, &head) == RING_CLOSED;
}

/* Exact if the ring is closed, else a moment's truth. */
static inline unsigned ring_count(struct ring *ring)
{
	unsigned head = ck_pr_load_uint(&ring->ck.c_head);

	ck_pr_fence_load();
	return ck_pr_load_uint(&ring->ck.p_tail) - head;
}

/* The gate was won for the tickets from head on: fill their slots, commit. */
static inline void ring_commit(struct ring *ring, const struct rota_job *jobs,
		unsigned head, unsigned nr_jobs)
{
	add_alone(&ring->pushed, nr_jobs, memory_order_relaxed);
	for (unsigned i = 0; i < nr_jobs; i++)
		copy_words(&ring->slots[(head + i) & ring->ck.mask], &jobs[i],
				sizeof(jobs[i]));
	/* [ring.R1] release; pairs with [ring.A1]: who reads p_tail reads the
	 * slots, and what the submitter wrote before. */
	ck_pr_fence_store();
	ck_pr_store_uint(&ring->ck.p_tail, head + nr_jobs);
}

/* A past c_head. Relaxed: any is a safe lower bound, and this one is younger
 * than `limit` pushes. */
static inline unsigned ring_seen_c_head(struct ring *ring)
{
	return atomic_load_explicit(&ring->seen_c_head, memory_order_relaxed);
}

/* The common case, without waiting; false: see what ring_push() says. */
static inline bool ring_push_one(struct ring *ring, const struct rota_job *job)
{
	unsigned head;

	if (ring_gate(ring, &head) != RING_OPEN ||
			head - ring_seen_c_head(ring) >= ring->limit ||
			!ck_pr_cas_uint(&ring->ck.p_head, head, head + 1))
		return false;
	ring_commit(ring, job, head, 1);
	return true;
}

enum ring_push_result { RING_PUSHED, RING_IS_FULL, RING_IS_CLOSED };

/* Push as many of the jobs as there is room for, at least one. */
static inline enum ring_push_result ring_push(struct ring *ring,
		const struct rota_job *jobs, unsigned nr_jobs,
		unsigned *ret_pushed)
{
	unsigned head, consumed, room, waits = 0;

	for (;;) {
		switch (ring_gate(ring, &head)) {
		case RING_OPEN:
			break;
		case RING_HELD:
			os_step_aside(&waits);
			continue;
		case RING_CLOSED:
			return RING_IS_CLOSED;
		}
		consumed = ring_seen_c_head(ring);
		if (head - consumed >= ring->limit) {
			/* [ring.A2] acquire, by the CAS below; pairs with
			 * [ring.R2]: the slots are read before they are
			 * written again. */
			consumed = ck_pr_load_uint(&ring->ck.c_head);
			if (head - consumed >= ring->limit) {
				/* full, unless `head` is stale */
				ck_pr_fence_load();
				if (ck_pr_load_uint(&ring->ck.p_head) == head)
					return RING_IS_FULL;
				continue;
			}
		}
		room = ring->limit - (head - consumed);
		if (room > nr_jobs)
			room = nr_jobs;
		if (ck_pr_cas_uint(&ring->ck.p_head, head, head + room))
			break;
	}
	/* relaxed: see ring_seen_c_head() */
	atomic_store_explicit(
			&ring->seen_c_head, consumed, memory_order_relaxed);
	ring_commit(ring, jobs, head, room);
	*ret_pushed = room;
	return RING_PUSHED;
}

/* The oldest job, to look at; false: there is none, or it was taken. */
static inline bool ring_first(struct ring *ring, struct rota_job *ret_job)
{
	unsigned head = ck_pr_load_uint(&ring->ck.c_head);

	ck_pr_fence_load();
	if (ck_pr_load_uint(&ring->ck.p_tail) == head)
		return false;
	/* as [ring.A1]: p_tail before the slot, and the slot before c_head */
	ck_pr_fence_load();
	copy_words(ret_job, &ring->slots[head & ring->ck.mask],
			sizeof(*ret_job));
	ck_pr_fence_load();
	return ck_pr_load_uint(&ring->ck.c_head) == head;
}

/* [ring.A1] acquire, inside CK, p_tail before the slot; pairs with [ring.R1]. */
/* [ring.R2] release, inside CK, the slot before c_head; pairs with [ring.A2]. */
/* The oldest job; false: there was none, or somebody else was faster. */
static inline bool ring_pop(struct ring *ring, struct rota_job *ret_job)
{
	return ck_ring_trydequeue_mpmc_job(&ring->ck, ring->slots, ret_job);
}

/* Shut the gate for ever; false if somebody else did. */
static inline bool ring_close(struct ring *ring)
{
	unsigned head, waits = 0;

	for (;;) {
		switch (ring_gate(ring, &head)) {
		case RING_OPEN:
			if (ck_pr_cas_uint(&ring->ck.p_head, head,
					    head + ring->ck.size))
				return true;
			break;
		case RING_HELD:
			os_step_aside(&waits);
			break;
		case RING_CLOSED:
			return false;
		}
	}
}

#endif
