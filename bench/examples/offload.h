/* SPDX-License-Identifier: MIT */
/*
 * Errands on a pool: the loop submits them, and is told by a descriptor that
 * some are done. All calls are the loop's; only errand->run() is called
 * elsewhere. So whose answer it is needs no lock, and a client may go away at
 * any moment: its errand is told that nobody wants it, and freed when it is
 * over.
 */
#ifndef EXAMPLES_OFFLOAD_H
#define EXAMPLES_OFFLOAD_H

#include "errand.h"
#include <rota.h>

struct offload {
	struct rota_pool *pool;
	struct rota_completions *completions;
	unsigned long nr_done, nr_refused, nr_abandoned;
};

/* At most @most errands at a time, queued ones included. A rota error. */
int offload_init(struct offload *offload, unsigned workers, unsigned most);

/* Readable: offload_reap() has something to do. */
int offload_fd(struct offload *offload);

/* 0, and the errand is passed on until @done; else it is still the caller's:
 * -EAGAIN there are too many. Never waits. */
int offload_submit(struct offload *offload, struct errand *errand);

/* The client has gone: there will be no @done for it. */
void offload_abandon(struct offload *offload, struct errand *errand);

/* Some that are over. Each is freed after @done; NULL: there are no clients. */
void offload_reap(struct offload *offload,
		void (*done)(struct errand *errand, intptr_t result));

/* No client is left. What is queued is dropped, what runs is waited for; a line
 * says how many there were. */
void offload_fini(struct offload *offload);

#endif
