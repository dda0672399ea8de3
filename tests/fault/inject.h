/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAULT_INJECT_H
#define TESTS_FAULT_INJECT_H
/*
 * System calls and libc calls of the library under test, counted and made to
 * fail. The program is linked with a copy of the shipped library in which the
 * names of kinds.h are replaced by inject_NAME: calls of the test itself are
 * not touched.
 */
#include <errno.h>
#include <stdbool.h>

/* What is no errno. */
enum {
	INJECT_SPURIOUS = 1000, /* a futex wait returns 0, for no reason */
	INJECT_CUT_SHORT,	/* a line ends in the middle */
	INJECT_ODD_TEXT,	/* a line says something else */
	INJECT_HOUR_AHEAD,	/* the clock goes on from an hour later */
	INJECT_STAND_STILL, /* it shows the same, a thousand times at most */
};

enum inject_kind {
#define INJECT(name, ...)	  INJECT_##name,
#define INJECT_BY_HAND(name, ...) INJECT_##name,
#include "kinds.h"
#undef INJECT
#undef INJECT_BY_HAND
	INJECT_NR_KINDS
};

#define INJECT_EVER (~0ul)

const char *inject_name(enum inject_kind kind);
const char *inject_error_name(int error);
/* Its errors, one after the other; false: no more. */
bool inject_error(enum inject_kind kind, unsigned i, int *ret_error);
/* Count from zero, fail nothing. */
void inject_reset(void);
/* The k-th call from now on and those behind it, `times` in all, fail so. */
void inject(enum inject_kind kind, unsigned long k, unsigned long times,
		int error);
unsigned long inject_calls(enum inject_kind kind);
unsigned long inject_failures(enum inject_kind kind);
/* Blocks, maps and files that the library holds. */
long inject_nr_live(void);

#endif
