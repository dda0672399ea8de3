/* SPDX-License-Identifier: MIT */
#ifndef ROTA_SYS_ATOMIC_H
#define ROTA_SYS_ATOMIC_H
/*
 * Stands in for runtime/sys/atomic.h: each access goes to the explorer. The
 * orders only matter where x86 tells them apart: a seq_cst store is followed by
 * a fence. What is weaker than TSO is not explored.
 */
#include "xp.h"
#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CACHELINE 64

#undef atomic_init
#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_and_explicit
#undef atomic_fetch_or_explicit
#undef atomic_thread_fence

/* The type behind a pointer, without _Atomic. */
#define XP_PLAIN(word) __typeof__(((void)0, *(word)))
#define XP_IS_COUNTER(text)                                                    \
	(__builtin_strcmp(text, "&ec->wakes") == 0 ||                          \
			__builtin_strcmp(text, "&room->waits") == 0)
/* Never written while the pool is used by more than one thread; the mood only
 * by those who discard; a lane's place once, by a CAS, which is a point; and the
 * number of takers before the one that comes begins. */
#define XP_IS_CONSTANT(text)                                                   \
	(__builtin_strcmp(text, "&pool->id") == 0 ||                           \
			__builtin_strcmp(text, "&lanes->at[i]") == 0 ||        \
			__builtin_strcmp(text, "&lanes->nr_takers") == 0 ||    \
			(__builtin_strcmp(text, "&pool->mood") == 0 &&         \
					!xp_options->discards))
/* Only written, while the pool is used. */
#define XP_IS_NOTE(text) (__builtin_strcmp(text, "&self->state") == 0)
/* Written by the one thread that reads it relaxed: the owner of a lane. */
#define XP_IS_OWN(text, order)                                                 \
	((order) == memory_order_relaxed &&                                    \
			(__builtin_strcmp(text, "&lane->tail") == 0 ||         \
					__builtin_strcmp(text, "&to->tail") == \
							0))
/* An expression with a value that may be left unused. */
#define XP_VALUE(word, value)                                                  \
	__extension__({                                                        \
		XP_PLAIN(word) xp_value = (XP_PLAIN(word))(uintptr_t)(value);  \
		xp_value;                                                      \
	})
#define XP_RMW(word, how, operand)                                             \
	XP_VALUE(word, xp_rmw(word, how, (uint64_t)(uintptr_t)(operand),       \
				       sizeof(*(word)), #word, __func__))

/* Before others know of it. */
#define atomic_init(word, value)                                               \
	((void)(*(XP_PLAIN(word) *)(uintptr_t)(word) = (value)))
#define atomic_load_explicit(word, order)                                      \
	XP_VALUE(word, (XP_IS_CONSTANT(#word) ? xp_peek                        \
				       : XP_IS_OWN(#word, order)               \
						       ? xp_load_own           \
						       : xp_load)(word,        \
				       sizeof(*(word)), #word, __func__))
#define atomic_store_explicit(word, value, order)                              \
	(XP_IS_NOTE(#word) ? atomic_init(word, value)                          \
			   : xp_store(word, (uint64_t)(uintptr_t)(value),      \
					     sizeof(*(word)), #word,           \
					     __func__),                        \
			(order) == memory_order_seq_cst ? xp_fence("")         \
							: (void)0)
#define atomic_exchange_explicit(word, value, order)                           \
	((void)(order), XP_RMW(word, XP_EXCHANGE, value))
#define atomic_compare_exchange_strong_explicit(                               \
		word, expected, value, order, order_lost)                      \
	((void)(order), (void)(order_lost),                                    \
			xp_cas(word, expected, (uint64_t)(uintptr_t)(value),   \
					sizeof(*(word)), #word, __func__))
#define atomic_compare_exchange_weak_explicit                                  \
	atomic_compare_exchange_strong_explicit
#define atomic_fetch_add_explicit(word, value, order)                          \
	((void)(order), XP_VALUE(word, (XP_IS_COUNTER(#word) ? xp_count        \
							     : xp_add)(word,   \
						       value, sizeof(*(word)), \
						       #word, __func__)))
#define atomic_fetch_sub_explicit(word, value, order)                          \
	((void)(order), XP_RMW(word, XP_SUB, value))
#define atomic_fetch_and_explicit(word, value, order)                          \
	((void)(order), XP_RMW(word, XP_AND, value))
#define atomic_fetch_or_explicit(word, value, order)                           \
	((void)(order), XP_RMW(word, XP_OR, value))
#define atomic_thread_fence(order)                                             \
	((order) == memory_order_seq_cst ? xp_fence(__func__) : (void)0)

/* A mutant lacks some. */
#if defined(XP_WITHOUT_FENCE_IN)
#define fence_full()                                                           \
	(strstr(XP_WITHOUT_FENCE_IN, __func__) ? (void)0 : xp_fence(__func__))
#else
#define fence_full() xp_fence(__func__)
#endif
/* The RMW emptied the buffer; a store between the two would be a bug. */
#define fence_after_rmw() xp_after_rmw(__func__)
/* Nothing: the other half is os_heavy_fence(). */
#define fence_light() ((void)0)
/* A tail is what others wait for; the other words are statistics. */
#define add_alone(word, step, order)                                           \
	(__builtin_strcmp(#word, "&to->tail") == 0 ? xp_advance                \
			: __builtin_strcmp(#word, "&self->parks") == 0         \
					? xp_ignore                            \
					: xp_add_alone)(                       \
			word, step, #word, __func__)

static inline void cpu_relax(void)
{
	xp_relax();
}

static inline void copy_words(void *to, const void *from, size_t bytes)
{
	xp_copy(to, from, bytes);
}

#endif
