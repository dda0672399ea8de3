/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STATS_H
#define SERVER_STATS_H
/*
 * The counters of the pool and of the server as one line of JSON: the page
 * /stats, and the last words on stdout.
 */
#include <stddef.h>

struct server;

/* Returns how many bytes it took; they end in a newline, not in a NUL. */
size_t stats_write(struct server *server, char *out, size_t bytes);

#endif
