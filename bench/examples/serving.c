/* SPDX-License-Identifier: MIT */
#include "serving.h"
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct where {
	char host[64], port[6];
};

static int help(const char *name)
{
	printf("usage: %s [OPTION]...\n"
	       "A small HTTP server: one thread and its event loop for all\n"
	       "connections, a pool for what takes long.\n\n"
	       "  --listen=ADDR:PORT   numeric; port 0 picks one "
	       "(127.0.0.1:7879)\n"
	       "  --workers=N          threads of the pool (4)\n"
	       "  --jobs=N             slow requests at a time; more are\n"
	       "                       answered 503 at once (64)\n"
	       "  --shutdown-ms=N      to finish after a signal (10000)\n"
	       "  --help               this text\n\n"
	       "Pages: / at once, /sleep?ms=N (to 10000), /prime?n=N (to "
	       "10^18).\n"
	       "SIGINT or SIGTERM finishes what was asked for.\n",
			name);
	return 0;
}

static int wrong(const char *name, const char *value)
{
	fprintf(stderr, "%s: --listen=%s: want a numeric ADDR:PORT\n", name,
			value);
	return 2;
}

static int read_number(const char *name, const char *option, unsigned most,
		unsigned *ret_number)
{
	unsigned number;
	int used = 0;

	if (sscanf(optarg, "%9u%n", &number, &used) == 1 && !optarg[used] &&
			*optarg != '-' && number && number <= most) {
		*ret_number = number;
		return -1;
	}
	fprintf(stderr, "%s: --%s=%s: want a number from 1 to %u\n", name,
			option, optarg, most);
	return 2;
}

/* "127.0.0.1:80" or "[::1]:80" */
static int read_where(const char *name, const char *value, struct where *where)
{
	int used = 0;

	if (sscanf(value, "[%63[0-9a-fA-F:.]]:%5[0-9]%n", where->host,
			    where->port, &used) != 2 &&
			sscanf(value, "%63[0-9.]:%5[0-9]%n", where->host,
					where->port, &used) != 2)
		return wrong(name, value);
	return value[used] || atoi(where->port) > 65535 ? wrong(name, value)
							: -1;
}

static int read_options(int argc, char **argv, struct serving *serving,
		struct where *where)
{
	static const struct option options[] = {
			{"listen", required_argument, NULL, 'l'},
			{"workers", required_argument, NULL, 'w'},
			{"jobs", required_argument, NULL, 'j'},
			{"shutdown-ms", required_argument, NULL, 's'},
			{"help", no_argument, NULL, 'h'},
			{0},
	};
	int letter, status = -1;

	while (status < 0 && (letter = getopt_long(argc, argv, "", options,
					      NULL)) != -1) {
		if (letter == 'l')
			status = read_where(argv[0], optarg, where);
		else if (letter == 'w')
			status = read_number(argv[0], "workers", 511,
					&serving->workers);
		else if (letter == 'j')
			status = read_number(argv[0], "jobs", 1000000,
					&serving->jobs);
		else if (letter == 's')
			status = read_number(argv[0], "shutdown-ms", 3600000,
					&serving->shutdown_ms);
		else
			status = letter == 'h' ? help(argv[0]) : 2;
	}
	if (status < 0 && optind < argc) {
		fprintf(stderr, "%s: %s: not an option; see --help\n", argv[0],
				argv[optind]);
		status = 2;
	}
	return status;
}

static int open_listener(const struct addrinfo *found)
{
	int fd = socket(found->ai_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, found->ai_addr, found->ai_addrlen) &&
			!listen(fd, SOMAXCONN))
		return fd;
	close(fd);
	return -1;
}

int serving_start(int argc, char **argv, struct serving *serving)
{
	static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
			.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct where where = {"127.0.0.1", "7879"};
	struct addrinfo *found;
	int status;

	*serving = (struct serving){
			.workers = 4, .jobs = 64, .shutdown_ms = 10000};
	status = read_options(argc, argv, serving, &where);
	if (status >= 0)
		return status;
	if (getaddrinfo(where.host, where.port, &hints, &found))
		return wrong(argv[0], where.host);
	serving->listener_fd = open_listener(found);
	freeaddrinfo(found);
	if (serving->listener_fd < 0) {
		fprintf(stderr, "%s: %s:%s: %s\n", argv[0], where.host,
				where.port, strerror(errno));
		return 1;
	}
	return -1;
}

/* With the port that was picked. */
void serving_announce(const struct serving *serving)
{
	struct sockaddr_storage address = {0};
	socklen_t bytes = sizeof(address);
	struct where where = {"?", "?"};

	if (!getsockname(serving->listener_fd, (void *)&address, &bytes))
		getnameinfo((void *)&address, bytes, where.host,
				sizeof(where.host), where.port,
				sizeof(where.port),
				NI_NUMERICHOST | NI_NUMERICSERV);
	printf(address.ss_family == AF_INET6 ? "listening on [%s]:%s\n"
					     : "listening on %s:%s\n",
			where.host, where.port);
	fflush(stdout);
}

int serving_cut_off(void)
{
	fprintf(stderr, "out of time: some connections were cut off\n");
	return 1;
}
