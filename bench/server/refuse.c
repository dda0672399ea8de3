/* SPDX-License-Identifier: MIT */
/*
 * How is a client turned away without a worker, and still sees why?
 *
 * To close at once would reset the connection, since its request is unread,
 * and the client could lose the 503. So the last few refused sockets stay
 * half-open for a moment, until their client closes too.
 */
#include "refuse.h"

#include "deadline.h"
#include "pages.h"
#include "server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define GOODBYE_MS 500u

static void forget(struct refusals *refusals, struct refused *refused)
{
	if (refused->fd < 0)
		return;
	close(refused->fd);
	refused->fd = -1;
	refusals->nr_open--;
}

/* Throws away what it says, until it closes. */
static void on_readable(struct server *server, struct source *source)
{
	struct refused *refused = container_of(source, struct refused, source);
	char nothing[4096];
	ssize_t bytes = recv(refused->fd, nothing, sizeof(nothing), 0);

	if (bytes > 0 || (bytes < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	forget(&server->refusals, refused);
}

static void say_no(struct server *server, int fd)
{
	struct answer answer;
	char out[ANSWER_MAX_BYTES];
	size_t bytes;

	pages_error(server, 503, &answer);
	bytes = answer_write(&answer, false, false, out);
	if (send(fd, out, bytes, MSG_NOSIGNAL) >= 0)
		shutdown(fd, SHUT_WR);
	server_count(&server->nr_refused);
}

void refuse_init(struct refusals *refusals)
{
	for (unsigned i = 0; i < REFUSE_MAX_CLIENTS; i++) {
		refusals->clients[i].source.on_event = on_readable;
		refusals->clients[i].fd = -1;
	}
	refusals->next = 0;
	refusals->nr_open = 0;
}

void refuse_client(struct server *server, int fd)
{
	struct refusals *refusals = &server->refusals;
	struct refused *refused = &refusals->clients[refusals->next];
	struct epoll_event event = {
			.events = EPOLLIN,
			.data.ptr = &refused->source,
	};

	refusals->next = (refusals->next + 1) % REFUSE_MAX_CLIENTS;
	forget(refusals, refused);
	say_no(server, fd);
	refused->fd = fd;
	refused->deadline_ns = deadline_after_ms(GOODBYE_MS);
	refusals->nr_open++;
	/* It may have been a parked connection, and in the set already. */
	if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) &&
			epoll_ctl(server->epoll_fd, EPOLL_CTL_MOD, fd, &event))
		forget(refusals, refused);
}

void refuse_visit(struct server *server)
{
	struct refusals *refusals = &server->refusals;
	uint64_t now;

	if (!refusals->nr_open)
		return;
	now = now_ns();
	for (unsigned i = 0; i < REFUSE_MAX_CLIENTS; i++)
		if (refusals->clients[i].deadline_ns <= now)
			forget(refusals, &refusals->clients[i]);
}

void refuse_fini(struct refusals *refusals)
{
	for (unsigned i = 0; i < REFUSE_MAX_CLIENTS; i++)
		forget(refusals, &refusals->clients[i]);
}
