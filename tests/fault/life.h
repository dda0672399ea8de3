/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAULT_LIFE_H
#define TESTS_FAULT_LIFE_H
/* A pool from create to destroy, used in every form. Whatever fails inside,
 * each call does its work or returns an error that rota.h names for it, leaves
 * errno alone, and each accepted job has one outcome. */
#include <errno.h>
#include <stdbool.h>

#include "../harness.h"

struct rota_pool;

/* A call of the library: errno stays as it was. */
#define CALL(call)                                                             \
	__extension__({                                                        \
		int result_;                                                   \
                                                                               \
		errno = EXDEV;                                                 \
		result_ = (call);                                              \
		CHECK_EQ(errno, EXDEV);                                        \
		result_;                                                       \
	})

enum shape { SHAPE_LANES, SHAPE_RING, SHAPE_BOUNDED, NR_SHAPES };

extern const char *const shape_names[NR_SHAPES];

/* More than the first ring of a chain holds. */
enum { LIFE_GROWS = 17000 };

struct life_options {
	enum shape shape;
	unsigned nr_flood; /* jobs at once; LIFE_GROWS: so that a ring grows */
	bool does_discard; /* what is queued at the end */
};

/* 0, or why there was no pool. Ends the case if anything is wrong. */
int live(const struct life_options *options);

/* Parts of it: how many jobs were accepted, and had their outcome. */
unsigned long live_loop(struct rota_pool *pool);  /* loop.c */
unsigned long live_beats(struct rota_pool *pool); /* beats.c */

#endif
