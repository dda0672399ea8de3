/* SPDX-License-Identifier: MIT */
/* The queues, and bounds that only look like one. */
#include "queue.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

static void *word_create(void)
{
	return aligned_alloc(128, 128); /* a line of its own */
}

static void *word_create_zero(void)
{
	_Atomic uint64_t *word = word_create();

	if (word)
		atomic_init(word, 0);
	return word;
}

static bool none_push(void *queue, uint64_t value)
{
	(void)queue;
	(void)value;
	return true;
}

static bool none_pop(void *queue, uint64_t *ret_value)
{
	(void)queue;
	*ret_value = 0;
	return true;
}

const struct queue_ops queue_none = {
		"none", word_create_zero, none_push, none_pop, free};

static bool faa_push(void *queue, uint64_t value)
{
	(void)value;
	atomic_fetch_add((_Atomic uint64_t *)queue, 1);
	return true;
}

static bool faa_pop(void *queue, uint64_t *ret_value)
{
	*ret_value = atomic_fetch_add((_Atomic uint64_t *)queue, 1);
	return true;
}

const struct queue_ops queue_faa = {
		"faa", word_create_zero, faa_push, faa_pop, free};

/* One producer, one consumer, never two values at a time; no value is 0. */
static bool word_push(void *queue, uint64_t value)
{
	atomic_store_explicit(
			(_Atomic uint64_t *)queue, value, memory_order_release);
	return true;
}

static bool word_pop(void *queue, uint64_t *ret_value)
{
	uint64_t value = atomic_load_explicit(
			(_Atomic uint64_t *)queue, memory_order_acquire);

	if (!value)
		return false;
	atomic_store_explicit(
			(_Atomic uint64_t *)queue, 0, memory_order_relaxed);
	*ret_value = value;
	return true;
}

const struct queue_ops queue_word = {
		"word", word_create_zero, word_push, word_pop, free};

static const struct queue_ops *const queues[] = {
		&queue_rota_ring,
		&queue_ck,
		&queue_mutex_list,
#ifdef HAVE_MOODYCAMEL
		&queue_moodycamel,
#endif
};

const struct queue_ops *queue_at(unsigned index)
{
	return index < sizeof(queues) / sizeof(*queues) ? queues[index] : NULL;
}
