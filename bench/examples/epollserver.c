/* SPDX-License-Identifier: MIT */
/*
 * epollserver: an event loop on plain epoll that leaves slow work to a pool.
 *
 * It shows how a queue of finished jobs is one more descriptor of the loop:
 * rota_completions_fd() becomes readable, offload_reap() says whose answer is
 * there. One thread owns all connections, and waits in epoll_wait() only; no
 * lock is taken. uvserver.c is the same on libuv.
 *
 * A client that closes while its errand is on the way does not get an answer;
 * one that only closes its sending side counts as gone. Silent ones may stay:
 * timeouts for clients are shown by bench/server.
 */
#include "epollclient.h"
#include "serving.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { NR_EVENTS = 64, RETRY_MS = 100 };

static struct offload offload;
static int epoll_fd, signal_fd, timer_fd;
static int listener_fd; /* -1: closed, all are to end */
static bool is_full;	/* no descriptor is left: it is not watched */
static unsigned nr_at_full;
static bool is_told, is_out_of_time;

static int watch(int how, int *fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = fd};

	return epoll_ctl(epoll_fd, how, *fd, &event);
}

/* Those that cannot be accepted now wait until a client has gone. */
static void watch_listener(bool wanted)
{
	is_full = !wanted;
	nr_at_full = clients_nr();
	watch(EPOLL_CTL_MOD, &listener_fd, wanted ? EPOLLIN : 0);
}

static void on_listener(void)
{
	int fd = accept4(listener_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		client_add(epoll_fd, fd, &offload);
	else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
		watch_listener(false);
}

static void on_signal(void)
{
	struct itimerspec time = {
			.it_value.tv_nsec = SERVING_GRACE_MS * 1000000L};
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) > 0 && !is_told) {
		is_told = true;
		timerfd_settime(timer_fd, 0, &time, NULL);
	}
}

/* First the grace is over, then the time for all to end. */
static void on_timer(unsigned shutdown_ms)
{
	struct itimerspec time = {.it_value = {.tv_sec = shutdown_ms / 1000,
						  .tv_nsec = shutdown_ms %
							     1000 * 1000000L}};

	is_out_of_time = listener_fd < 0;
	if (is_out_of_time)
		return;
	close(listener_fd);
	listener_fd = -1;
	is_full = false;
	clients_stop();
	timerfd_settime(timer_fd, 0, &time, NULL);
}

static void turn(const struct serving *serving)
{
	struct epoll_event events[NR_EVENTS];
	int nr = epoll_wait(
			epoll_fd, events, NR_EVENTS, is_full ? RETRY_MS : -1);
	bool has_answers = false, is_due = false;

	for (int i = 0; i < nr; i++) {
		void *whose = events[i].data.ptr;

		if (whose == &listener_fd)
			on_listener();
		else if (whose == &signal_fd)
			on_signal();
		else if (whose == &timer_fd)
			is_due = true;
		else if (whose == &offload)
			has_answers = true;
		else
			client_event(whose, events[i].events);
	}
	/* Last: these may free a client that had an event of its own above. */
	if (has_answers)
		offload_reap(&offload, client_answer);
	if (is_due)
		on_timer(serving->shutdown_ms);
	if (is_full && (!nr || clients_nr() < nr_at_full))
		watch_listener(true);
}

static int prepare(void)
{
	struct epoll_event answers = {.events = EPOLLIN, .data.ptr = &offload};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (watch(EPOLL_CTL_ADD, &signal_fd, EPOLLIN) ||
			watch(EPOLL_CTL_ADD, &timer_fd, EPOLLIN) ||
			watch(EPOLL_CTL_ADD, &listener_fd, EPOLLIN) ||
			epoll_ctl(epoll_fd, EPOLL_CTL_ADD, offload_fd(&offload),
					&answers))
		return -errno;
	return 0;
}

int main(int argc, char **argv)
{
	struct serving serving;
	int status = serving_start(argc, argv, &serving), error;

	if (status >= 0)
		return status;
	listener_fd = serving.listener_fd;
	error = offload_init(&offload, serving.workers, serving.jobs);
	if (!error)
		error = prepare();
	if (error) {
		fprintf(stderr, "epollserver: %s\n", rota_strerror(error));
		return 1;
	}
	serving_announce(&serving);
	while (!is_out_of_time && (listener_fd >= 0 || clients_nr()))
		turn(&serving);
	status = clients_nr() ? serving_cut_off() : 0;
	clients_end();
	offload_fini(&offload);
	close(epoll_fd);
	close(timer_fd);
	close(signal_fd);
	return status;
}
