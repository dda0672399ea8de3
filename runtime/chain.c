/* SPDX-License-Identifier: MIT */
#include "chain.h"
#include "ring.h"
#include <errno.h>

/* What the last ring's next is once the channel is closed. */
static struct ring end_of_chain;
#define END (&end_of_chain)

static struct ring *ring_create(unsigned slots, unsigned limit)
{
	size_t header = (sizeof(struct ring) + OS_PAGE_MAX - 1) / OS_PAGE_MAX *
			OS_PAGE_MAX;
	size_t bytes = header + slots * sizeof(struct rota_job);
	struct ring *ring = os_pages_map(bytes);

	if (!ring)
		return NULL;
	ck_ring_init(&ring->ck, slots);
	ring->limit = limit;
	ring->bytes = bytes;
	ring->slots = (struct rota_job *)((char *)ring + header);
	return ring;
}

/* Nobody will push to it or pop from it; somebody may still look. */
static void ring_retire(struct ring *ring)
{
	os_pages_discard(ring->slots, ring->ck.size * sizeof(struct rota_job));
}

/* [chain.A1] acquire; pairs with [chain.R1]: the linked ring is seen
 * initialised. */
static struct ring *ring_next(struct ring *ring)
{
	return atomic_load_explicit(&ring->next, memory_order_acquire);
}

static int init(struct chain *chain, unsigned slots, unsigned limit)
{
	struct ring *ring = ring_create(slots, limit);

	if (!ring)
		return -ENOMEM;
	chain->first = ring;
	atomic_init(&chain->head, ring);
	atomic_init(&chain->tail, ring);
	return 0;
}

int chain_init_small(struct chain *chain, unsigned first_slots)
{
	chain->is_bounded = false;
	return init(chain, first_slots, first_slots - 1);
}

int chain_init(struct chain *chain, unsigned capacity)
{
	unsigned slots = 4;

	if (!capacity)
		return chain_init_small(chain, RING_FIRST_SLOTS);
	while (slots - 1 < capacity)
		slots *= 2;
	chain->is_bounded = true;
	return init(chain, slots, capacity);
}

void chain_fini(struct chain *chain)
{
	struct ring *ring = chain->first;

	while (ring && ring != END) {
		struct ring *next = ring_next(ring);

		os_pages_unmap(ring, ring->bytes);
		ring = next;
	}
}

/* A closed ring gets its successor at once from who closed it. */
static struct ring *wait_for_next(struct ring *ring)
{
	struct ring *next;
	unsigned waits = 0;

	while (!(next = ring_next(ring)))
		os_step_aside(&waits);
	return next;
}

static void link_next(struct ring *ring, struct ring *next)
{
	/* [chain.R1] release; pairs with [chain.A1]. */
	atomic_store_explicit(&ring->next, next, memory_order_release);
}

/* From `*slot == ring` to next; whoever is first does it for all. */
static bool advance(_Atomic(struct ring *) *slot, struct ring *ring,
		struct ring *next)
{
	/* [chain.R2] release; pairs with [chain.A2]: who reads the new
	 * ring from the slot sees it initialised. Relaxed on failure: the
	 * value is not used. */
	return atomic_compare_exchange_strong_explicit(slot, &ring, next,
			memory_order_release, memory_order_relaxed);
}

/* [chain.A2] acquire; pairs with [chain.R2]. */
static struct ring *ring_at(_Atomic(struct ring *) *slot)
{
	return atomic_load_explicit(slot, memory_order_acquire);
}

/* A full ring of an unbounded channel: close it, link one twice as large. */
static bool grow(struct ring *ring)
{
	unsigned slots = ring->ck.size;
	struct ring *next;

	if (slots >= RING_MAX_SLOTS)
		return false;
	next = ring_create(slots * 2, slots * 2 - 1);
	if (!next)
		return false;
	if (ring_close(ring)) {
		/* relaxed: the gate of `ring` is shut behind every writer */
		atomic_store_explicit(&next->pushed,
				atomic_load_explicit(&ring->pushed,
						memory_order_relaxed),
				memory_order_relaxed);
		link_next(ring, next);
	} else {
		os_pages_unmap(next, next->bytes);
	}
	return true;
}

bool chain_push_one(struct chain *chain, struct rota_job job)
{
	return ring_push_one(ring_at(&chain->tail), &job);
}

enum chain_result chain_push(struct chain *chain, const struct rota_job *jobs,
		size_t nr_jobs, size_t *ret_pushed)
{
	unsigned wanted = nr_jobs < ROTA_MAX_CAPACITY ? (unsigned)nr_jobs
						      : ROTA_MAX_CAPACITY;
	struct ring *ring = ring_at(&chain->tail), *next;
	unsigned pushed, yields = 0;

	for (;;) {
		switch (ring_push(ring, jobs, wanted, &pushed)) {
		case RING_PUSHED:
			*ret_pushed = pushed;
			return CHAIN_OK;
		case RING_IS_FULL:
			if (chain->is_bounded)
				return CHAIN_IS_FULL;
			if (yields++ < GROW_YIELDS)
				os_yield();
			else if (!grow(ring))
				return CHAIN_NO_MEMORY;
			break;
		case RING_IS_CLOSED:
			next = wait_for_next(ring);
			if (next == END)
				return CHAIN_IS_CLOSED;
			advance(&chain->tail, ring, next);
			ring = next;
			break;
		}
	}
}

bool chain_pop(struct chain *chain, struct rota_job *ret_job)
{
	unsigned losses = 0;

	for (;;) {
		struct ring *ring = ring_at(&chain->head), *next;

		if (ring_pop(ring, ret_job))
			return true;
		if (ring_count(ring)) {
			/* another worker was faster; two that fight for each
			 * job get less done than one, but not if they meet
			 * once in a while */
			if (losses++)
				os_yield();
			continue;
		}
		if (!ring_is_closed(ring))
			return false;
		if (ring_count(ring))
			continue; /* pushed before it was closed */
		next = ring_next(ring);
		if (!next || next == END)
			return false;
		if (advance(&chain->head, ring, next))
			ring_retire(ring);
	}
}

bool chain_first(struct chain *chain, struct rota_job *ret_job)
{
	struct ring *ring = ring_at(&chain->head);

	for (; ring && ring != END; ring = ring_next(ring))
		if (ring_count(ring))
			return ring_first(ring, ret_job);
	return false;
}

enum chain_state chain_look(struct chain *chain)
{
	struct ring *ring = ring_at(&chain->head);

	for (;;) {
		if (ring_count(ring))
			return CHAIN_HAS_WORK;
		if (!ring_is_closed(ring))
			return CHAIN_IS_EMPTY;
		if (ring_count(ring)) /* exact now */
			return CHAIN_HAS_WORK;
		ring = ring_next(ring);
		if (!ring)
			return CHAIN_IS_EMPTY; /* its grower will notify */
		if (ring == END)
			return CHAIN_IS_FINISHED;
	}
}

void chain_close(struct chain *chain)
{
	struct ring *ring = ring_at(&chain->tail);

	for (;;) {
		if (ring_close(ring)) {
			link_next(ring, END);
			return;
		}
		ring = wait_for_next(ring);
		if (ring == END)
			return;
	}
}

uint64_t chain_accepted(struct chain *chain)
{
	struct ring *ring = ring_at(&chain->tail);

	for (;;) {
		struct ring *next = ring_next(ring);

		if (!next || next == END)
			/* relaxed: see ring.h, written under the gate */
			return atomic_load_explicit(
					&ring->pushed, memory_order_relaxed);
		ring = next;
	}
}

unsigned chain_ticket(struct chain *chain)
{
	return ck_pr_load_uint(&ring_at(&chain->tail)->ck.p_tail);
}

uint64_t chain_queued(struct chain *chain)
{
	struct ring *ring = ring_at(&chain->head);
	uint64_t queued = 0;

	for (; ring && ring != END; ring = ring_next(ring))
		queued += ring_count(ring);
	return queued;
}
