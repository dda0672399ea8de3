/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SOURCE_H
#define SERVER_SOURCE_H
/*
 * A source of events: what an epoll entry points to. It is embedded in the
 * listener, the signals, a parked connection or a refused one.
 */
#include <stddef.h>

struct server;

struct source {
	void (*on_event)(struct server *server, struct source *source);
};

#define container_of(pointer, type, member)                                    \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
