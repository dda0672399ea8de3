/* SPDX-License-Identifier: MIT */
/* Queues that do one thing wrong, for bench/queue to notice; see faulty.c. */
#include "../../../bench/queues/queue.h"

#include <stdatomic.h>
#include <stddef.h>

#define VICTIM	     20u /* the push that something happens to */
#define FIRST_FAULTY 90u

const struct queue_ops *__real_queue_at(unsigned index);
const struct queue_ops *__wrap_queue_at(unsigned index);

static atomic_uint pushes;

static void *create(void)
{
	return queue_mutex_list.create();
}

static bool pop(void *queue, uint64_t *ret_value)
{
	return queue_mutex_list.pop(queue, ret_value);
}

static void destroy(void *queue)
{
	queue_mutex_list.destroy(queue);
}

static bool is_victim(void)
{
	return atomic_fetch_add(&pushes, 1) + 1 == VICTIM;
}

static bool push_but_one(void *queue, uint64_t value)
{
	return is_victim() || queue_mutex_list.push(queue, value);
}

static bool push_one_twice(void *queue, uint64_t value)
{
	if (is_victim())
		queue_mutex_list.push(queue, value);
	return queue_mutex_list.push(queue, value);
}

static bool push_one_other(void *queue, uint64_t value)
{
	return queue_mutex_list.push(queue, is_victim() ? value + 1 : value);
}

const struct queue_ops *__wrap_queue_at(unsigned index)
{
	static const struct queue_ops faulty[] = {
			{"drops", create, push_but_one, pop, destroy},
			{"doubles", create, push_one_twice, pop, destroy},
			{"changes", create, push_one_other, pop, destroy},
	};

	if (index < FIRST_FAULTY ||
			index >= FIRST_FAULTY + sizeof(faulty) / sizeof(*faulty))
		return __real_queue_at(index);
	return &faulty[index - FIRST_FAULTY];
}
