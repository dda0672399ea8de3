/* SPDX-License-Identifier: MIT */
/*
 * The ring inside rota's `ring` channel, without what is around it: Concurrency
 * Kit's, for jobs of 16 bytes, behind a gate (runtime/ring.h). The lanes of the
 * other channel have one submitter each and are no queue for all.
 */
#include "../../runtime/ring.h"

#include "queue.h"

#include <stdlib.h>

static void *create(void)
{
	struct ring *ring = aligned_alloc(CACHELINE, sizeof(*ring));

	if (!ring)
		return NULL;
	memset(ring, 0, sizeof(*ring));
	ck_ring_init(&ring->ck, QUEUE_CAPACITY);
	ring->limit = QUEUE_CAPACITY - 1;
	ring->slots = calloc(QUEUE_CAPACITY, sizeof(*ring->slots));
	if (!ring->slots) {
		free(ring);
		return NULL;
	}
	return ring;
}

static bool push(void *queue, uint64_t value)
{
	struct rota_job job = {NULL, (void *)(uintptr_t)value};
	unsigned pushed;

	return ring_push_one(queue, &job) ||
	       ring_push(queue, &job, 1, &pushed) == RING_PUSHED;
}

static bool pop(void *queue, uint64_t *ret_value)
{
	struct rota_job job;

	if (!ring_pop(queue, &job))
		return false;
	*ret_value = (uintptr_t)job.arg;
	return true;
}

static void destroy(void *queue)
{
	struct ring *ring = queue;

	free(ring->slots);
	free(ring);
}

const struct queue_ops queue_rota_ring = {
		"rota-ring", create, push, pop, destroy};
