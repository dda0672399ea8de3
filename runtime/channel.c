/* SPDX-License-Identifier: MIT */
#include "channel.h"
#include "ring.h"
#include <errno.h>

/* What the last ring's next is once the channel is closed. */
static struct ring end_of_channel;
#define END (&end_of_channel)

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

/* [channel.A1] acquire; pairs with [channel.R1]: the linked ring is seen
 * initialised. */
static struct ring *ring_next(struct ring *ring)
{
	return atomic_load_explicit(&ring->next, memory_order_acquire);
}

int channel_init(struct channel *channel, unsigned capacity)
{
	unsigned slots = RING_FIRST_SLOTS, limit = slots - 1;
	struct ring *ring;

	if (capacity) {
		limit = capacity;
		for (slots = 4; slots - 1 < capacity; slots *= 2)
			;
	}
	ring = ring_create(slots, limit);
	if (!ring)
		return -ENOMEM;
	channel->first = ring;
	channel->is_bounded = capacity != 0;
	atomic_init(&channel->head, ring);
	atomic_init(&channel->tail, ring);
	return 0;
}

void channel_fini(struct channel *channel)
{
	struct ring *ring = channel->first;

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
	/* [channel.R1] release; pairs with [channel.A1]. */
	atomic_store_explicit(&ring->next, next, memory_order_release);
}

/* From `*slot == ring` to next; whoever is first does it for all. */
static bool advance(_Atomic(struct ring *) *slot, struct ring *ring,
		struct ring *next)
{
	/* [channel.R2] release; pairs with [channel.A2]: who reads the new
	 * ring from the slot sees it initialised. Relaxed on failure: the
	 * value is not used. */
	return atomic_compare_exchange_strong_explicit(slot, &ring, next,
			memory_order_release, memory_order_relaxed);
}

/* [channel.A2] acquire; pairs with [channel.R2]. */
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

bool channel_push_one(struct channel *channel, struct rota_job job)
{
	return ring_push_one(ring_at(&channel->tail), &job);
}

enum channel_result channel_push(struct channel *channel,
		const struct rota_job *jobs, size_t nr_jobs, size_t *ret_pushed)
{
	unsigned wanted = nr_jobs < ROTA_MAX_CAPACITY ? (unsigned)nr_jobs
						      : ROTA_MAX_CAPACITY;
	struct ring *ring = ring_at(&channel->tail), *next;
	unsigned pushed, yields = 0;

	for (;;) {
		switch (ring_push(ring, jobs, wanted, &pushed)) {
		case RING_PUSHED:
			*ret_pushed = pushed;
			return CHANNEL_OK;
		case RING_IS_FULL:
			if (channel->is_bounded)
				return CHANNEL_IS_FULL;
			if (yields++ < GROW_YIELDS)
				os_yield();
			else if (!grow(ring))
				return CHANNEL_NO_MEMORY;
			break;
		case RING_IS_CLOSED:
			next = wait_for_next(ring);
			if (next == END)
				return CHANNEL_IS_CLOSED;
			advance(&channel->tail, ring, next);
			ring = next;
			break;
		}
	}
}

bool channel_pop(struct channel *channel, struct rota_job *ret_job)
{
	unsigned losses = 0;

	for (;;) {
		struct ring *ring = ring_at(&channel->head), *next;

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
		if (advance(&channel->head, ring, next))
			ring_retire(ring);
	}
}

enum channel_state channel_look(struct channel *channel)
{
	struct ring *ring = ring_at(&channel->head);

	for (;;) {
		if (ring_count(ring))
			return CHANNEL_HAS_WORK;
		if (!ring_is_closed(ring))
			return CHANNEL_IS_EMPTY;
		if (ring_count(ring)) /* exact now */
			return CHANNEL_HAS_WORK;
		ring = ring_next(ring);
		if (!ring)
			return CHANNEL_IS_EMPTY; /* its grower will notify */
		if (ring == END)
			return CHANNEL_IS_FINISHED;
	}
}

void channel_close(struct channel *channel)
{
	struct ring *ring = ring_at(&channel->tail);

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

uint64_t channel_accepted(struct channel *channel)
{
	struct ring *ring = ring_at(&channel->tail);

	for (;;) {
		struct ring *next = ring_next(ring);

		if (!next || next == END)
			/* relaxed: see ring.h, written under the gate */
			return atomic_load_explicit(
					&ring->pushed, memory_order_relaxed);
		ring = next;
	}
}

unsigned channel_ticket(struct channel *channel)
{
	return ck_pr_load_uint(&ring_at(&channel->tail)->ck.p_tail);
}

uint64_t channel_queued(struct channel *channel)
{
	struct ring *ring = ring_at(&channel->head);
	uint64_t queued = 0;

	for (; ring && ring != END; ring = ring_next(ring))
		queued += ring_count(ring);
	return queued;
}
