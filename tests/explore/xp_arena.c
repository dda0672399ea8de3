/* SPDX-License-Identifier: MIT */
/* All that the explored code allocates: at the same addresses in each
 * execution, and never given out twice, so that a late access is seen. */
#include "xp_inside.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { GRANULE = 64 };

#define arena (xp_region->arena)
static size_t used;
static uint8_t is_freed[ARENA_BYTES / GRANULE];
static uint32_t size_of[ARENA_BYTES / GRANULE]; /* of the block here */

void xp_region_map(void)
{
	void *mapped = mmap(xp_region, sizeof(*xp_region),
			PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
			0);

	if (mapped != (void *)xp_region)
		abort();
}

void xp_arena_reset(void)
{
	memset(arena, 0, used);
	memset(is_freed, 0, used / GRANULE);
	used = 0;
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
	used = at + bytes;
	size_of[at / GRANULE] = (uint32_t)bytes;
	if (fill)
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
	size_t granule = ((uintptr_t)memory - (uintptr_t)arena) / GRANULE;

	if (!memory)
		return;
	xp_check_alive(memory, where);
	memset(is_freed + granule, 1, size_of[granule] / GRANULE);
	memset(memory, 0xdd, size_of[granule]);
}
