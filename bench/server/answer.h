/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ANSWER_H
#define SERVER_ANSWER_H
/*
 * An answer: a status and a page, and how they look on the wire.
 */
#include <stdbool.h>
#include <stddef.h>

#define ANSWER_HEAD_BYTES  512u
#define ANSWER_SMALL_BYTES 2048u /* of a body that needs no memory */
#define ANSWER_MAX_BYTES   (ANSWER_SMALL_BYTES + ANSWER_HEAD_BYTES)

struct answer {
	int status;
	const char *content_type;
	const char *body; /* one of the two below, or a constant */
	size_t body_bytes;
	char *large; /* NULL, or to be freed: see answer_fini() */
	char small[ANSWER_SMALL_BYTES];
};

/* Room for the answer; ANSWER_MAX_BYTES if its body is small. */
static inline size_t answer_room(const struct answer *answer)
{
	return answer->body_bytes + ANSWER_HEAD_BYTES;
}

/* Fills @out, which has this room; returns how many it took. */
size_t answer_write(const struct answer *answer, bool keep_alive,
		bool without_body, char *out);

void answer_fini(struct answer *answer);

#endif
