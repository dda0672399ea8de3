/* SPDX-License-Identifier: MIT */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H
/*
 * What the command line can ask for.
 */
#include "../pool.h"

#include <stdbool.h>
#include <sys/socket.h>

struct options {
	const struct bench_pool_ops *pool_ops;
	unsigned workers;
	unsigned blocking_max; /* threads while /sleep sleeps; 0: workers */
	unsigned capacity;     /* jobs that may queue; 0: unbounded */
	bool keep_alive;
	bool measures;
	unsigned sleep_ms;
	unsigned read_timeout_ms;
	unsigned shutdown_ms;
	struct sockaddr_storage address;
	socklen_t address_bytes;
};

/*
 * Fills *ret_options and returns -1 to go on, or returns the exit status: 0
 * after --help, 2 after a message about a bad value.
 */
int options_parse(int argc, char **argv, struct options *ret_options);

#endif
