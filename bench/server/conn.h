/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONN_H
#define SERVER_CONN_H
/*
 * One connection: a socket, the parser's state, and what is still to be
 * written. It has one owner at a time: the job that steps it, or the main
 * thread while it is parked.
 */
#include "answer.h"
#include "http.h"
#include "source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conn_state {
	CONN_READING,	/* a head, or nothing yet */
	CONN_WRITING,	/* an answer */
	CONN_LINGERING, /* said all; reading on so that it is not reset */
};

/* What a connection needs before its next step. */
enum conn_want {
	CONN_WANT_READ,
	CONN_WANT_WRITE,
	CONN_WANT_TURN, /* nothing; but others first: it has had its request */
	CONN_DONE,
};

struct conn {
	struct source source; /* of its events while it is parked */
	struct server *server;
	struct conn *next, *previous; /* parked, see keepalive.h */
	bool is_watched;	      /* the epoll set has it */
	int fd;			      /* never blocks */
	enum conn_state state;
	enum conn_want want; /* while it is parked */
	bool keep_alive;     /* after this answer */
	bool lingers;	     /* after this answer */
	uint64_t deadline_ns;
	struct http_request request;
	size_t in_start, in_end;
	size_t out_start, out_end;
	char in[4096];
	char *out; /* this, or from malloc */
	char small_out[ANSWER_MAX_BYTES];
};

/* Takes @fd, which must not block; NULL: out of memory, @fd is the caller's. */
struct conn *conn_create(struct server *server, int fd);

/* Closes and frees. */
void conn_destroy(struct conn *conn);

/* Frees, and gives the socket back open. */
int conn_release(struct conn *conn);

/*
 * Goes on until the socket would block or one request is answered. Once the
 * deadline has passed, a step that would wait ends the connection instead.
 */
enum conn_want conn_step(struct conn *conn);

/* No byte of a request is here: nothing is lost by closing. */
bool conn_is_idle(const struct conn *conn);

/* The job of a server without keep-alive: steps, waits, closes. */
void conn_serve(void *arg);

#endif
