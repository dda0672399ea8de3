/* SPDX-License-Identifier: MIT */
#ifndef TESTS_STRESS_POINTS_H
#define TESTS_STRESS_POINTS_H
/*
 * Included by the compiler before each source of the runtime, for a library of
 * the tests: each atomic operation and fence, and each copy of jobs, is a point
 * named by its file and line, where the thread may be delayed first.
 */
#include "../../runtime/sys/atomic.h"

void point_passed(const char *file, int line);
#define POINT() point_passed(__FILE__, __LINE__)

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit

#if defined(__clang__)
#define RAW(clang, gcc, ...)	  (POINT(), __c11_atomic_##clang(__VA_ARGS__))
#define RAW_SWAP(kind, weak, ...) RAW(compare_exchange_##kind, , __VA_ARGS__)
#else
#define RAW(clang, gcc, ...) (POINT(), __atomic_##gcc(__VA_ARGS__))
#define RAW_SWAP(kind, weak, p, expected, to, ok, failed)                      \
	RAW(, compare_exchange_n, p, expected, to, weak, ok, failed)
#endif

#define atomic_load_explicit(...)      RAW(load, load_n, __VA_ARGS__)
#define atomic_store_explicit(...)     RAW(store, store_n, __VA_ARGS__)
#define atomic_exchange_explicit(...)  RAW(exchange, exchange_n, __VA_ARGS__)
#define atomic_fetch_add_explicit(...) RAW(fetch_add, fetch_add, __VA_ARGS__)
#define atomic_fetch_sub_explicit(...) RAW(fetch_sub, fetch_sub, __VA_ARGS__)
#define atomic_fetch_or_explicit(...)  RAW(fetch_or, fetch_or, __VA_ARGS__)
#define atomic_fetch_and_explicit(...) RAW(fetch_and, fetch_and, __VA_ARGS__)
#define atomic_compare_exchange_strong_explicit(...)                           \
	RAW_SWAP(strong, 0, __VA_ARGS__)
#define atomic_compare_exchange_weak_explicit(...)                             \
	RAW_SWAP(weak, 1, __VA_ARGS__)

#define fence_full()		    (POINT(), (fence_full)())
#define fence_light()		    (POINT(), (fence_light)())
#define fence_after_rmw()	    (POINT(), (fence_after_rmw)())
#define add_alone(p, step, order)   (POINT(), (add_alone)(p, step, order))
#define copy_words(to, from, bytes) (POINT(), (copy_words)(to, from, bytes))

#endif
