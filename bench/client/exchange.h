/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_EXCHANGE_H
#define CLIENT_EXCHANGE_H
/*
 * One connection, and what is asked and answered on it: nothing here blocks.
 * The answer is parsed and checked; how it went is told once.
 */
#include <http_parser.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum verdict {
	ANSWERED,
	REFUSED, /* no connection */
	RESET,	 /* none of the answer came */
	TORN,	 /* a part of it came */
	WRONG,	 /* no 200, or not the page */
	NR_VERDICTS,
};

struct exchange {
	struct http_parser parser;
	const char *request; /* NULL: none under way */
	size_t request_bytes;
	size_t sent_bytes;
	uint64_t request_id;
	uint64_t body_sum;
	uint64_t first_byte_ns; /* 0: none yet */
	int fd;			/* -1: not connected */
	bool is_slow;		/* which page it asks for */
	bool is_complete;
	bool may_go_on;		/* the connection is kept */
	struct exchange *below; /* in a list of idle ones */
};

/* 0, or -errno: it is not connected then. */
int exchange_connect(
		struct exchange *exchange, const struct sockaddr_in *address);
/* On a connection that is idle. */
void exchange_ask(struct exchange *exchange, uint64_t request_id, bool is_slow,
		bool keep_alive);
/* Something may be read or written. True: it is over, with *ret_verdict. */
bool exchange_go_on(struct exchange *exchange, enum verdict *ret_verdict);
void exchange_close(struct exchange *exchange);

#endif
