/* SPDX-License-Identifier: MIT */
/* moodycamel::ConcurrentQueue, without tokens: any thread may come and go. It
 * keeps the order of each producer only. */
#include "queue.h"

#include <new>

#include <concurrentqueue/concurrentqueue.h>

using Queue = moodycamel::ConcurrentQueue<uint64_t>;

static void *create()
{
	return new (std::nothrow) Queue(QUEUE_CAPACITY);
}

static bool push(void *queue, uint64_t value)
{
	return static_cast<Queue *>(queue)->enqueue(value);
}

static bool pop(void *queue, uint64_t *ret_value)
{
	return static_cast<Queue *>(queue)->try_dequeue(*ret_value);
}

static void destroy(void *queue)
{
	delete static_cast<Queue *>(queue);
}

extern "C" const struct queue_ops queue_moodycamel = {
		"moodycamel", create, push, pop, destroy};
