/* SPDX-License-Identifier: MIT */
/*
 * The command line of epollserver and uvserver, and their listening socket.
 */
#ifndef EXAMPLES_SERVING_H
#define EXAMPLES_SERVING_H

/* After a signal all goes on for so long: who asked just before it is heard. */
#define SERVING_GRACE_MS 250

struct serving {
	unsigned workers, jobs, shutdown_ms;
	int listener_fd; /* does not block */
};

/* -1; else the status to exit with. */
int serving_start(int argc, char **argv, struct serving *serving);
/* Prints the address: from now on clients and signals may come. */
void serving_announce(const struct serving *serving);
/* Says that some clients did not take their answers in time; the status. */
int serving_cut_off(void);

#endif
