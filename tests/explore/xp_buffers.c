/* SPDX-License-Identifier: MIT */
/*
 * Under TSO a store waits in its thread's buffer, which is
 * invisible to others and so no point. When it reaches the memory matters only
 * to who accesses the same word, so that is where it is chosen: just before the
 * access, whether the pending stores to the word, and all older ones of their
 * thread, have arrived. Nothing is lost by being that late, and nothing is
 * tried twice. Fences, RMWs, system calls and the end of a thread empty its
 * own buffer.
 */
#include "xp_inside.h"
#include <string.h>

enum { BUFFER_MAX = 32 };

struct store {
	volatile void *word;
	uint64_t value;
	size_t bytes;
};

static struct buffer {
	struct store stores[BUFFER_MAX];
	unsigned nr;
	unsigned nr_made; /* before the last point that was left behind */
} buffers[THREADS_MAX] XP_STATE;

void xp_buffers_reset(void)
{
	for (unsigned i = 0; i < THREADS_MAX; i++)
		buffers[i].nr = buffers[i].nr_made = 0;
}

uint64_t xp_buffers_hash(uint64_t hash)
{
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		const struct buffer *buffer = &buffers[i];

		if (!buffer->nr)
			continue;
		hash = xp_mix(hash,
				i << 16 | buffer->nr << 8 | buffer->nr_made);
		hash = xp_hash(hash, buffer->stores,
				buffer->nr * sizeof(buffer->stores[0]));
	}
	return hash;
}

void xp_write_memory(unsigned thread, volatile void *word, uint64_t value,
		size_t bytes)
{
	memcpy((void *)(uintptr_t)word, &value, bytes);
	xp_changed(thread);
}

/* The oldest nr stores of a thread reach the memory. */
static void flush(unsigned thread, unsigned nr)
{
	struct buffer *buffer = &buffers[thread];

	for (unsigned i = 0; i < nr; i++) {
		struct store *store = &buffer->stores[i];

		xp_check_alive(store->word, "a buffered store");
		xp_write_memory(thread, store->word, store->value,
				store->bytes);
	}
	buffer->nr -= nr;
	buffer->nr_made -= nr < buffer->nr_made ? nr : buffer->nr_made;
	memmove(buffer->stores, buffer->stores + nr,
			buffer->nr * sizeof(buffer->stores[0]));
}

/* How many stores of the thread must arrive for its next one to word; 0: none
 * is pending. */
static unsigned pending(unsigned thread, const volatile void *word)
{
	for (unsigned i = 0; i < buffers[thread].nr; i++)
		if (buffers[thread].stores[i].word == word)
			return i + 1;
	return 0;
}

/* Choose which pending stores of others arrive before an access of this thread
 * to word. */
static void let_arrive(unsigned thread, const volatile void *word)
{
	uint8_t who[THREADS_MAX];
	unsigned nr, option;

	do {
		nr = 0;
		for (unsigned i = 0; i < THREADS_MAX; i++)
			if (i != thread && pending(i, word))
				who[nr++] = (uint8_t)i;
		option = xp_choose(nr + 1);
		if (option) {
			xp_note("sees the store of", "", "another thread",
					who[option - 1]);
			flush(who[option - 1], pending(who[option - 1], word));
		}
	} while (option);
}

void xp_let_arrive(const volatile void *word)
{
	let_arrive(xp_current, word);
}

bool xp_is_pending_elsewhere(const volatile void *word)
{
	for (unsigned i = 0; i < THREADS_MAX; i++)
		if (i != xp_current && pending(i, word))
			return true;
	return false;
}

static void drain(unsigned thread, unsigned nr)
{
	while (nr--) {
		let_arrive(thread, buffers[thread].stores[0].word);
		flush(thread, 1);
	}
}

void xp_drain_now(void)
{
	drain(xp_current, buffers[xp_current].nr);
}

void xp_drain(void)
{
	if (!buffers[xp_current].nr)
		return;
	xp_point();
	xp_drain_now();
}

void xp_system_call(void)
{
	xp_point();
	xp_drain_now();
}

void xp_left_point(void)
{
	buffers[xp_current].nr_made = buffers[xp_current].nr;
}

/*
 * Each thread is interrupted at some moment between the call and the return: one
 * after the other, and others may go on between. A store is no point, so those
 * that a thread made since its last point stay: it may have been interrupted
 * before them, and if not, they may have waited as long as they do here.
 */
void xp_drain_all(void)
{
	xp_system_call();
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		if (i == xp_current || !buffers[i].nr_made)
			continue;
		xp_point();
		drain(i, buffers[i].nr_made);
	}
}

bool xp_buffer_load(const volatile void *word, uint64_t *ret_value)
{
	struct buffer *buffer = &buffers[xp_current];

	for (unsigned i = buffer->nr; i-- > 0;) {
		if (buffer->stores[i].word != word)
			continue;
		*ret_value = buffer->stores[i].value;
		return true;
	}
	return false;
}

void xp_buffer_store(volatile void *word, uint64_t value, size_t bytes)
{
	struct buffer *buffer = &buffers[xp_current];

	if (bytes < sizeof(value))
		value &= (1ull << 8 * bytes) - 1;
	if (buffer->nr == BUFFER_MAX)
		flush(xp_current, 1);
	buffer->stores[buffer->nr++] = (struct store){word, value, bytes};
}

unsigned xp_buffered(void)
{
	return buffers[xp_current].nr;
}
