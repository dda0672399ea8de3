/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H
/*
 * One HTTP/1.x request head, fed in pieces of any size.
 */
#include <http_parser.h>
#include <stdbool.h>
#include <stddef.h>

#define HTTP_MAX_HEAD_BYTES   8192u
#define HTTP_MAX_TARGET_BYTES 256u /* no page of ours has a longer name */

enum http_progress {
	HTTP_MORE, /* feed more */
	HTTP_COMPLETE,
	HTTP_BAD, /* answer with error_status and close */
};

struct http_request {
	struct http_parser parser;
	size_t head_bytes; /* consumed so far; 0: not begun */
	int error_status;
	bool is_complete;
	bool keep_alive; /* the client's wish */
	bool has_body;	 /* which nobody reads */
	bool has_host;
	bool target_is_long;
	size_t field_bytes; /* of the header name being read */
	bool field_is_host; /* so far */
	size_t target_bytes;
	char target[HTTP_MAX_TARGET_BYTES];
};

void http_request_init(struct http_request *request);

/* Consumes no byte after the end of the head. */
enum http_progress http_request_feed(struct http_request *request,
		const char *data, size_t bytes, size_t *ret_used);

bool http_request_is_head(const struct http_request *request);

/* Is the target's path, without a query, this one? */
bool http_request_path_is(const struct http_request *request, const char *path);

#endif
