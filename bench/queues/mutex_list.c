/* SPDX-License-Identifier: MIT */
/* One mutex, one linked list, one malloc for each value. */
#include "queue.h"

#include <pthread.h>
#include <stdlib.h>

struct node {
	struct node *next;
	uint64_t value;
};

struct list {
	pthread_mutex_t lock;
	struct node *first;
	struct node **end;
};

static void *create(void)
{
	struct list *list = malloc(sizeof(*list));

	if (!list)
		return NULL;
	pthread_mutex_init(&list->lock, NULL);
	list->first = NULL;
	list->end = &list->first;
	return list;
}

static bool push(void *queue, uint64_t value)
{
	struct list *list = queue;
	struct node *node = malloc(sizeof(*node));

	if (!node)
		return false;
	node->next = NULL;
	node->value = value;
	pthread_mutex_lock(&list->lock);
	*list->end = node;
	list->end = &node->next;
	pthread_mutex_unlock(&list->lock);
	return true;
}

static bool pop(void *queue, uint64_t *ret_value)
{
	struct list *list = queue;
	struct node *node;

	pthread_mutex_lock(&list->lock);
	node = list->first;
	if (node) {
		list->first = node->next;
		if (!list->first)
			list->end = &list->first;
	}
	pthread_mutex_unlock(&list->lock);
	if (!node)
		return false;
	*ret_value = node->value;
	free(node);
	return true;
}

static void destroy(void *queue)
{
	struct list *list = queue;
	uint64_t value;

	while (pop(queue, &value))
		;
	pthread_mutex_destroy(&list->lock);
	free(list);
}

const struct queue_ops queue_mutex_list = {
		"mutex-list", create, push, pop, destroy};
