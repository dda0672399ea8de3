/* SPDX-License-Identifier: MIT */
/*
 * How does the command line become numbers, and what is said about bad ones?
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LISTEN "127.0.0.1:7878"
#define MAX_MS	       3600000u
#define MAX_WORKERS    511u
#define MAX_CAPACITY   ((1u << 30) - 1)

enum {
	EXIT_USAGE = 2,
	GO_ON = -1,
};

static const struct option long_options[] = {
		{"pool", required_argument, NULL, 'p'},
		{"workers", required_argument, NULL, 'w'},
		{"listen", required_argument, NULL, 'l'},
		{"sleep-ms", required_argument, NULL, 's'},
		{"keep-alive", no_argument, NULL, 'k'},
		{"blocking-max", required_argument, NULL, 'b'},
		{"measure", no_argument, NULL, 'm'},
		{"capacity", required_argument, NULL, 'c'},
		{"read-timeout-ms", required_argument, NULL, 'r'},
		{"shutdown-ms", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
};

/* NULL if the pool will do: a connection is a job that submits itself again,
 * some are refused, and all are counted. */
static const char *why_not(const struct bench_pool_ops *ops)
{
	const char *lacks = bench_pool_lacks(
			ops, BENCH_ONE_SUBMITTER | BENCH_NO_NESTED);

	if (!lacks && (!ops->try_submit || !ops->counts || !ops->close))
		return "it cannot refuse, or does not count";
	return lacks;
}

static void print_pool_names(FILE *to)
{
	const char *before = "";

	for (int i = 0; bench_pools[i]; i++) {
		if (why_not(bench_pools[i]))
			continue;
		fprintf(to, "%s%s", before, bench_pools[i]->name);
		before = "|";
	}
}

static void print_help(void)
{
	printf("usage: rota-server [OPTION]...\n"
	       "A small HTTP server; each connection is one job of a pool.\n\n"
	       "  --pool=");
	print_pool_names(stdout);
	printf("\n"
	       "                        who runs the jobs (rota)\n"
	       "  --workers=N           threads that answer (4)\n"
	       "  --listen=ADDR:PORT    numeric; port 0 picks one (%s)\n"
	       "  --sleep-ms=N          how long /sleep takes (5000)\n"
	       "  --keep-alive          many requests on one connection\n"
	       "  --blocking-max=N      /sleep is declared as blocking, and\n"
	       "                        brings up to N threads (off)\n"
	       "  --measure             how long jobs wait and run\n"
	       "  --capacity=N          jobs that may queue; 0: any (0)\n"
	       "  --read-timeout-ms=N   for a request, and for an idle\n"
	       "                        or not reading client (5000)\n"
	       "  --shutdown-ms=N       to finish after a signal (10000)\n"
	       "  --help                this text\n\n"
	       "Pages: / at once, /sleep after a while, /live to watch,\n"
	       "/stats in JSON, /metrics for Prometheus.\n"
	       "SIGINT or SIGTERM finishes what is accepted and reports;\n"
	       "the second one exits at once.\n",
			DEFAULT_LISTEN);
}

static int complain(const char *name, const char *value, const char *wanted)
{
	fprintf(stderr, "rota-server: --%s=%s: %s\n", name, value, wanted);
	return EXIT_USAGE;
}

static int parse_number(const char *name, const char *value, unsigned least,
		unsigned most, unsigned *ret_number)
{
	char wanted[64];
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && !*end && !errno &&
			number >= least && number <= most) {
		*ret_number = (unsigned)number;
		return GO_ON;
	}
	snprintf(wanted, sizeof(wanted), "want a number from %u to %u", least,
			most);
	return complain(name, value, wanted);
}

static int parse_pool(const char *value, struct options *options)
{
	const struct bench_pool_ops *ops = bench_pool_find(value);

	if (ops) {
		options->pool_ops = ops;
		return GO_ON;
	}
	fprintf(stderr, "rota-server: --pool=%s: want ", value);
	print_pool_names(stderr);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

/* "127.0.0.1:80", ":80" for all addresses, "[::1]:80". */
static int parse_listen(const char *value, struct options *options)
{
	static const struct addrinfo hints = {
			.ai_socktype = SOCK_STREAM,
			.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV |
				    AI_PASSIVE,
	};
	const char *colon = strrchr(value, ':');
	struct addrinfo *found = NULL;
	char host[128];
	const char *start = value;
	size_t length;
	unsigned port;

	if (!colon)
		return complain("listen", value, "want ADDR:PORT");
	if (parse_number("listen port", colon + 1, 0, 65535, &port) != GO_ON)
		return EXIT_USAGE;
	length = (size_t)(colon - value);
	if (length >= 2 && start[0] == '[' && start[length - 1] == ']') {
		start++;
		length -= 2;
	}
	if (length >= sizeof(host))
		return complain("listen", value, "address too long");
	memcpy(host, start, length);
	host[length] = '\0';
	if (getaddrinfo(length ? host : NULL, colon + 1, &hints, &found))
		return complain("listen", value, "want a numeric address");
	memcpy(&options->address, found->ai_addr, found->ai_addrlen);
	options->address_bytes = found->ai_addrlen;
	freeaddrinfo(found);
	return GO_ON;
}

static int parse_option(int letter, struct options *options)
{
	switch (letter) {
	case 'p':
		return parse_pool(optarg, options);
	case 'w':
		return parse_number("workers", optarg, 1, MAX_WORKERS,
				&options->workers);
	case 'l':
		return parse_listen(optarg, options);
	case 's':
		return parse_number("sleep-ms", optarg, 0, MAX_MS,
				&options->sleep_ms);
	case 'k':
		options->keep_alive = true;
		return GO_ON;
	case 'b':
		return parse_number("blocking-max", optarg, 1, MAX_WORKERS,
				&options->blocking_max);
	case 'm':
		options->measures = true;
		return GO_ON;
	case 'c':
		return parse_number("capacity", optarg, 0, MAX_CAPACITY,
				&options->capacity);
	case 'r':
		return parse_number("read-timeout-ms", optarg, 1, MAX_MS,
				&options->read_timeout_ms);
	case 'd':
		return parse_number("shutdown-ms", optarg, 0, MAX_MS,
				&options->shutdown_ms);
	case 'h':
		print_help();
		return EXIT_SUCCESS;
	default: /* getopt has said what is wrong */
		return EXIT_USAGE;
	}
}

static int check_blocking(const struct options *options)
{
	if (!options->blocking_max)
		return GO_ON;
	if (options->blocking_max >= options->workers &&
			options->pool_ops->create_blocking)
		return GO_ON;
	fprintf(stderr,
			"rota-server: --blocking-max=%u: want a pool that can, "
			"and no less than the workers\n",
			options->blocking_max);
	return EXIT_USAGE;
}

int options_parse(int argc, char **argv, struct options *ret_options)
{
	struct options options = {
			.pool_ops = bench_pools[0],
			.workers = 4,
			.sleep_ms = 5000,
			.read_timeout_ms = 5000,
			.shutdown_ms = 10000,
	};
	int letter;
	int status = parse_listen(DEFAULT_LISTEN, &options);

	while (status == GO_ON) {
		letter = getopt_long(argc, argv, "", long_options, NULL);
		if (letter == -1)
			break;
		status = parse_option(letter, &options);
	}
	if (status == GO_ON && optind < argc) {
		fprintf(stderr, "rota-server: %s: not an option; see --help\n",
				argv[optind]);
		return EXIT_USAGE;
	}
	if (status == GO_ON && why_not(options.pool_ops)) {
		fprintf(stderr, "rota-server: --pool=%s: %s\n",
				options.pool_ops->name,
				why_not(options.pool_ops));
		return EXIT_USAGE;
	}
	if (status == GO_ON && options.measures &&
			!options.pool_ops->create_measured) {
		fprintf(stderr, "rota-server: --measure: the %s pool cannot\n",
				options.pool_ops->name);
		return EXIT_USAGE;
	}
	if (status == GO_ON)
		status = check_blocking(&options);
	if (status == GO_ON)
		*ret_options = options;
	return status;
}
