/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_COUNTING_H
#define TESTS_UNIT_COUNTING_H
/*
 * Allocation, thread creation and eventfd() of the library under test, counted
 * and made to fail: the program is linked with --wrap for each of the names below.
 */
#include "../harness.h"

/* Calls since the start of malloc, calloc, realloc, aligned_alloc ... mmap. */
unsigned long nr_allocations(void);
/* Blocks and maps that are alive and were made since the start. */
long nr_live(void);
/* The k-th allocation from now on fails, once; 0 never. */
void fail_allocation(unsigned long k);
/* The k-th thread creation from now on fails, once, with EAGAIN; 0 never. */
void fail_thread(unsigned long k);
/* Each eventfd() from now on fails with this error; 0: none does. */
void fail_eventfd(int error);
/* Whether the failure asked for last has happened. */
bool has_failed(void);

#endif
