/* SPDX-License-Identifier: MIT */
#ifndef SERVER_KEEPALIVE_H
#define SERVER_KEEPALIVE_H
/*
 * Parked connections: those that wait for their client in the epoll set of
 * the main thread and cost no worker.
 */
#include <pthread.h>
#include <stdint.h>

struct conn;
struct server;

struct keepalive {
	pthread_mutex_t lock;
	struct conn *parked;	/* under the lock; a list in no order */
	uint64_t next_visit_ns; /* main thread only */
};

void keepalive_init(struct keepalive *keepalive);

/* Takes a new connection. Main thread only. */
void keepalive_add(struct conn *conn);

/* Gives a turn to those that have waited too long. Main thread only. */
void keepalive_visit(struct server *server);

#endif
