/* SPDX-License-Identifier: MIT */
/*
 * The server's way from bytes to an answer.
 *
 * The first byte says how: feed the parser alone, in pieces and all at once,
 * which must come to the same; or let a connection step over a socket pair and
 * look at what it answers. The server has no pool and no other threads.
 */
#include "../../bench/server/conn.h"
#include "../../bench/server/server.h"
#include "../harness.h"
#include "input.h"
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_BYTES = 2 * HTTP_MAX_HEAD_BYTES, MAX_PIPELINED_BYTES = 2048 };

static void no_counts(struct bench_pool *pool, struct bench_counts *ret_counts)
{
	(void)pool;
	*ret_counts = (struct bench_counts){0};
}

static const struct bench_pool_ops no_pool = {
		.name = "no",
		.counts = no_counts,
};

/* What it comes to, and how many bytes that took. */
static enum http_progress feed(struct http_request *request, const char *data,
		size_t bytes, size_t piece, size_t *ret_used)
{
	enum http_progress progress = HTTP_MORE;
	size_t used, at = 0;

	http_request_init(request);
	while (progress == HTTP_MORE && at < bytes) {
		size_t nr = bytes - at < piece ? bytes - at : piece;
		char *copy = malloc(nr); /* its end is watched */

		CHECK(copy);
		memcpy(copy, data + at, nr);
		progress = http_request_feed(request, copy, nr, &used);
		free(copy);
		CHECK(used <= nr);
		CHECK(progress != HTTP_MORE || used == nr);
		at += used;
	}
	*ret_used = at;
	return progress;
}

static void check_request(const struct http_request *request,
		enum http_progress progress, size_t used)
{
	CHECK_EQ(request->head_bytes, used);
	CHECK(used <= HTTP_MAX_HEAD_BYTES);
	CHECK(request->target_bytes <= sizeof(request->target));
	CHECK((progress == HTTP_BAD) == (request->error_status != 0));
	if (progress == HTTP_COMPLETE) {
		CHECK(request->is_complete);
		CHECK_EQ(request->parser.http_major, 1);
		CHECK(request->has_host || request->parser.http_minor == 0);
	}
}

static void try_parser(const char *data, size_t bytes, size_t piece)
{
	static struct http_request whole, parts;
	enum http_progress progress;
	size_t used, used_in_parts;

	progress = feed(&whole, data, bytes, SIZE_MAX, &used);
	check_request(&whole, progress, used);
	CHECK_EQ(feed(&parts, data, bytes, piece, &used_in_parts), progress);
	check_request(&parts, progress, used_in_parts);
	CHECK_EQ(parts.error_status, whole.error_status);
	if (progress != HTTP_COMPLETE)
		return;
	CHECK_EQ(used, used_in_parts);
	CHECK_EQ(parts.keep_alive, whole.keep_alive);
	CHECK_EQ(parts.has_body, whole.has_body);
	CHECK_EQ(parts.has_host, whole.has_host);
	CHECK_EQ(parts.target_is_long, whole.target_is_long);
	CHECK_EQ(http_request_is_head(&parts), http_request_is_head(&whole));
	CHECK_EQ(http_request_path_is(&parts, "/stats"),
			http_request_path_is(&whole, "/stats"));
	if (whole.target_is_long) /* what fitted before depends on the pieces */
		return;
	CHECK_EQ(parts.target_bytes, whole.target_bytes);
	CHECK(!memcmp(parts.target, whole.target, whole.target_bytes));
}

/* One answer at the start of the text; returns its length. */
static size_t check_answer(const char *text, size_t bytes)
{
	char *head = strndup(text, bytes), *end, *field;
	size_t body_bytes, head_bytes;
	int status;

	CHECK(head);
	end = strstr(head, "\r\n\r\n");
	CHECK(end);
	*end = '\0';
	head_bytes = (size_t)(end - head) + 4;
	CHECK_EQ(sscanf(head, "HTTP/1.1 %3d ", &status), 1);
	CHECK(status == 200 || status == 400 || status == 404 ||
			status == 405 || status == 431 || status == 505);
	field = strstr(head, "\r\nContent-Length: ");
	CHECK(field && sscanf(field + 18, "%zu", &body_bytes) == 1);
	free(head);
	/* of an answer to HEAD only the head comes */
	if (head_bytes + body_bytes <= bytes &&
			memcmp(text + head_bytes, "HTTP/1.1 ",
					body_bytes < 9 ? body_bytes : 9))
		return head_bytes + body_bytes;
	return head_bytes;
}

static char answers[1 << 18];
static size_t answers_bytes;

static void receive(int fd)
{
	size_t room = sizeof(answers) - answers_bytes;
	ssize_t nr = recv(fd, answers + answers_bytes, room, MSG_DONTWAIT);

	if (nr > 0)
		answers_bytes += (size_t)nr;
	CHECK(answers_bytes < sizeof(answers));
}

static void check_answers(unsigned long long nr_answered)
{
	size_t at = 0;

	for (; nr_answered; nr_answered--) {
		CHECK(at < answers_bytes);
		at += check_answer(answers + at, answers_bytes - at);
	}
	CHECK_EQ(at, answers_bytes);
}

static void try_connection(
		const char *data, size_t bytes, size_t piece, bool keep_alive)
{
	static struct server server;
	enum conn_want want = CONN_WANT_READ;
	struct conn *conn;
	size_t sent = 0;
	int fds[2];

	memset(&server, 0, sizeof(server));
	server.options.pool_ops = &no_pool;
	server.options.keep_alive = keep_alive;
	server.options.read_timeout_ms = 60000;
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	conn = conn_create(&server, fds[0]);
	CHECK(conn);
	answers_bytes = 0;
	while (want != CONN_DONE) {
		size_t nr = bytes - sent < piece ? bytes - sent : piece;

		if (want == CONN_WANT_READ && nr) {
			CHECK_EQ(send(fds[1], data + sent, nr, MSG_NOSIGNAL),
					nr);
			sent += nr;
		} else if (want == CONN_WANT_READ) {
			shutdown(fds[1], SHUT_WR);
		}
		want = conn_step(conn);
		receive(fds[1]);
	}
	conn_destroy(conn);
	CHECK_EQ(server_nr_conns(&server), 0);
	receive(fds[1]);
	check_answers(atomic_load(&server.nr_answered));
	close(fds[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input input = {data, data + bytes};
	unsigned how = input_byte(&input);
	size_t piece = 1 + how / 4 * how / 4;
	const char *text = (const char *)input.at;

	bytes = (size_t)(input.end - input.at);
	if (bytes > MAX_BYTES)
		bytes = MAX_BYTES;
	if (how % 4 == 0)
		try_connection(text,
				bytes < MAX_PIPELINED_BYTES
						? bytes
						: MAX_PIPELINED_BYTES,
				piece, how & 4);
	else
		try_parser(text, bytes, piece);
	return 0;
}
