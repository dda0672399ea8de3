/* SPDX-License-Identifier: MIT */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H
/*
 * The same for Prometheus: its text format, version 0.0.4.
 */
#include <stddef.h>

struct server;

/* To be freed; NULL: no memory. */
char *metrics_text(struct server *server, size_t *ret_bytes);

#endif
