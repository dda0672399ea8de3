/* SPDX-License-Identifier: MIT */
/*
 * Who waits for new connections, and what if there are too many of them?
 *
 * The main thread never blocks but in epoll_wait(). It hands each connection
 * to the pool as one job, or refuses it if the pool does; without file
 * descriptors it pauses, and lets the kernel's backlog hold the clients.
 */
#define _GNU_SOURCE /* accept4() */
#include "acceptor.h"

#include "conn.h"
#include "deadline.h"
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_MS	  50u
#define VISIT_MS	  50
#define STOPPING_VISIT_MS 5
#define ACCEPTS_A_TURN	  64
#define EVENTS_A_TURN	  64

static int watch(struct server *server, int how, int fd, uint32_t events,
		struct source *source)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(server->epoll_fd, how, fd, &event) ? -errno : 0;
}

static void pause_accepting(struct server *server)
{
	watch(server, EPOLL_CTL_MOD, server->listener_fd, 0, &server->listener);
	server->accept_again_ns = deadline_after_ms(PAUSE_MS);
	server_count(&server->nr_accept_pauses);
}

static void resume_accepting(struct server *server)
{
	if (!server->accept_again_ns || server->listener_fd < 0 ||
			now_ns() < server->accept_again_ns)
		return;
	server->accept_again_ns = 0;
	watch(server, EPOLL_CTL_MOD, server->listener_fd, EPOLLIN,
			&server->listener);
}

static void hand_over(struct server *server, int fd)
{
	struct conn *conn = conn_create(server, fd);

	if (!conn)
		refuse_client(server, fd);
	else if (server->options.keep_alive)
		keepalive_add(conn);
	else if (server->options.pool_ops->try_submit(
				 server->pool, conn_serve, conn))
		refuse_client(server, conn_release(conn));
}

/* Of accept(): errors of one connection, which is gone; the next may do. */
static bool is_of_one_connection(int error)
{
	return error == ECONNABORTED || error == EINTR || error == EPROTO ||
	       error == EPERM || error == ENETDOWN || error == ENETUNREACH ||
	       error == EHOSTDOWN || error == EHOSTUNREACH ||
	       error == ENOPROTOOPT || error == ENONET || error == EOPNOTSUPP;
}

/* True: there may be more of them. */
static bool accept_some(struct server *server)
{
	int fd;

	for (int i = 0; i < ACCEPTS_A_TURN && server->listener_fd >= 0; i++) {
		fd = accept4(server->listener_fd, NULL, NULL,
				SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			hand_over(server, fd);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return false;
		} else if (!is_of_one_connection(errno)) {
			/* EMFILE, ENFILE, ENOBUFS, ENOMEM: it will pass. */
			pause_accepting(server);
			return false;
		}
	}
	return server->listener_fd >= 0;
}

static void on_connection(struct server *server, struct source *source)
{
	(void)source;
	accept_some(server);
}

/* What the kernel has accepted for us is ours: a close would reset it. No more
 * than its queue holds, or clients that go on coming would keep us here. */
static void accept_what_is_queued(struct server *server)
{
	for (int i = 0; i < SOMAXCONN / ACCEPTS_A_TURN; i++) {
		if (!accept_some(server))
			return;
	}
}

static void stop(struct server *server)
{
	const uint64_t one = 1;

	accept_what_is_queued(server);
	atomic_store_explicit(&server->is_stopping, true,
			memory_order_relaxed); /* see struct server */
	server->shutdown_deadline_ns =
			deadline_after_ms(server->options.shutdown_ms);
	close(server->listener_fd);
	server->listener_fd = -1;
	if (write(server->stop_fd, &one, sizeof(one)) < 0)
		_exit(1); /* cannot be: the counter is 0 */
}

static void on_signal(struct server *server, struct source *source)
{
	struct signalfd_siginfo info;

	(void)source;
	if (read(server->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (server_is_stopping(server))
		_exit(1); /* the second one: at once */
	stop(server);
}

static int listen_on(const struct options *options, int *ret_fd)
{
	const struct sockaddr *address = (const void *)&options->address;
	const int yes = 1;
	int fd = socket(address->sa_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	/* What is accepted inherits it: an answer is one segment, now. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (!bind(fd, address, options->address_bytes) &&
			!listen(fd, SOMAXCONN)) {
		*ret_fd = fd;
		return 0;
	}
	error = -errno;
	close(fd);
	return error;
}

int acceptor_open(struct server *server)
{
	int error = listen_on(&server->options, &server->listener_fd);

	if (error)
		return error;
	server->listener.on_event = on_connection;
	server->signals.on_event = on_signal;
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd < 0)
		return -errno;
	server->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (server->stop_fd < 0)
		return -errno;
	error = watch(server, EPOLL_CTL_ADD, server->signal_fd, EPOLLIN,
			&server->signals);
	if (error)
		return error;
	return watch(server, EPOLL_CTL_ADD, server->listener_fd, EPOLLIN,
			&server->listener);
}

/* How long may epoll_wait() take? Nobody but the client itself wakes us. */
static int turn_ms(struct server *server)
{
	if (server_is_stopping(server))
		return STOPPING_VISIT_MS;
	if (server->accept_again_ns || server->refusals.nr_open ||
			server->options.keep_alive)
		return VISIT_MS;
	return -1;
}

static bool is_finished(struct server *server)
{
	if (!server_is_stopping(server))
		return false;
	return !server_nr_conns(server) ||
	       now_ns() >= server->shutdown_deadline_ns;
}

void acceptor_run(struct server *server)
{
	struct epoll_event events[EVENTS_A_TURN];
	struct source *source;
	int nr_events;

	while (!is_finished(server)) {
		nr_events = epoll_wait(server->epoll_fd, events, EVENTS_A_TURN,
				turn_ms(server));
		for (int i = 0; i < nr_events; i++) {
			source = events[i].data.ptr;
			source->on_event(server, source);
		}
		resume_accepting(server);
		refuse_visit(server);
		if (server->options.keep_alive)
			keepalive_visit(server);
	}
}

void acceptor_close(struct server *server)
{
	refuse_fini(&server->refusals);
	if (server->listener_fd >= 0)
		close(server->listener_fd);
	close(server->stop_fd);
	close(server->epoll_fd);
}
