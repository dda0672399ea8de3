/* SPDX-License-Identifier: MIT */
/*
 * How does an answer look on the wire?
 */
#include "answer.h"

#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

size_t answer_write(const struct answer *answer, bool keep_alive,
		bool without_body, char *out)
{
	time_t now = time(NULL);
	struct tm utc;
	char date[64];
	size_t bytes;

	gmtime_r(&now, &utc);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
	bytes = (size_t)snprintf(out, ANSWER_HEAD_BYTES,
			"HTTP/1.1 %d %s\r\n"
			"Date: %s\r\n"
			"Content-Type: %s\r\n"
			"Content-Length: %zu\r\n"
			"%s"
			"Connection: %s\r\n"
			"\r\n",
			answer->status,
			http_status_str((enum http_status)answer->status), date,
			answer->content_type, answer->body_bytes,
			answer->status == 405 ? "Allow: GET, HEAD\r\n" : "",
			keep_alive ? "keep-alive" : "close");
	if (!without_body) {
		memcpy(out + bytes, answer->body, answer->body_bytes);
		bytes += answer->body_bytes;
	}
	return bytes;
}

void answer_fini(struct answer *answer)
{
	free(answer->large);
	answer->large = NULL;
}
