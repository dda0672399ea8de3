/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ANSWER_H
#define SERVER_ANSWER_H
/*
 * An answer: a status and a page, and how they look on the wire.
 */
#include <stdbool.h>
#include <stddef.h>

#define ANSWER_MAX_BODY_BYTES 2048u
#define ANSWER_MAX_BYTES      (ANSWER_MAX_BODY_BYTES + 512u)

struct answer {
	int status;
	const char *content_type;
	size_t body_bytes;
	char body[ANSWER_MAX_BODY_BYTES];
};

/* Fills @out, which has ANSWER_MAX_BYTES; returns how many it took. */
size_t answer_write(const struct answer *answer, bool keep_alive,
		bool without_body, char *out);

#endif
