/* SPDX-License-Identifier: MIT */
#ifndef ROTA_BOX_H
#define ROTA_BOX_H
/*
 * A box holds a closure by value: { run, drop, payload }. The job that goes
 * through the channel is { box_run, box }. Boxes of up to ROTA_COPY_INLINE
 * bytes come from shards of free boxes (a thread always tries the same one
 * first) and go home when the job is done:
 *
 *	owner side	a list behind a try-lock: who does not get it takes the
 *			next shard, so nobody waits
 *	return side	a stack that is pushed by anybody and only ever taken
 *			whole, so it knows no ABA
 *
 * All of it is freed with the pool; there is no per-thread state to clean up.
 */
#include "rota.h"
#include "sys/atomic.h"
#include <stdbool.h>

enum { BOX_SHARDS = 8 };

struct box {
	rota_run_fn run;
	rota_drop_fn drop;
	struct box *next;
	struct box_shard *home; /* NULL: larger than inline, from malloc */
	alignas(16) unsigned char payload[];
};

struct box_shard {
	alignas(CACHELINE) _Atomic uint32_t is_locked;	   /* A */
	struct box *free;				   /* under is_locked */
	alignas(CACHELINE) _Atomic(struct box *) returned; /* A */
};

struct boxes {
	size_t bytes; /* I: payload of those that are kept */
	struct box_shard shards[BOX_SHARDS];
};

/* NULL: no memory. A payload of a kept size that comes from the system is zeroed,
 * any other is as it was put back. */
struct box *box_get(struct boxes *boxes, size_t payload_bytes);
void box_put(struct box *box);
/* Every box must be home. `fini` is called with each payload that was kept,
 * unless it is NULL. */
void boxes_fini(struct boxes *boxes, void (*fini)(void *payload));

/* The run of every boxed job: runs the closure, then the box goes home. */
void box_run(void *box);

#endif
