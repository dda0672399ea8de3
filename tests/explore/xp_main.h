/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_XP_MAIN_H
#define EXPLORE_XP_MAIN_H
/*
 *	prog				each case, in its own process
 *	prog CASE			only that one
 *	prog CASE --replay CHOICES	one execution, with all its steps
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

int xp_main(int argc, char **argv, const struct xp_case *cases, unsigned nr);

#endif
