/* SPDX-License-Identifier: MIT */
#ifndef ROTA_TIMER_HEAP_H
#define ROTA_TIMER_HEAP_H
/*
 * What is due first? A pairing heap: the links lie in what is queued, so that
 * what was accepted always finds room. Insert takes constant time, pop and
 * remove logarithmic time on average. One thread uses it.
 */
#include <stdbool.h>
#include <stdint.h>

struct heap_node {
	uint64_t due_ns;
	uint64_t ticket; /* of two that are due at once the first comes first */
	struct heap_node *child, *next;
	struct heap_node *prev; /* or the parent of a first child */
	bool is_queued;
};

struct timer_heap {
	struct heap_node *first; /* due first; or NULL */
	uint64_t nr_tickets;
};

void heap_insert(struct timer_heap *heap, struct heap_node *node);
void heap_remove(struct timer_heap *heap, struct heap_node *node);

#endif
