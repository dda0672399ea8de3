/* SPDX-License-Identifier: MIT */
/*
 * A Redis stream as a queue of jobs for one consumer of a group, without a word
 * about pools. One thread's: hiredis contexts are not thread-safe.
 *
 * An entry is a field `job` and what is to be done. Redis delivers it to one
 * consumer, and keeps it as pending until that one acknowledges it. It knows how
 * often it was delivered, to whom, and how long ago.
 *
 * What returns an int, but for stream_fd(), returns 0 or an error, and then
 * stream->why says more.
 */
#ifndef EXAMPLES_STREAM_H
#define EXAMPLES_STREAM_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#define STREAM_ID_BYTES 44 /* two numbers of 64 bits, a dash, a NUL */

enum stream_error {
	STREAM_LOST = -1, /* the connection: disconnect, then try again */
	STREAM_REFUSED =
			-2, /* redis did not want to: there is no point in it */
};

struct stream {
	const char *address; /* HOST:PORT, or the path of a socket */
	const char *key, *group, *consumer;
	const char *results; /* the key of the hash ID -> result */
	const char *dead;    /* that of the stream for what never worked */
	/*
	 * A read waits for entries inside redis, and what comes after it on its
	 * connection waits with it. So all else has a connection of its own,
	 * where each answer comes at once. Both NULL: not connected.
	 */
	redisContext *reads, *writes;
	bool is_asked; /* a read is under way */
	char why[160];
};

struct stream_pending {
	char id[STREAM_ID_BYTES];
	uint64_t deliveries; /* so far */
};

struct stream_result {
	const char *id;
	int64_t value;
};

/* What is done with an entry; both strings are only valid for the call. */
typedef void (*stream_take_fn)(void *arg, const char *id, const char *job);

/* Makes the stream and the group, too, if they are missing. */
int stream_connect(struct stream *stream);
void stream_disconnect(struct stream *stream);

/* Ask for new entries: nr at most, one at least unless none comes in time. */
int stream_ask(struct stream *stream, unsigned nr, unsigned wait_ms);
/* Readable when the answer comes, or when the connection is gone. */
int stream_fd(const struct stream *stream);
/* What has come of the answer; is_asked says whether it was all. */
int stream_answer(struct stream *stream, stream_take_fn take, void *arg);

/* Up to *nr entries that were delivered idle_ms ago or longer and are still
 * pending; with mine, those of this consumer. */
int stream_pending(struct stream *stream, bool mine, uint64_t idle_ms,
		struct stream_pending *pending, unsigned *nr);
/* Make it ours, unless somebody else was faster: this is one more delivery. */
int stream_claim(struct stream *stream, const char *id, uint64_t idle_ms,
		stream_take_fn take, void *arg);
/* Likewise, but move it to the dead ones: both or neither. */
int stream_bury(struct stream *stream, const struct stream_pending *pending,
		uint64_t idle_ms);
/* Say that our entry is still being worked on: this is no delivery. */
int stream_renew(struct stream *stream, const char *id);
/* Write results and acknowledge their entries: all of it or nothing. */
int stream_finish(struct stream *stream, const struct stream_result *results,
		unsigned nr);

#endif
