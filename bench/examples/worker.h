/* SPDX-License-Identifier: MIT */
/*
 * What streamworker has in hand: a place for each entry that was delivered to
 * it and is not acknowledged. One thread's, but for the job itself.
 */
#ifndef EXAMPLES_WORKER_H
#define EXAMPLES_WORKER_H

#include "primes.h"
#include "stream.h"
#include <rota.h>
#include <stdbool.h>
#include <stdint.h>

struct job {
	enum {
		FREE,
		RUNNING,
		FINISHED
	} state; /* the loop's; queued: RUNNING */
	char id[STREAM_ID_BYTES];
	struct primes primes;
	int64_t result;
	bool is_told; /* say when it runs */
};

struct worker {
	struct stream stream;
	struct rota_pool *pool;
	struct rota_completions *completions;
	int signal_fd;
	unsigned places, lease_ms, tick_ms, max_deliveries;
	struct job *jobs; /* places of them, and so on */
	struct stream_result *results;
	struct stream_pending *pending;		  /* twice as many */
	unsigned nr_jobs, nr_running, nr_dropped; /* nr_jobs: not free */
	unsigned nr_stops; /* 1: a signal came, 2: another one */
	bool is_connected, is_verbose;
	bool is_back;  /* look first for what we had before we were connected */
	bool is_alone; /* take nothing until all is finished */
	uint64_t connected_ms, renew_ms, look_ms, asked_ms;
};

/* An entry gets a free place, and its job goes to the pool. */
void worker_take(void *worker, const char *id, const char *job);
/* What the pool is done with. */
void worker_reap(struct worker *worker);
/* All that can be done with redis now; the rest after the next poll(). */
int worker_step(struct worker *worker);

int complain(const char *what, const char *why);
uint64_t now_ms(void);

#endif
