/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_XP_SAVED_H
#define EXPLORE_XP_SAVED_H
/* A failed execution in a file: lines "case NAME", "failure WHY", "schedule
 * CHOICES", then one for each step, "THREAD what WORD in FUNCTION: VALUE". */
#include "xp.h"

struct xp_saved {
	char *case_name, *failure, *choices;
	char **steps;
	unsigned nr_steps;
};

/* Also the exit codes. */
enum xp_replayed { XP_PASSES, XP_FAILS_AS_SAVED, XP_DIVERGES };

bool xp_saved_read(const char *name, struct xp_saved *ret_saved);
/* Once more: it fails in the same way, passes, or does other steps. Says so. */
enum xp_replayed xp_saved_replay(const struct xp_saved *saved,
		void (*body)(const void *with), const void *with,
		const struct xp_options *options);

#endif
