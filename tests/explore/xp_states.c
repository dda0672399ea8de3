/* SPDX-License-Identifier: MIT */
/*
 * What may happen from now on depends on the state alone: memory, stacks and
 * registers of the explored code, store buffers, who sleeps where. So whoever
 * comes to a state that was seen need not go on. A state is kept as a hash of 64
 * bits of all its bytes, and with it how many preemptions were left. Bytes that
 * nobody will read make equal states different, which costs time and hides
 * nothing.
 */
#include "xp_inside.h"
#include <stdlib.h>
#include <string.h>

enum { RANGES_MAX = 2, FIRST_SLOTS = 1 << 16 };

static struct range {
	unsigned char *begin, *saved;
	size_t bytes;
} ranges[RANGES_MAX];
static unsigned nr_ranges;
static uint64_t *keys; /* 0: free */
static uint8_t *lefts;
static size_t nr_slots, nr_used;

void xp_program_memory(void *begin, void *end)
{
	size_t bytes = (size_t)((char *)end - (char *)begin);

	ranges[nr_ranges++] = (struct range){begin, NULL, bytes};
}

void xp_program_keep(void)
{
	for (unsigned i = 0; i < nr_ranges; i++) {
		ranges[i].saved = realloc(ranges[i].saved, ranges[i].bytes);
		memcpy(ranges[i].saved, ranges[i].begin, ranges[i].bytes);
	}
}

void xp_program_reset(void)
{
	for (unsigned i = 0; i < nr_ranges; i++)
		memcpy(ranges[i].begin, ranges[i].saved, ranges[i].bytes);
}

void xp_program_copy(void (*copy)(void *memory, size_t bytes))
{
	for (unsigned i = 0; i < nr_ranges; i++)
		copy(ranges[i].begin, ranges[i].bytes);
}

static uint64_t state_key(void)
{
	uint64_t hash = xp_arena_hash(1);

	for (unsigned i = 0; i < nr_ranges; i++)
		hash = xp_hash(hash, ranges[i].begin, ranges[i].bytes);
	hash = xp_threads_hash(hash);
	hash = xp_buffers_hash(hash);
	hash = xp_os_hash(hash);
	hash = xp_mix(hash, xp_nr_spurious);
	return hash ? hash : 1;
}

static size_t slot_of(uint64_t key)
{
	size_t slot = key & (nr_slots - 1);

	while (keys[slot] && keys[slot] != key)
		slot = (slot + 1) & (nr_slots - 1);
	return slot;
}

static void grow(void)
{
	uint64_t *old_keys = keys;
	uint8_t *old_lefts = lefts;
	size_t nr_old = nr_slots;

	nr_slots = nr_old ? 2 * nr_old : FIRST_SLOTS;
	keys = calloc(nr_slots, sizeof(*keys));
	lefts = calloc(nr_slots, sizeof(*lefts));
	if (!keys || !lefts)
		xp_fail("no memory for %zu states", nr_slots);
	for (size_t i = 0; i < nr_old; i++) {
		size_t slot;

		if (!old_keys[i])
			continue;
		slot = slot_of(old_keys[i]);
		keys[slot] = old_keys[i];
		lefts[slot] = old_lefts[i];
	}
	free(old_keys);
	free(old_lefts);
}

void xp_states_forget(void)
{
	free(keys);
	free(lefts);
	keys = NULL;
	lefts = NULL;
	nr_slots = nr_used = 0;
}

size_t xp_states_seen(void)
{
	return nr_used;
}

bool xp_state_is_old(unsigned left, uint64_t *ret_key)
{
	uint64_t key = state_key();
	size_t slot;

	*ret_key = key;
	if (2 * nr_used >= nr_slots)
		grow();
	slot = slot_of(key);
	if (keys[slot]) {
		if (lefts[slot] >= left)
			return true;
	} else {
		keys[slot] = key;
		nr_used++;
	}
	lefts[slot] = (uint8_t)left;
	return false;
}
