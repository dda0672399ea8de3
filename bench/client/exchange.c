/* SPDX-License-Identifier: MIT */
/* Ask, read, check: one request and its answer. */
#include "exchange.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../clock.h"

#define REQUEST(page, connection)                                              \
	("GET " page " HTTP/1.1\r\nHost: localhost\r\nConnection: " connection \
	 "\r\n\r\n")

/* By whether it is slow, and whether the connection is to be kept. */
static const char *const requests[2][2] = {
		{REQUEST("/", "close"), REQUEST("/", "keep-alive")},
		{REQUEST("/sleep", "close"), REQUEST("/sleep", "keep-alive")},
};

/* Of the first answer of each page; 0: none yet. All must be the same. */
static uint64_t page_sums[2];

static int on_body(struct http_parser *parser, const char *data, size_t bytes)
{
	struct exchange *exchange = parser->data;

	for (size_t i = 0; i < bytes; i++)
		exchange->body_sum = (exchange->body_sum ^ (uint8_t)data[i]) *
				     0x100000001b3u; /* FNV-1a */
	return 0;
}

static int on_complete(struct http_parser *parser)
{
	struct exchange *exchange = parser->data;

	exchange->is_complete = true;
	exchange->may_go_on = http_should_keep_alive(parser);
	http_parser_pause(parser, 1); /* what follows was not asked for */
	return 0;
}

static const struct http_parser_settings settings = {
		.on_body = on_body,
		.on_message_complete = on_complete,
};

int exchange_connect(
		struct exchange *exchange, const struct sockaddr_in *address)
{
	const int yes = 1;
	int error;

	exchange->fd = socket(
			AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (exchange->fd < 0)
		return -errno;
	setsockopt(exchange->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (connect(exchange->fd, (const struct sockaddr *)address,
			    sizeof(*address)) == 0 ||
			errno == EINPROGRESS)
		return 0;
	error = -errno;
	exchange_close(exchange);
	return error;
}

void exchange_close(struct exchange *exchange)
{
	close(exchange->fd);
	exchange->fd = -1;
}

void exchange_ask(struct exchange *exchange, uint64_t request_id, bool is_slow,
		bool keep_alive)
{
	http_parser_init(&exchange->parser, HTTP_RESPONSE);
	exchange->parser.data = exchange;
	exchange->request = requests[is_slow][keep_alive];
	exchange->request_bytes = strlen(exchange->request);
	exchange->sent_bytes = 0;
	exchange->request_id = request_id;
	exchange->body_sum = 0xcbf29ce484222325u;
	exchange->first_byte_ns = 0;
	exchange->is_slow = is_slow;
	exchange->is_complete = false;
	exchange->may_go_on = false;
}

static enum verdict verdict_of_page(struct exchange *exchange)
{
	uint64_t *sum = &page_sums[exchange->is_slow];

	if (!*sum)
		*sum = exchange->body_sum;
	return exchange->parser.status_code == 200 && exchange->body_sum == *sum
			       ? ANSWERED
			       : WRONG;
}

/* The connection is at its end, by this error or in order. */
static enum verdict verdict_of_end(struct exchange *exchange, int error)
{
	if (exchange->first_byte_ns)
		return TORN;
	return error == ECONNREFUSED ? REFUSED : RESET;
}

/* True: it failed. */
static bool send_rest(struct exchange *exchange, enum verdict *ret_verdict)
{
	while (exchange->sent_bytes < exchange->request_bytes) {
		ssize_t sent = send(exchange->fd,
				exchange->request + exchange->sent_bytes,
				exchange->request_bytes - exchange->sent_bytes,
				MSG_NOSIGNAL);

		if (sent >= 0) {
			exchange->sent_bytes += (size_t)sent;
		} else if (errno == EAGAIN || errno == ENOTCONN) {
			return false;
		} else if (errno != EINTR) {
			*ret_verdict = verdict_of_end(exchange, errno);
			return true;
		}
	}
	return false;
}

static bool feed(struct exchange *exchange, const char *data, size_t bytes,
		enum verdict *ret_verdict)
{
	if (!exchange->first_byte_ns && bytes)
		exchange->first_byte_ns = now_ns();
	http_parser_execute(&exchange->parser, &settings, data, bytes);
	if (exchange->is_complete) {
		*ret_verdict = verdict_of_page(exchange);
		return true;
	}
	*ret_verdict = WRONG;
	return HTTP_PARSER_ERRNO(&exchange->parser) != HPE_OK;
}

bool exchange_go_on(struct exchange *exchange, enum verdict *ret_verdict)
{
	char data[4096];

	if (!exchange->request || send_rest(exchange, ret_verdict))
		return exchange->request;
	for (;;) {
		ssize_t got = recv(exchange->fd, data, sizeof(data), 0);

		if (got > 0) {
			if (feed(exchange, data, (size_t)got, ret_verdict))
				return true;
		} else if (got == 0) {
			/* to the parser this may be the end of the page */
			if (!feed(exchange, data, 0, ret_verdict) ||
					!exchange->is_complete)
				*ret_verdict = verdict_of_end(exchange, 0);
			return true;
		} else if (errno == EAGAIN) {
			return false;
		} else if (errno != EINTR) {
			*ret_verdict = verdict_of_end(exchange, errno);
			return true;
		}
	}
}
