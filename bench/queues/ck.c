/* SPDX-License-Identifier: MIT */
/* Concurrency Kit's ring for any number of producers and consumers, as it is:
 * pointers, bounded. */
#include "queue.h"

#include <ck_ring.h>
#include <stdlib.h>

struct ck_queue {
	ck_ring_t ring __attribute__((aligned(64)));
	ck_ring_buffer_t slots[QUEUE_CAPACITY];
};

static void *create(void)
{
	struct ck_queue *queue = aligned_alloc(64, sizeof(*queue));

	if (queue)
		ck_ring_init(&queue->ring, QUEUE_CAPACITY);
	return queue;
}

static bool push(void *arg, uint64_t value)
{
	struct ck_queue *queue = arg;

	return ck_ring_enqueue_mpmc(
			&queue->ring, queue->slots, (void *)(uintptr_t)value);
}

static bool pop(void *arg, uint64_t *ret_value)
{
	struct ck_queue *queue = arg;
	void *value;

	if (!ck_ring_dequeue_mpmc(&queue->ring, queue->slots, &value))
		return false;
	*ret_value = (uintptr_t)value;
	return true;
}

const struct queue_ops queue_ck = {"ck_ring", create, push, pop, free};
