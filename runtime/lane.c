/* SPDX-License-Identifier: MIT */
#include "lane.h"
#include "sys/os.h"
#include "tune.h"

/* The slots follow, from the next cache line on. */
static size_t ring_bytes(uint64_t nr_slots)
{
	return CACHELINE + nr_slots * sizeof(struct rota_job);
}

void lane_ring_init(struct lane_ring *ring, uint64_t first, uint64_t nr_slots,
		struct rota_job *slots)
{
	ring->first = first;
	ring->mask = nr_slots - 1;
	ring->slots = slots;
	atomic_init(&ring->end, UINT64_MAX);
}

struct lane_ring *lane_ring_map(uint64_t first, uint64_t nr_slots)
{
	struct lane_ring *ring = os_pages_map(ring_bytes(nr_slots));

	if (ring)
		lane_ring_init(ring, first, nr_slots,
				(struct rota_job *)((char *)ring + CACHELINE));
	return ring;
}

void lane_ring_free(struct lane_ring *ring)
{
	os_pages_unmap(ring, ring_bytes(ring->mask + 1));
}

/* Push to this ring from now on. */
static void use(struct lane *lane, struct lane_ring *ring)
{
	lane->last = ring;
	lane->slots = ring->slots;
	lane->mask = ring->mask;
}

void lane_init(struct lane *lane, struct lane_ring *ring)
{
	use(lane, ring);
	atomic_init(&lane->ring, ring);
	atomic_init(&lane->room_end, ring->mask + 1);
}

bool lane_make_room(struct lane *lane)
{
	/* [lane.A2] acquire; pairs with [lane.R2]: slots below head were read
	 * before they are written again. */
	uint64_t head = atomic_load_explicit(&lane->head, memory_order_acquire);
	uint64_t tail = atomic_load_explicit(&lane->tail, memory_order_relaxed);
	uint64_t end;

	if (head < lane->last->first)
		head = lane->last->first;
	end = head + lane->mask + 1;
	/* relaxed: the owner's, and see lanes_close() */
	atomic_store_explicit(&lane->room_end, end, memory_order_relaxed);
	return tail < end;
}

bool lane_grow(struct lane *lane)
{
	uint64_t tail = atomic_load_explicit(&lane->tail, memory_order_relaxed);
	uint64_t nr_slots = lane->mask + 1;
	struct lane_ring *ring, *last = lane->last;

	if (nr_slots < LANE_MAX_SLOTS)
		nr_slots *= 2;
	ring = lane_ring_map(tail, nr_slots);
	if (!ring)
		return false;
	/* relaxed: both are published by `tail`, [lane.R1]; a taker that does
	 * not see them sees no ticket beyond `end` either */
	atomic_store_explicit(&last->next, ring, memory_order_relaxed);
	atomic_store_explicit(&last->end, tail, memory_order_relaxed);
	use(lane, ring);
	return true;
}

void lane_free_rings_from(struct lane_ring *ring)
{
	while (ring) {
		struct lane_ring *next = atomic_load_explicit(
				&ring->next, memory_order_relaxed);

		lane_ring_free(ring);
		ring = next;
	}
}

void lane_free_rings(struct lane *lane)
{
	lane_free_rings_from(atomic_load_explicit(
			&lane->ring, memory_order_relaxed));
}

unsigned lane_push(struct lane *lane, const struct rota_job *jobs, size_t nr)
{
	uint64_t tail = atomic_load_explicit(&lane->tail, memory_order_relaxed);
	uint64_t end = atomic_load_explicit(
			&lane->room_end, memory_order_relaxed);
	uint64_t first; /* so many to the end of the ring */

	if (tail >= end)
		return 0;
	if (nr > end - tail)
		nr = end - tail;
	first = lane->mask + 1 - (tail & lane->mask);
	if (first > nr)
		first = nr;
	copy_words(&lane->slots[tail & lane->mask], jobs,
			first * sizeof(*jobs));
	copy_words(lane->slots, jobs + first, (nr - first) * sizeof(*jobs));
	/* release: as [lane.R1] */
	atomic_store_explicit(&lane->tail, tail + nr, memory_order_release);
	return (unsigned)nr;
}

/* To the free slots behind the tail of `to`, which does not move yet. */
static void copy_behind(struct lane *to, struct lane_ring *ring,
		uint64_t ticket, unsigned nr)
{
	uint64_t at = atomic_load_explicit(&to->tail, memory_order_relaxed);

	while (nr) {
		uint64_t from = ticket & ring->mask, into = at & to->mask;
		uint64_t run = nr; /* to the end of both rings at most */

		if (run > ring->mask + 1 - from)
			run = ring->mask + 1 - from;
		if (run > to->mask + 1 - into)
			run = to->mask + 1 - into;
		copy_words(&to->slots[into], &ring->slots[from],
				run * sizeof(struct rota_job));
		ticket += run;
		at += run;
		nr -= (unsigned)run;
	}
}

/* What was copied there is queued now. */
static void append(struct lane *to, unsigned nr)
{
	/* release: as [lane.R1] */
	add_alone(&to->tail, nr, memory_order_release);
}

void lane_append(struct lane *to, const struct rota_job *job)
{
	uint64_t at = atomic_load_explicit(&to->tail, memory_order_relaxed);

	copy_words(&to->slots[at & to->mask], job, sizeof(*job));
	append(to, 1);
}

/* No ticket is left in this ring: go on in the next one; true: it was us. */
static bool leave_ring(struct lane *lane, struct lane_ring *ring)
{
	/* relaxed: as in lane_grow() */
	struct lane_ring *next =
			atomic_load_explicit(&ring->next, memory_order_relaxed);

	/* [lane.R3] release; pairs with [lane.A3]: the next ring is seen
	 * initialised. Relaxed on failure: another was faster. */
	return atomic_compare_exchange_strong_explicit(&lane->ring, &ring, next,
			memory_order_release, memory_order_relaxed);
}

void lane_leave_ring(struct lane *lane, struct lane_ring *ring)
{
	leave_ring(lane, ring);
}

unsigned lane_move(struct lane *lane, unsigned max, struct lane *to,
		struct lane_ring **ret_left)
{
	for (unsigned losses = 0;;) {
		uint64_t head = atomic_load_explicit(
				&lane->head, memory_order_acquire);
		struct lane_ring *ring;
		uint64_t tail, end;
		unsigned nr;

		/* [lane.F2] full fence; pairs with [lane.F1]. Orders head
		 * before tail. */
		fence_full();
		/* acquire: as [lane.A1] */
		tail = atomic_load_explicit(&lane->tail, memory_order_acquire);
		if (head >= tail)
			return 0;
		/* [lane.A3] acquire; pairs with [lane.R3]. */
		ring = atomic_load_explicit(&lane->ring, memory_order_acquire);
		/* relaxed: as in lane_grow() */
		end = atomic_load_explicit(&ring->end, memory_order_relaxed);
		if (head >= end) {
			if (leave_ring(lane, ring)) {
				ring->left_next = *ret_left;
				*ret_left = ring;
			}
			continue;
		}
		if (tail > end)
			tail = end;
		nr = tail - head < max ? (unsigned)(tail - head) : max;
		copy_behind(to, ring, head, nr);
		/* release: as [lane.R2]; seq_cst: as the proof has it */
		if (atomic_compare_exchange_strong_explicit(&lane->head, &head,
				    head + nr, memory_order_seq_cst,
				    memory_order_relaxed)) {
			append(to, nr);
			return nr;
		}
		/* another was faster; two that fight for each job get less
		 * done than one, but not if they meet once in a while */
		if (losses++)
			os_yield();
	}
}

uint64_t lane_accepted(struct lane *lane)
{
	/* In this order: what makes the sum smaller is read before what made
	 * it larger, so that a change on the way reads as too many. A drain
	 * that read too few would take the pool to be at rest. */
	/* [lane.A5] acquire; pairs with [lane.R5]. */
	uint64_t uncounted = atomic_load_explicit(
			&lane->uncounted, memory_order_acquire);
	/* [lane.A4] acquire; pairs with [lane.R4]: who sees a job taken away
	 * sees it in pops. */
	uint64_t tail = atomic_load_explicit(&lane->tail, memory_order_acquire);

	return tail - uncounted +
	       atomic_load_explicit(&lane->pops, memory_order_relaxed);
}
