/* SPDX-License-Identifier: MIT */
/* All that the explored code allocates: at the same addresses in each
 * execution, and never given out twice, so that a late access is seen. */
#include "xp_inside.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { GRANULE = 64, BLOCKS_MAX = 256 };

#define arena (xp_region->arena)
static size_t used XP_STATE;
static uint8_t is_freed[ARENA_BYTES / GRANULE];
static struct block {
	uint32_t at, bytes;
} blocks[BLOCKS_MAX] XP_STATE;
static unsigned nr_blocks XP_STATE;

void xp_region_map(void)
{
	static void *mapped;

	if (!mapped)
		mapped = mmap(xp_region, sizeof(*xp_region),
				PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS |
						MAP_FIXED_NOREPLACE,
				-1, 0);

	if (mapped != (void *)xp_region)
		abort();
}

void xp_arena_reset(void)
{
	nr_blocks = 0;
	used = 0;
}

uint64_t xp_arena_hash(uint64_t hash)
{
	for (unsigned i = 0; i < nr_blocks; i++) {
		const struct block *block = &blocks[i];

		hash = xp_mix(hash, is_freed[block->at / GRANULE]);
		hash = xp_hash(hash, arena + block->at, block->bytes);
	}
	return hash;
}

void xp_arena_copy(void (*copy)(void *memory, size_t bytes))
{
	for (unsigned i = 0; i < nr_blocks; i++) {
		copy(arena + blocks[i].at, blocks[i].bytes);
		copy(is_freed + blocks[i].at / GRANULE,
				blocks[i].bytes / GRANULE);
	}
}

bool xp_is_shared(const volatile void *address)
{
	return (uintptr_t)address - (uintptr_t)arena < ARENA_BYTES;
}

void *xp_alloc(size_t bytes, size_t alignment, int fill)
{
	size_t at = (used + alignment - 1) / alignment * alignment;

	bytes = (bytes + GRANULE - 1) / GRANULE * GRANULE;
	if (at + bytes > ARENA_BYTES)
		xp_fail("the arena is full");
	if (nr_blocks == BLOCKS_MAX)
		xp_fail("too many blocks");
	blocks[nr_blocks++] = (struct block){(uint32_t)at, (uint32_t)bytes};
	used = at + bytes;
	memset(is_freed + at / GRANULE, 0, bytes / GRANULE);
	memset(arena + at, fill, bytes);
	return arena + at;
}

void xp_check_alive(const volatile void *word, const char *where)
{
	if (xp_is_shared(word) &&
			is_freed[((uintptr_t)word - (uintptr_t)arena) /
					GRANULE])
		xp_fail("use after free in %s", where);
}

void xp_free(void *memory, const char *where)
{
	size_t at = (uintptr_t)memory - (uintptr_t)arena;

	if (!memory)
		return;
	xp_check_alive(memory, where);
	for (unsigned i = 0; i < nr_blocks; i++) {
		if (blocks[i].at != at)
			continue;
		memset(is_freed + at / GRANULE, 1, blocks[i].bytes / GRANULE);
		memset(memory, 0xdd, blocks[i].bytes);
		return;
	}
	xp_fail("free of what is no block in %s", where);
}

unsigned xp_nr_allocated(void)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < nr_blocks; i++)
		nr += !is_freed[blocks[i].at / GRANULE];
	return nr;
}
