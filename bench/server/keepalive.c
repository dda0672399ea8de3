/* SPDX-License-Identifier: MIT */
/*
 * How can thousands of idle connections cost no worker?
 *
 * A parked connection is in the epoll set with EPOLLONESHOT, and in a list.
 * Its event, or its deadline, makes it a job; the job steps it as far as it
 * goes and parks it again. One owner at a time: who takes it off the list owns
 * it, and only the main thread takes; only the owner parks.
 *
 * The lock covers both the list and epoll_ctl(), so that a connection on the
 * list is also in the set, and one that was taken is no more the worker's.
 */
#include "keepalive.h"

#include "conn.h"
#include "deadline.h"
#include "refuse.h"
#include "server.h"

#include <sys/epoll.h>

#define VISIT_MS 50u

void keepalive_init(struct keepalive *keepalive)
{
	pthread_mutex_init(&keepalive->lock, NULL);
	keepalive->parked = NULL;
	keepalive->next_visit_ns = 0;
}

static void link_parked(struct keepalive *keepalive, struct conn *conn)
{
	conn->previous = NULL;
	conn->next = keepalive->parked;
	if (conn->next)
		conn->next->previous = conn;
	keepalive->parked = conn;
}

static void unlink_parked(struct keepalive *keepalive, struct conn *conn)
{
	if (conn->next)
		conn->next->previous = conn->previous;
	if (conn->previous)
		conn->previous->next = conn->next;
	else
		keepalive->parked = conn->next;
}

static void park(struct conn *conn, enum conn_want want)
{
	struct server *server = conn->server;
	struct keepalive *keepalive = &server->keepalive;
	struct epoll_event event = {
			.events = EPOLLONESHOT |
				  (want == CONN_WANT_READ ? EPOLLIN : EPOLLOUT),
			.data.ptr = &conn->source,
	};
	int how = conn->is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	pthread_mutex_lock(&keepalive->lock);
	conn->is_watched = true;
	conn->want = want;
	link_parked(keepalive, conn);
	if (!epoll_ctl(server->epoll_fd, how, conn->fd, &event)) {
		pthread_mutex_unlock(&keepalive->lock);
		return; /* it may be somebody else's by now */
	}
	unlink_parked(keepalive, conn);
	pthread_mutex_unlock(&keepalive->lock);
	conn_destroy(conn); /* out of kernel memory */
}

static void run_step(void *arg)
{
	struct conn *conn = arg;
	enum conn_want want = conn_step(conn);

	if (want == CONN_DONE)
		conn_destroy(conn);
	else
		park(conn, want);
}

static void on_ready(struct server *server, struct source *source)
{
	struct conn *conn = container_of(source, struct conn, source);

	pthread_mutex_lock(&server->keepalive.lock);
	unlink_parked(&server->keepalive, conn);
	pthread_mutex_unlock(&server->keepalive.lock);
	if (!server->options.pool_ops->try_submit(server->pool, run_step, conn))
		return;
	if (conn->state == CONN_READING)
		refuse_client(server, conn_release(conn));
	else
		conn_destroy(conn); /* in the middle of an answer */
}

void keepalive_add(struct conn *conn)
{
	conn->source.on_event = on_ready;
	park(conn, CONN_WANT_READ);
}

/*
 * Moves to the list of the late. It leaves the epoll set: while a worker owns
 * it, no event may come.
 */
static void take_late(
		struct server *server, struct conn *conn, struct conn **late)
{
	epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, conn->fd, NULL);
	conn->is_watched = false;
	unlink_parked(&server->keepalive, conn);
	conn->next = *late;
	*late = conn;
}

void keepalive_visit(struct server *server)
{
	const struct bench_pool_ops *ops = server->options.pool_ops;
	struct keepalive *keepalive = &server->keepalive;
	bool is_stopping = server_is_stopping(server);
	uint64_t now = now_ns();
	struct conn *late = NULL;
	struct conn *conn, *next;

	if (now < keepalive->next_visit_ns && !is_stopping)
		return;
	keepalive->next_visit_ns = now + VISIT_MS * NS_PER_MS;
	pthread_mutex_lock(&keepalive->lock);
	for (conn = keepalive->parked; conn; conn = next) {
		next = conn->next;
		if (conn->deadline_ns <= now ||
				(is_stopping && conn_is_idle(conn)))
			take_late(server, conn, &late);
	}
	pthread_mutex_unlock(&keepalive->lock);
	for (conn = late; conn; conn = next) {
		next = conn->next;
		/* Either its client does not read, or no worker is left. */
		if (conn->want == CONN_WANT_TURN ||
				ops->try_submit(server->pool, run_step, conn))
			conn_destroy(conn);
	}
}
