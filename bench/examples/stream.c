/* SPDX-License-Identifier: MIT */
#include "stream.h"
#include "stream_link.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int stream_ask(struct stream *stream, unsigned nr, unsigned wait_ms)
{
	int is_sent = 0;

	redisAppendCommand(stream->reads,
			"XREADGROUP GROUP %s %s COUNT %u BLOCK %u STREAMS %s >",
			stream->group, stream->consumer, nr, wait_ms,
			stream->key);
	while (!is_sent)
		if (redisBufferWrite(stream->reads, &is_sent) != REDIS_OK)
			return stream_lost(stream, stream->reads);
	stream->is_asked = true;
	return 0;
}

int stream_fd(const struct stream *stream)
{
	return stream->reads ? stream->reads->fd : -1;
}

/* Each of entries is an ID, and its fields and their values in turn. */
static void give(const redisReply *entries, stream_take_fn take, void *arg)
{
	for (size_t i = 0; i < entries->elements; i++) {
		const redisReply *entry = entries->element[i], *fields;
		const char *job = "";

		if (entry->type != REDIS_REPLY_ARRAY)
			continue; /* it was deleted meanwhile */
		fields = entry->element[1];
		for (size_t j = 0; j + 1 < fields->elements; j += 2)
			if (!strcmp(fields->element[j]->str, "job"))
				job = fields->element[j + 1]->str;
		take(arg, entry->element[0]->str, job);
	}
}

int stream_answer(struct stream *stream, stream_take_fn take, void *arg)
{
	redisReply *reply;
	int error = 0;

	/* One read(2), which does not wait: the descriptor is readable. */
	if (redisBufferRead(stream->reads) != REDIS_OK ||
			redisGetReplyFromReader(stream->reads,
					(void **)&reply) != REDIS_OK)
		return stream_lost(stream, stream->reads);
	if (!reply)
		return 0;
	stream->is_asked = false;
	if (reply->type == REDIS_REPLY_ERROR)
		error = stream_refused(stream, reply->str);
	else if (reply->type == REDIS_REPLY_ARRAY) /* of one stream */
		give(reply->element[0]->element[1], take, arg);
	freeReplyObject(reply);
	return error;
}

int stream_pending(struct stream *stream, bool mine, uint64_t idle_ms,
		struct stream_pending *pending, unsigned *nr)
{
	unsigned long long idle = idle_ms;
	unsigned room = *nr;
	redisReply *reply;
	int error;

	*nr = 0;
	if (mine)
		redisAppendCommand(stream->writes,
				"XPENDING %s %s IDLE %llu - + %u %s",
				stream->key, stream->group, idle, room,
				stream->consumer);
	else
		redisAppendCommand(stream->writes,
				"XPENDING %s %s IDLE %llu - + %u", stream->key,
				stream->group, idle, room);
	error = stream_get(stream, &reply);
	if (error)
		return error;
	/* Each is an ID, its consumer, for how long, and how often. */
	for (size_t i = 0; i < reply->elements && *nr < room; i++) {
		redisReply **entry = reply->element[i]->element;

		snprintf(pending[*nr].id, sizeof(pending->id), "%s",
				entry[0]->str);
		pending[(*nr)++].deliveries = (uint64_t)entry[3]->integer;
	}
	freeReplyObject(reply);
	return 0;
}

/* Of two consumers that claim it, one finds that it is not idle any more. */
static int claim(struct stream *stream, const char *id, uint64_t idle_ms,
		redisReply **ret_entries)
{
	redisAppendCommand(stream->writes, "XCLAIM %s %s %s %llu %s",
			stream->key, stream->group, stream->consumer,
			(unsigned long long)idle_ms, id);
	return stream_get(stream, ret_entries);
}

int stream_claim(struct stream *stream, const char *id, uint64_t idle_ms,
		stream_take_fn take, void *arg)
{
	redisReply *entries;
	int error = claim(stream, id, idle_ms, &entries);

	if (error)
		return error;
	give(entries, take, arg);
	freeReplyObject(entries);
	return 0;
}

/* XADD dead * entry ID deliveries N and its fields */
static int add_dead(struct stream *stream, const struct stream_pending *pending,
		const redisReply *fields)
{
	size_t nr = 7 + fields->elements, *bytes = calloc(nr, sizeof(*bytes));
	const char **words = calloc(nr, sizeof(*words));
	char times[24];
	int error = 0;

	snprintf(times, sizeof(times), "%" PRIu64, pending->deliveries);
	if (bytes && words) {
		const char *first[] = {"XADD", stream->dead, "*", "entry",
				pending->id, "deliveries", times};

		for (size_t i = 0; i < 7; i++) {
			words[i] = first[i];
			bytes[i] = strlen(first[i]);
		}
		for (size_t i = 7; i < nr; i++) {
			words[i] = fields->element[i - 7]->str;
			bytes[i] = fields->element[i - 7]->len;
		}
		redisAppendCommandArgv(stream->writes, (int)nr, words, bytes);
	} else {
		error = stream_lost(stream, NULL);
	}
	free(words);
	free(bytes);
	return error;
}

static void add_ack(struct stream *stream, const char *id)
{
	redisAppendCommand(stream->writes, "XACK %s %s %s", stream->key,
			stream->group, id);
}

int stream_bury(struct stream *stream, const struct stream_pending *pending,
		uint64_t idle_ms)
{
	redisReply *entries;
	int error = claim(stream, pending->id, idle_ms, &entries);

	if (error)
		return error;
	if (entries->elements && entries->element[0]->elements == 2) {
		redisAppendCommand(stream->writes, "MULTI");
		error = add_dead(stream, pending,
				entries->element[0]->element[1]);
		add_ack(stream, pending->id);
		redisAppendCommand(stream->writes, "EXEC");
		if (!error)
			error = stream_get_all(stream, 4);
		if (!error)
			fprintf(stderr,
					"streamworker: %s: delivered %" PRIu64
					" times, now in %s\n",
					pending->id, pending->deliveries,
					stream->dead);
	}
	freeReplyObject(entries);
	return error;
}

int stream_renew(struct stream *stream, const char *id)
{
	redisAppendCommand(stream->writes, "XCLAIM %s %s %s 0 %s JUSTID",
			stream->key, stream->group, stream->consumer, id);
	return stream_get_all(stream, 1);
}

int stream_finish(struct stream *stream, const struct stream_result *results,
		unsigned nr)
{
	redisAppendCommand(stream->writes, "MULTI");
	for (unsigned i = 0; i < nr; i++) {
		redisAppendCommand(stream->writes, "HSET %s %s %lld",
				stream->results, results[i].id,
				(long long)results[i].value);
		add_ack(stream, results[i].id);
	}
	redisAppendCommand(stream->writes, "EXEC");
	return stream_get_all(stream, 2 * nr + 2);
}
