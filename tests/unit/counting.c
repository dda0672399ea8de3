/* SPDX-License-Identifier: MIT */
#include "counting.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { NR_SLOTS = 1 << 18 };

static _Atomic(void *) live[NR_SLOTS]; /* open addressing, never compacted */
static void *const tomb = (void *)live;
static atomic_long nr_alive;
static atomic_ulong nr_calls;
static atomic_long allocations_left = -1; /* to the one that fails */
static atomic_long threads_left = -1;
static atomic_int eventfd_error;
static atomic_bool failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **ret, size_t alignment, size_t size);
void __real_free(void *block);
void *__real_mmap(void *at, size_t size, int prot, int flags, int fd,
		off_t offset);
int __real_munmap(void *map, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		void *(*run)(void *), void *arg);
int __real_eventfd(unsigned value, int flags);

unsigned long nr_allocations(void)
{
	return atomic_load(&nr_calls);
}

long nr_live(void)
{
	return atomic_load(&nr_alive);
}

void fail_allocation(unsigned long k)
{
	atomic_store(&failed, false);
	atomic_store(&allocations_left, k ? (long)k : -1);
}

void fail_thread(unsigned long k)
{
	atomic_store(&failed, false);
	atomic_store(&threads_left, k ? (long)k : -1);
}

void fail_eventfd(int error)
{
	atomic_store(&eventfd_error, error);
}

bool has_failed(void)
{
	return atomic_load(&failed);
}

static bool must_fail(atomic_long *left)
{
	if (atomic_load(left) <= 0 || atomic_fetch_sub(left, 1) != 1)
		return false;
	atomic_store(&failed, true);
	return true;
}

static size_t first_slot(const void *block)
{
	return (size_t)(((uintptr_t)block >> 4) * 0x9e3779b97f4a7c15ull >> 46);
}

static void *born(void *block)
{
	size_t i = first_slot(block), tries;
	void *old;

	if (!block || block == MAP_FAILED)
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

static bool count(void)
{
	atomic_fetch_add(&nr_calls, 1);
	if (!must_fail(&allocations_left))
		return true;
	errno = ENOMEM;
	return false;
}

void *__wrap_malloc(size_t size)
{
	return count() ? born(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t nr, size_t size)
{
	return count() ? born(__real_calloc(nr, size)) : NULL;
}

void *__wrap_realloc(void *block, size_t size)
{
	void *moved;

	if (!count())
		return NULL;
	dies(block);
	moved = __real_realloc(block, size);
	return born(moved ? moved : block);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return count() ? born(__real_aligned_alloc(alignment, size)) : NULL;
}

int __wrap_posix_memalign(void **ret, size_t alignment, size_t size)
{
	int error = count() ? __real_posix_memalign(ret, alignment, size)
			    : ENOMEM;

	if (!error)
		born(*ret);
	return error;
}

void __wrap_free(void *block)
{
	dies(block);
	__real_free(block);
}

void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd,
		off_t offset)
{
	return count() ? born(__real_mmap(at, size, prot, flags, fd, offset))
		       : MAP_FAILED;
}

/* The name of the same where file offsets have 64 bits. */
void *__wrap_mmap64(void *at, size_t size, int prot, int flags, int fd,
		off_t offset)
{
	return __wrap_mmap(at, size, prot, flags, fd, offset);
}

int __wrap_munmap(void *map, size_t size)
{
	dies(map);
	return __real_munmap(map, size);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		void *(*run)(void *), void *arg)
{
	if (must_fail(&threads_left))
		return EAGAIN;
	return __real_pthread_create(thread, attr, run, arg);
}

int __wrap_eventfd(unsigned value, int flags)
{
	int error = atomic_load(&eventfd_error);

	if (!error)
		return __real_eventfd(value, flags);
	errno = error;
	return -1;
}
