/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STATS_H
#define SERVER_STATS_H
/*
 * All that the pool and the server count as one line of JSON: the page /stats,
 * and the last words on stdout.
 */
#include <stddef.h>

struct server;

/* To be freed; NULL: no memory. */
char *stats_text(struct server *server, size_t *ret_bytes);

#endif
