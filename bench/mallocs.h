/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MALLOCS_H
#define BENCH_MALLOCS_H
/*
 * How often memory was asked for, by anybody in this process: the program's own
 * malloc takes the place of the C library's, counts, and calls it. For one file
 * of a program only. Not with a sanitizer, which has its own, nor with another
 * C library: then it is not known.
 */
#include <features.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "sanitized.h"

#if defined(__GLIBC__) && !IS_SANITIZED
#define MALLOCS_ARE_KNOWN 1

static _Atomic uint64_t mallocs_so_far;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t nr, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static inline void mallocs_add(void)
{
	atomic_fetch_add_explicit(&mallocs_so_far, 1, memory_order_relaxed);
}

void *malloc(size_t size)
{
	mallocs_add();
	return __libc_malloc(size);
}

void *calloc(size_t nr, size_t size)
{
	mallocs_add();
	return __libc_calloc(nr, size);
}

void *realloc(void *memory, size_t size)
{
	mallocs_add();
	return __libc_realloc(memory, size);
}

static inline uint64_t nr_mallocs(void)
{
	return atomic_load_explicit(&mallocs_so_far, memory_order_relaxed);
}
#else
#define MALLOCS_ARE_KNOWN 0

static inline uint64_t nr_mallocs(void)
{
	return 0;
}
#endif

#endif
