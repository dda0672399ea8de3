/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_XP_MAIN_H
#define EXPLORE_XP_MAIN_H
/*
 *	prog [CASE]			each case, in its own process, or one
 *	prog --list			their names
 *	prog --exhaustive		the ones without a bound
 *	prog --deep			the ones that take long
 *	prog --save FILE CASE		where to put the execution that fails;
 *					else it is PROG.CASE.schedule
 *	prog --replay FILE [CASE]	once more: exits with 1 if it fails as
 *					saved, 0 if it passes, 2 if it diverges
 *	prog --replay CHOICES CASE	one execution, with all its steps
 *	prog --seed N, --schedules N	of cases that are drawn
 *	prog --mutant [CASE]		the program is built from changed
 *					sources: that or any case must fail
 */
#include "xp.h"

struct xp_case {
	const char *name;
	void (*body)(const void *with);
	const void *with;
	struct xp_options options; /* ROTA_XP_BOUND raises the bound */
	bool must_fail;		   /* the outcome is there to be found */
};

int xp_run(int argc, char **argv, const struct xp_case *cases, unsigned nr);

/* In the program itself: the library has to know its memory. */
static inline void xp_know_program(void)
{
	extern char __data_start[], _edata[], __bss_start[], _end[];

	xp_program_memory(__data_start, _edata);
	xp_program_memory(__bss_start, _end);
}

static inline int xp_main(
		int argc, char **argv, const struct xp_case *cases, unsigned nr)
{
	xp_know_program();
	return xp_run(argc, argv, cases, nr);
}

#endif
