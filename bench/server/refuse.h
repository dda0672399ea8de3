/* SPDX-License-Identifier: MIT */
#ifndef SERVER_REFUSE_H
#define SERVER_REFUSE_H
/*
 * Clients for whom the pool has no room: they get a 503 from the main thread,
 * which never waits for them. Main thread only.
 */
#include "source.h"

#include <stdbool.h>
#include <stdint.h>

#define REFUSE_MAX_CLIENTS 64u

struct refused {
	struct source source;
	int fd; /* -1: free */
	uint64_t deadline_ns;
};

struct refusals {
	struct refused clients[REFUSE_MAX_CLIENTS];
	unsigned next; /* round and round: the oldest has to go */
	unsigned nr_open;
};

void refuse_init(struct refusals *refusals);

/* Takes @fd. */
void refuse_client(struct server *server, int fd);

/* Closes those that do not. */
void refuse_visit(struct server *server);

void refuse_fini(struct refusals *refusals);

#endif
