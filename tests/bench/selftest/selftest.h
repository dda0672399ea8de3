/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_SELFTEST_H
#define TESTS_BENCH_SELFTEST_H
/*
 * Pools that are wrong or slow on purpose. Programs that are linked with them
 * (and with -Wl,--wrap for the two functions that table.c wraps) know their
 * names; none that bench/run starts does.
 */
#include "../../../bench/pool.h"

/* NULL-terminated: what they do is in their names, see broken.c. */
extern const struct bench_pool_ops *const broken_pools[];

/* NULL if it is none of those in faulty.c. */
const struct bench_pool_ops *faulty_pool_find(const char *name);

/* slower-N: N percent slower; NULL if the name is not of this form. */
const struct bench_pool_ops *slower_pool_find(const char *name);

#endif
