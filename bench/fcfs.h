/* SPDX-License-Identifier: MIT */
#ifndef BENCH_FCFS_H
#define BENCH_FCFS_H
/*
 * The ideal pool: first come, first served, by so many servers that need no
 * time for anything but the work. Given when jobs come and how long they take,
 * it says when each would have started. With one processor for each worker no
 * pool that keeps the order of jobs can have a job start earlier.
 */
#include <stdint.h>

#define FCFS_SERVERS 511

struct fcfs {
	unsigned nr_servers;
	uint64_t free_ns[FCFS_SERVERS]; /* when each has done its last job */
};

/*
 * When a job starts that comes then and takes so long; jobs must be told in the
 * order in which they come. All servers are free at 0.
 */
static inline uint64_t fcfs_start(
		struct fcfs *fcfs, uint64_t comes_ns, uint64_t takes_ns)
{
	uint64_t start_ns;
	unsigned first = 0;

	for (unsigned i = 1; i < fcfs->nr_servers; i++) {
		if (fcfs->free_ns[i] < fcfs->free_ns[first])
			first = i;
	}
	start_ns = fcfs->free_ns[first];
	if (start_ns < comes_ns)
		start_ns = comes_ns;
	fcfs->free_ns[first] = start_ns + takes_ns;
	return start_ns;
}

/*
 * Erlang's C formula: how long a job waits on average, in mean service times,
 * if jobs come as a Poisson process, take exponential times, and keep the
 * servers busy for this share (below 1) of the time.
 */
static inline double erlang_c_wait(unsigned nr_servers, double busy)
{
	double offered = busy * nr_servers;
	double all_busy, refused = 1; /* Erlang B, server by server */

	for (unsigned i = 1; i <= nr_servers; i++)
		refused = offered * refused / (i + offered * refused);
	all_busy = refused / (1 - busy * (1 - refused));
	return all_busy / (nr_servers - offered);
}

#endif
