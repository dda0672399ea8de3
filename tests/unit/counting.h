/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_COUNTING_H
#define TESTS_UNIT_COUNTING_H
/* Allocations of the program, counted: it is linked with --wrap for each of
 * their names. To make them fail, see tests/fault. */
#include "../harness.h"

/* Calls since the start of malloc, calloc, realloc, aligned_alloc ... */
unsigned long nr_allocations(void);
/* Blocks that are alive and were made since the start. */
long nr_live(void);

#endif
