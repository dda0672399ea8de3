/* SPDX-License-Identifier: MIT */
#ifndef ROTA_SYS_ATOMIC_H
#define ROTA_SYS_ATOMIC_H
/*
 * The one door to atomics: C11 names with explicit orders, and the few things
 * that C11 does not name. A deterministic scheduler replaces this file.
 */
#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CACHELINE 64

#if defined(__SANITIZE_THREAD__)
#define HAS_RACE_DETECTOR 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_RACE_DETECTOR 1
#endif
#endif

/* A full fence that directly follows a read-modify-write of this thread: on
 * x86 the locked instruction is one already, so only the compiler is told. */
static inline void fence_after_rmw(void)
{
#if defined(__x86_64__) || defined(__i386__)
	atomic_signal_fence(memory_order_seq_cst);
#else
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

static inline void fence_full(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}

/* Half of a full fence, for the side that passes often: only the compiler is
 * told. The other half is os_heavy_fence(). */
static inline void fence_light(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

/* Tell the CPU that this is a wait loop. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("isb" ::: "memory");
#else
	atomic_signal_fence(memory_order_seq_cst);
#endif
}

/* For a counter that only this thread, or the holder of a lock, writes. */
static inline void add_alone(
		_Atomic uint64_t *counter, uint64_t step, memory_order order)
{
	atomic_store_explicit(counter,
			atomic_load_explicit(counter, memory_order_relaxed) +
					step,
			order);
}

/*
 * Copy whole words that another thread may copy at the same time and then
 * throw away (a ring slot). Under a race detector each word is a relaxed
 * atomic; elsewhere the compiler may use what is fastest.
 */
static inline void copy_words(void *to, const void *from, size_t bytes)
{
#if defined(HAS_RACE_DETECTOR)
	for (size_t i = 0; i < bytes / sizeof(void *); i++)
		__atomic_store_n((void **)to + i,
				__atomic_load_n((void *const *)from + i,
						__ATOMIC_RELAXED),
				__ATOMIC_RELAXED);
#else
	memcpy(to, from, bytes);
#endif
}

#endif
