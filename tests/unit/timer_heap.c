/* SPDX-License-Identifier: MIT */
/* The heap of timers against a plain array. */
#include "../../runtime/timer_heap.h"

#include "../harness.h"

enum { NR = 300 };

static struct heap_node nodes[NR];

static struct heap_node *first_in_array(void)
{
	struct heap_node *first = NULL;
	int i;

	for (i = 0; i < NR; i++) {
		struct heap_node *node = &nodes[i];

		if (node->is_queued &&
				(!first || node->due_ns < first->due_ns ||
						(node->due_ns == first->due_ns &&
								node->ticket < first->ticket)))
			first = node;
	}
	return first;
}

/* Few different times, so that many are due at once. */
static void random_steps(unsigned nr_times, unsigned removals_of_8)
{
	struct timer_heap heap = {0};
	struct rng rng;
	int step;

	rng_init(&rng, nr_times);
	for (step = 0; step < 20000; step++) {
		struct heap_node *node = &nodes[rng_below(&rng, NR)];

		if (!node->is_queued) {
			node->due_ns = rng_below(&rng, nr_times);
			heap_insert(&heap, node);
		} else if (rng_below(&rng, 8) < removals_of_8) {
			heap_remove(&heap, node);
		} else if (step % 4 == 0) {
			heap_remove(&heap, heap.first);
		}
		CHECK(heap.first == first_in_array());
	}
	while (heap.first) {
		CHECK(heap.first == first_in_array());
		heap_remove(&heap, heap.first);
	}
	CHECK(first_in_array() == NULL);
}

TEST(what_is_due_first_comes_first_at_one_time_in_turn)
{
	random_steps(1, 1);
	random_steps(10, 4);
	random_steps(100000, 1);
}

TEST(a_heap_in_order_takes_a_moment_to_empty)
{
	struct timer_heap heap = {0};
	uint64_t begin = now_ns(), last = 0;
	int i, round;

	for (round = 0; round < 1000; round++) {
		for (i = 0; i < NR; i++) {
			nodes[i].due_ns = (uint64_t)(round % 2 ? i : NR - i);
			heap_insert(&heap, &nodes[i]);
		}
		for (last = 0; heap.first; heap_remove(&heap, heap.first)) {
			CHECK(heap.first->due_ns >= last);
			last = heap.first->due_ns;
		}
	}
	CHECK(now_ns() - begin < 10000 * NS_PER_MS);
}
