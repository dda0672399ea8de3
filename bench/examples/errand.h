/* SPDX-License-Identifier: MIT */
/*
 * What epollserver and uvserver do for a client that takes long, without a word
 * about jobs or sockets: /sleep?ms=N, /prime?n=N.
 *
 * An errand that nobody wants any more ends soon, whatever it was about.
 */
#ifndef EXAMPLES_ERRAND_H
#define EXAMPLES_ERRAND_H

#include "../server/http.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dialog;

struct errand {
	struct dialog *dialog; /* for the loop alone; NULL: the client is gone */
	intptr_t (*run)(struct errand *errand);
	uint64_t number;
	atomic_bool is_unwanted; /* written by the loop, read by the worker */
};

/* 0; else the HTTP status that says why not. */
int errand_read(struct errand *errand, const struct http_request *request);

/* The answer's text, NUL at its end, cut to @bytes. */
void errand_text(const struct errand *errand, intptr_t result, char *text,
		size_t bytes);

#endif
