/* SPDX-License-Identifier: MIT */
#include "stream_link.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static const struct timeval patience = {.tv_sec = 5};

int stream_lost(struct stream *stream, const redisContext *context)
{
	snprintf(stream->why, sizeof(stream->why), "%s",
			context ? context->errstr : "no memory");
	return STREAM_LOST;
}

int stream_refused(struct stream *stream, const char *why)
{
	snprintf(stream->why, sizeof(stream->why), "%s", why);
	return strncmp(why, "LOADING", 7) ? STREAM_REFUSED : STREAM_LOST;
}

int stream_get(struct stream *stream, redisReply **ret_reply)
{
	redisReply *reply;
	int error = 0;

	if (redisGetReply(stream->writes, (void **)&reply) != REDIS_OK)
		return stream_lost(stream, stream->writes);
	if (reply->type == REDIS_REPLY_ERROR)
		error = stream_refused(stream, reply->str);
	/* EXEC has done all the rest even if one of its commands failed. */
	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && !error &&
			   i < reply->elements;
			i++)
		if (reply->element[i]->type == REDIS_REPLY_ERROR)
			error = stream_refused(stream, reply->element[i]->str);
	if (!error && ret_reply)
		*ret_reply = reply;
	else
		freeReplyObject(reply);
	return error;
}

int stream_get_all(struct stream *stream, unsigned nr)
{
	int error = 0;

	while (nr-- && !error)
		error = stream_get(stream, NULL);
	return error;
}

static redisContext *open_context(const char *address)
{
	const char *colon = strrchr(address, ':');
	char host[256];

	if (*address == '/')
		return redisConnectUnixWithTimeout(address, patience);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
	return redisConnectWithTimeout(host, atoi(colon + 1), patience);
}

/*
 * A command of a transaction that meets the wrong kind of key fails when it is
 * too late to give up the others: a result would be lost whose entry is
 * acknowledged. So it is found out before.
 */
static int check_type(struct stream *stream, const char *key, const char *type)
{
	char why[128];
	redisReply *reply;
	int error;

	redisAppendCommand(stream->writes, "TYPE %s", key);
	error = stream_get(stream, &reply);
	if (error)
		return error;
	if (strcmp(reply->str, "none") && strcmp(reply->str, type)) {
		snprintf(why, sizeof(why), "%s is a %s, not a %s", key,
				reply->str, type);
		error = stream_refused(stream, why);
	}
	freeReplyObject(reply);
	return error;
}

static int make_group(struct stream *stream)
{
	redisReply *reply = redisCommand(stream->writes,
			"XGROUP CREATE %s %s 0 MKSTREAM", stream->key,
			stream->group);
	int error = 0;

	if (!reply)
		return stream_lost(stream, stream->writes);
	if (reply->type == REDIS_REPLY_ERROR &&
			strncmp(reply->str, "BUSYGROUP", 9)) /* it is there */
		error = stream_refused(stream, reply->str);
	freeReplyObject(reply);
	return error;
}

int stream_connect(struct stream *stream)
{
	int error;

	stream->reads = open_context(stream->address);
	if (!stream->reads || stream->reads->err)
		return stream_lost(stream, stream->reads);
	stream->writes = open_context(stream->address);
	if (!stream->writes || stream->writes->err)
		return stream_lost(stream, stream->writes);
	redisSetTimeout(stream->writes, patience);
	error = make_group(stream);
	if (!error)
		error = check_type(stream, stream->results, "hash");
	if (!error)
		error = check_type(stream, stream->dead, "stream");
	return error;
}

void stream_disconnect(struct stream *stream)
{
	redisFree(stream->reads);
	redisFree(stream->writes);
	stream->reads = stream->writes = NULL;
	stream->is_asked = false;
}
