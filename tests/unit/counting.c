/* SPDX-License-Identifier: MIT */
#include "counting.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { NR_SLOTS = 1 << 18 };

static _Atomic(void *) live[NR_SLOTS]; /* open addressing, never compacted */
static void *const tomb = (void *)live;
static atomic_long nr_alive;
static atomic_ulong nr_calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **ret, size_t alignment, size_t size);
void __real_free(void *block);

unsigned long nr_allocations(void)
{
	return atomic_load(&nr_calls);
}

long nr_live(void)
{
	return atomic_load(&nr_alive);
}

static size_t first_slot(const void *block)
{
	return (size_t)(((uintptr_t)block >> 4) * 0x9e3779b97f4a7c15ull >> 46);
}

static void *born(void *block)
{
	size_t i = first_slot(block), tries;
	void *old;

	if (!block)
		return block;
	for (tries = 0; tries < NR_SLOTS; tries++, i = (i + 1) % NR_SLOTS) {
		old = atomic_load(&live[i]);
		if ((!old || old == tomb) &&
				atomic_compare_exchange_strong(
						&live[i], &old, block)) {
			atomic_fetch_add(&nr_alive, 1);
			return block;
		}
	}
	test_fail(__FILE__, __LINE__, "table of blocks is full");
}

static void dies(void *block)
{
	size_t i = first_slot(block), tries;
	void *old;

	if (!block)
		return;
	for (tries = 0; tries < NR_SLOTS; tries++, i = (i + 1) % NR_SLOTS) {
		old = atomic_load(&live[i]);
		if (!old)
			return; /* from before, or from inside libc */
		if (old == block) {
			atomic_store(&live[i], tomb);
			atomic_fetch_sub(&nr_alive, 1);
			return;
		}
	}
}

static void count(void)
{
	atomic_fetch_add(&nr_calls, 1);
}

void *__wrap_malloc(size_t size)
{
	count();
	return born(__real_malloc(size));
}

void *__wrap_calloc(size_t nr, size_t size)
{
	count();
	return born(__real_calloc(nr, size));
}

void *__wrap_realloc(void *block, size_t size)
{
	void *moved;

	count();
	dies(block);
	moved = __real_realloc(block, size);
	return born(moved ? moved : block);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	count();
	return born(__real_aligned_alloc(alignment, size));
}

int __wrap_posix_memalign(void **ret, size_t alignment, size_t size)
{
	int error = __real_posix_memalign(ret, alignment, size);

	count();
	if (!error)
		born(*ret);
	return error;
}

void __wrap_free(void *block)
{
	dies(block);
	__real_free(block);
}
