/* SPDX-License-Identifier: MIT */
/*
 * What does a connection do next?
 *
 *	READING --- request or error ---> WRITING --- done ---> (closed)
 *	   ^                                 |  |
 *	   +---------- keep-alive -----------+  +-- unread bytes --> LINGERING
 *
 * A step never waits for the client. Who drives the steps decides where the
 * waiting is done: conn_serve() in poll(), on a worker; keepalive.c in epoll,
 * on none. Each state has one deadline, so that no client can make it last.
 */
#include "conn.h"

#include "deadline.h"
#include "pages.h"
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MS 500u

static void enter(struct conn *conn, enum conn_state state, unsigned ms)
{
	conn->state = state;
	conn->deadline_ns = deadline_after_ms(ms);
}

static void free_out(struct conn *conn)
{
	if (conn->out != conn->small_out)
		free(conn->out);
	conn->out = conn->small_out;
}

static void read_next_request(struct conn *conn)
{
	free_out(conn);
	http_request_init(&conn->request);
	enter(conn, CONN_READING, conn->server->options.read_timeout_ms);
}

struct conn *conn_create(struct server *server, int fd)
{
	struct conn *conn = malloc(sizeof(*conn));

	if (!conn)
		return NULL;
	memset(conn, 0, offsetof(struct conn, in));
	conn->server = server;
	conn->fd = fd;
	conn->out = conn->small_out;
	read_next_request(conn);
	atomic_fetch_add_explicit(&server->nr_conns, 1, memory_order_relaxed);
	return conn;
}

int conn_release(struct conn *conn)
{
	struct server *server = conn->server;
	int fd = conn->fd;

	free_out(conn);
	free(conn);
	atomic_fetch_sub_explicit(&server->nr_conns, 1, memory_order_relaxed);
	return fd;
}

void conn_destroy(struct conn *conn)
{
	close(conn->fd);
	conn_release(conn);
}

bool conn_is_idle(const struct conn *conn)
{
	return conn->state == CONN_READING && conn->request.head_bytes == 0 &&
	       conn->in_start == conn->in_end;
}

static void answer(struct conn *conn, int error_status)
{
	struct server *server = conn->server;
	struct http_request *request = &conn->request;
	struct answer answer;

	if (error_status)
		pages_error(server, error_status, &answer);
	else
		pages_answer(server, request, &answer);
	if (answer_room(&answer) > sizeof(conn->small_out))
		conn->out = malloc(answer_room(&answer));
	if (!conn->out) {
		conn->out = conn->small_out;
		answer_fini(&answer);
		pages_error(server, 503, &answer);
	}
	conn->lingers = error_status || request->has_body;
	conn->keep_alive = server->options.keep_alive && !conn->lingers &&
			   request->keep_alive && !server_is_stopping(server);
	conn->out_start = 0;
	conn->out_end = answer_write(&answer, conn->keep_alive,
			http_request_is_head(request), conn->out);
	answer_fini(&answer);
	server_count(&server->nr_answered);
	enter(conn, CONN_WRITING, server->options.read_timeout_ms);
}

/* What is in the buffer already; may move on to WRITING. */
static void parse(struct conn *conn)
{
	struct http_request *request = &conn->request;
	enum http_progress progress;
	size_t used;

	if (request->head_bytes == 0) /* idle until now */
		conn->deadline_ns = deadline_after_ms(
				conn->server->options.read_timeout_ms);
	progress = http_request_feed(request, conn->in + conn->in_start,
			conn->in_end - conn->in_start, &used);
	conn->in_start += used;
	if (progress != HTTP_MORE)
		answer(conn, request->error_status);
}

static enum conn_want wait_or_end(struct conn *conn, enum conn_want want)
{
	return now_ns() < conn->deadline_ns ? want : CONN_DONE;
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK;
}

/* Returns CONN_WANT_TURN to go on in another state. */
static enum conn_want step_reading(struct conn *conn)
{
	ssize_t bytes;

	while (conn->state == CONN_READING) {
		if (conn->in_start < conn->in_end) {
			parse(conn);
			continue;
		}
		bytes = recv(conn->fd, conn->in, sizeof(conn->in), 0);
		if (bytes > 0) {
			conn->in_start = 0;
			conn->in_end = (size_t)bytes;
			continue;
		}
		if (bytes < 0 && errno == EINTR)
			continue;
		if (bytes == 0 || !would_block())
			return CONN_DONE;
		if (conn_is_idle(conn) && server_is_stopping(conn->server))
			return CONN_DONE;
		if (now_ns() < conn->deadline_ns)
			return CONN_WANT_READ;
		if (conn_is_idle(conn))
			return CONN_DONE;
		answer(conn, 408);
	}
	return CONN_WANT_TURN;
}

static enum conn_want step_writing(struct conn *conn)
{
	ssize_t bytes;

	while (conn->out_start < conn->out_end) {
		bytes = send(conn->fd, conn->out + conn->out_start,
				conn->out_end - conn->out_start, MSG_NOSIGNAL);
		if (bytes >= 0)
			conn->out_start += (size_t)bytes;
		else if (would_block())
			return wait_or_end(conn, CONN_WANT_WRITE);
		else if (errno != EINTR)
			return CONN_DONE;
	}
	if (conn->keep_alive) {
		read_next_request(conn);
		return conn->in_start < conn->in_end ? CONN_WANT_TURN
						     : CONN_WANT_READ;
	}
	/* To close on unread bytes would reset, and lose the answer. */
	if (!conn->lingers && conn->in_start == conn->in_end)
		return CONN_DONE;
	shutdown(conn->fd, SHUT_WR);
	enter(conn, CONN_LINGERING, LINGER_MS);
	return CONN_WANT_READ;
}

static enum conn_want step_lingering(struct conn *conn)
{
	ssize_t bytes = recv(conn->fd, conn->in, sizeof(conn->in), 0);

	if (bytes > 0 || (bytes < 0 && (would_block() || errno == EINTR)))
		return wait_or_end(conn, CONN_WANT_READ);
	return CONN_DONE;
}

enum conn_want conn_step(struct conn *conn)
{
	enum conn_want want = CONN_WANT_TURN;

	if (conn->state == CONN_READING)
		want = step_reading(conn);
	if (conn->state == CONN_WRITING)
		want = step_writing(conn);
	else if (conn->state == CONN_LINGERING)
		want = step_lingering(conn);
	return want;
}

void conn_serve(void *arg)
{
	struct conn *conn = arg;
	struct pollfd fds[2] = {
			{.fd = conn->fd},
			{.fd = conn->server->stop_fd, .events = POLLIN},
	};
	enum conn_want want;

	read_next_request(conn); /* its time begins now, not in the queue */
	while ((want = conn_step(conn)) != CONN_DONE) {
		fds[0].events = want == CONN_WANT_READ ? POLLIN : POLLOUT;
		/* Only who has nothing to lose is disturbed by a stop. */
		poll(fds, conn_is_idle(conn) ? 2 : 1,
				deadline_ms_left(conn->deadline_ns));
	}
	conn_destroy(conn);
}
