/* SPDX-License-Identifier: MIT */
/*
 * Is a request complete, and is it one that we understand?
 *
 * Only the head is parsed. The parser pauses at the end of it, so that what a
 * client has pipelined behind stays in the connection's buffer.
 */
#include "http.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static int on_url(struct http_parser *parser, const char *at, size_t bytes)
{
	struct http_request *request = parser->data;

	if (bytes > sizeof(request->target) - request->target_bytes) {
		request->target_is_long = true;
		return 0;
	}
	memcpy(request->target + request->target_bytes, at, bytes);
	request->target_bytes += bytes;
	return 0;
}

/* A name can come in pieces; compare as they come. */
static int on_header_field(
		struct http_parser *parser, const char *at, size_t bytes)
{
	static const char host[] = "host";
	struct http_request *request = parser->data;
	size_t start = request->field_bytes;

	if (start == 0)
		request->field_is_host = true;
	request->field_bytes += bytes;
	if (request->field_bytes >= sizeof(host) ||
			strncasecmp(host + start, at, bytes))
		request->field_is_host = false;
	return 0;
}

static int on_header_value(
		struct http_parser *parser, const char *at, size_t bytes)
{
	struct http_request *request = parser->data;

	(void)at;
	(void)bytes;
	if (request->field_is_host && request->field_bytes == strlen("host"))
		request->has_host = true;
	request->field_bytes = 0;
	return 0;
}

static int on_headers_complete(struct http_parser *parser)
{
	struct http_request *request = parser->data;

	request->has_body =
			(parser->flags & F_CHUNKED) ||
			(parser->content_length != 0 &&
					parser->content_length != UINT64_MAX);
	return 1; /* no body, please */
}

static int on_message_complete(struct http_parser *parser)
{
	struct http_request *request = parser->data;

	request->is_complete = true;
	request->keep_alive = http_should_keep_alive(parser);
	http_parser_pause(parser, 1);
	return 0;
}

static const struct http_parser_settings settings = {
		.on_url = on_url,
		.on_header_field = on_header_field,
		.on_header_value = on_header_value,
		.on_headers_complete = on_headers_complete,
		.on_message_complete = on_message_complete,
};

void http_request_init(struct http_request *request)
{
	memset(request, 0, offsetof(struct http_request, target));
	http_parser_init(&request->parser, HTTP_REQUEST);
	request->parser.data = request;
}

static enum http_progress refuse(struct http_request *request, int status)
{
	request->error_status = status;
	return HTTP_BAD;
}

enum http_progress http_request_feed(struct http_request *request,
		const char *data, size_t bytes, size_t *ret_used)
{
	size_t room = HTTP_MAX_HEAD_BYTES - request->head_bytes;
	struct http_parser *parser = &request->parser;
	size_t used;

	used = http_parser_execute(
			parser, &settings, data, bytes < room ? bytes : room);
	request->head_bytes += used;
	*ret_used = used;
	if (request->is_complete) {
		if (parser->http_major != 1)
			return refuse(request, 505);
		if (parser->http_minor > 0 && !request->has_host)
			return refuse(request, 400);
		return HTTP_COMPLETE;
	}
	if (HTTP_PARSER_ERRNO(parser) == HPE_HEADER_OVERFLOW)
		return refuse(request, 431);
	if (HTTP_PARSER_ERRNO(parser) != HPE_OK)
		return refuse(request, 400);
	if (request->head_bytes == HTTP_MAX_HEAD_BYTES)
		return refuse(request, 431);
	return HTTP_MORE;
}

bool http_request_is_head(const struct http_request *request)
{
	return request->is_complete && request->parser.method == HTTP_HEAD;
}

bool http_request_path_is(const struct http_request *request, const char *path)
{
	struct http_parser_url url;
	size_t length = strlen(path);

	http_parser_url_init(&url);
	if (request->target_is_long ||
			http_parser_parse_url(request->target,
					request->target_bytes, 0, &url) ||
			!(url.field_set & (1 << UF_PATH)))
		return false;
	return url.field_data[UF_PATH].len == length &&
	       !memcmp(request->target + url.field_data[UF_PATH].off, path,
			       length);
}
