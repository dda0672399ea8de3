/* SPDX-License-Identifier: MIT */
/* The two connections of a stream: for stream.c only. */
#ifndef EXAMPLES_STREAM_LINK_H
#define EXAMPLES_STREAM_LINK_H

#include "stream.h"

/* Both note why. context: what the answer was to come from, or NULL */
int stream_lost(struct stream *stream, const redisContext *context);
/* Redis still reads its file after a start: then it will do later. */
int stream_refused(struct stream *stream, const char *why);

/* The next answer on the connection for all but reads; with NULL it must only
 * not be an error. */
int stream_get(struct stream *stream, redisReply **ret_reply);
int stream_get_all(struct stream *stream, unsigned nr);

#endif
