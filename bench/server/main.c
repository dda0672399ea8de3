/* SPDX-License-Identifier: MIT */
/*
 * rota-server: is a pool good enough to answer the web?
 *
 * From start to exit: options, pool, listen, serve, and after a signal the
 * end, with one line about what became of all jobs.
 */
#include "acceptor.h"
#include "deadline.h"
#include "server.h"
#include "stats.h"

#include <errno.h>
#include <jansson.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int fail(const char *what, int error)
{
	fprintf(stderr, "rota-server: %s: %s\n", what, strerror(-error));
	return EXIT_FAILURE;
}

/* All threads inherit the mask, so that only signal_fd hears. */
static int open_signals(struct server *server)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	server->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return server->signal_fd < 0 ? -errno : 0;
}

static int print_address(struct server *server)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr *address = (void *)&storage;
	socklen_t bytes = sizeof(storage);
	char host[64], port[16];

	if (getsockname(server->listener_fd, address, &bytes))
		return -errno;
	if (getnameinfo(address, bytes, host, sizeof(host), port, sizeof(port),
			    NI_NUMERICHOST | NI_NUMERICSERV))
		return -EAFNOSUPPORT;
	printf(address->sa_family == AF_INET6 ? "listening on [%s]:%s\n"
					      : "listening on %s:%s\n",
			host, port);
	fflush(stdout);
	return 0;
}

static void print_report(struct server *server)
{
	size_t bytes;
	char *line = stats_text(server, &bytes);

	if (line)
		fwrite(line, 1, bytes, stdout);
	free(line);
	fflush(stdout);
}

/* False: the deadline has passed, or there was a second signal. */
static bool wait_for_jobs(struct server *server)
{
	struct pollfd signals = {.fd = server->signal_fd, .events = POLLIN};
	struct bench_counts counts;

	for (;;) {
		server->options.pool_ops->counts(server->pool, &counts);
		if (counts.submitted == counts.ran + counts.dropped)
			return !server_nr_conns(server);
		if (now_ns() >= server->shutdown_deadline_ns)
			return false;
		if (poll(&signals, 1, 1) > 0)
			return false;
	}
}

static int serve(struct server *server)
{
	const struct bench_pool_ops *ops = server->options.pool_ops;
	int error = print_address(server);

	if (error)
		return fail("listen", error);
	acceptor_run(server);
	ops->close(server->pool);
	if (!wait_for_jobs(server)) {
		print_report(server);
		_exit(EXIT_FAILURE); /* over the heads of running jobs */
	}
	print_report(server);
	ops->destroy(server->pool);
	acceptor_close(server);
	return EXIT_SUCCESS;
}

static int create_pool(struct server *server)
{
	const struct options *options = &server->options;

	if (options->measures)
		return options->pool_ops->create_measured(options->workers,
				options->blocking_max, options->capacity,
				&server->pool);
	if (!options->blocking_max)
		return options->pool_ops->create(options->workers,
				options->capacity, &server->pool);
	return options->pool_ops->create_blocking(options->workers,
			options->blocking_max, options->capacity,
			&server->pool);
}

int main(int argc, char **argv)
{
	static struct server server;
	struct options *options = &server.options;
	int status = options_parse(argc, argv, options);
	int error;

	if (status >= 0)
		return status;
	json_object_seed(0); /* now, not on two workers at once */
	keepalive_init(&server.keepalive);
	refuse_init(&server.refusals);
	error = open_signals(&server);
	if (error)
		return fail("signals", error);
	error = acceptor_open(&server);
	if (error)
		return fail("listen", error);
	error = create_pool(&server);
	if (error == -ENOTSUP) {
		fprintf(stderr,
				"rota-server: --capacity=%u: the %s pool has "
				"no bound; want 0\n",
				options->capacity, options->pool_ops->name);
		return 2;
	}
	if (error)
		return fail(options->pool_ops->name, error);
	return serve(&server);
}
