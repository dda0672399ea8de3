/* SPDX-License-Identifier: MIT */
/*
 * One connection's side of HTTP/1.1, without a socket: bytes come in, bytes are
 * to go out. The loop that owns it moves them.
 *
 *	bytes --> in --> request --> at once ------------> out --> bytes
 *	                    |                               ^
 *	                    +------> errand, on a worker ---+
 *
 * One request at a time; those pipelined behind wait in @in. When @in is full,
 * or @out has no room for one more answer, there is no more room for input: so
 * TCP slows down a client that asks faster than it reads. Neither buffer grows.
 */
#ifndef EXAMPLES_DIALOG_H
#define EXAMPLES_DIALOG_H

#include "offload.h"

struct dialog {
	struct offload *offload;
	struct errand *errand; /* that is on its way; NULL: none */
	bool is_last;	  /* the answer that is in @out, or on its way there */
	bool is_stopping; /* there will be no more input */
	size_t in_start, in_end, out_start, out_end;
	struct http_request request;
	char in[4096], out[4096];
};

void dialog_init(struct dialog *dialog, struct offload *offload);
/* The client is gone, or will be. */
void dialog_fini(struct dialog *dialog);

/* Where to put what comes in; 0 bytes: do not read now. */
char *dialog_room(struct dialog *dialog, size_t *ret_bytes);
void dialog_received(struct dialog *dialog, size_t bytes);
/* What to send; it stays where it is until it is said to be sent. */
char *dialog_output(struct dialog *dialog, size_t *ret_bytes);
void dialog_sent(struct dialog *dialog, size_t bytes);

/* For offload_reap(). */
void dialog_answer(struct errand *errand, intptr_t result);

/* What is here will be answered, nothing else. */
void dialog_stop(struct dialog *dialog);
/* All is said: to be closed. */
bool dialog_is_over(const struct dialog *dialog);

#endif
