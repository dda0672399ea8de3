/* SPDX-License-Identifier: MIT */
#include "timer_heap.h"
#include <stddef.h>

static bool is_before(const struct heap_node *a, const struct heap_node *b)
{
	if (a->due_ns != b->due_ns)
		return a->due_ns < b->due_ns;
	return a->ticket < b->ticket;
}

/* One of two roots becomes the first child of the other. */
static struct heap_node *meld(struct heap_node *a, struct heap_node *b)
{
	if (is_before(b, a)) {
		struct heap_node *swap = a;

		a = b;
		b = swap;
	}
	b->prev = a;
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	a->child = b;
	return a;
}

/* Siblings become one tree, or NULL: in pairs first, which keeps it flat. */
static struct heap_node *meld_siblings(struct heap_node *first)
{
	struct heap_node *pairs = NULL, *root = NULL;

	while (first) {
		struct heap_node *a = first, *b = a->next;

		first = b ? b->next : NULL;
		if (b)
			a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct heap_node *pair = pairs;

		pairs = pair->next;
		root = root ? meld(root, pair) : pair;
	}
	if (root)
		root->next = root->prev = NULL;
	return root;
}

void heap_insert(struct timer_heap *heap, struct heap_node *node)
{
	node->ticket = heap->nr_tickets++;
	node->child = node->next = node->prev = NULL;
	node->is_queued = true;
	heap->first = heap->first ? meld(heap->first, node) : node;
}

void heap_remove(struct timer_heap *heap, struct heap_node *node)
{
	struct heap_node *children = meld_siblings(node->child);

	node->is_queued = false;
	if (heap->first == node) {
		heap->first = children;
		return;
	}
	if (node->prev->child == node)
		node->prev->child = node->next;
	else
		node->prev->next = node->next;
	if (node->next)
		node->next->prev = node->prev;
	if (children)
		heap->first = meld(heap->first, children);
}
