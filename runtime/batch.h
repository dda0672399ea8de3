/* SPDX-License-Identifier: MIT */
#ifndef ROTA_BATCH_H
#define ROTA_BATCH_H
/*
 * How many jobs a worker moves to its own lane at once: as many as it runs in
 * BATCH_NS, by what it ran so far. What lies there while one of them takes long
 * is overtaken by newer jobs, which other workers take from the submitter's
 * lane first. So a worker begins with one, and stays with one where some jobs
 * are long; only a stream of short ones is moved in batches.
 */
#include "tune.h"
#include <stdbool.h>
#include <stdint.h>

struct batch {
	uint64_t from_ns;  /* when it began */
	uint64_t from_ran; /* jobs that were run by then */
	uint64_t mean_ns;  /* of a job: a look counts for an eighth, or half */
};

/* It spares a look at the clock: full batches follow each other. */
static inline bool batch_goes_on(const struct batch *batch, uint64_t ran)
{
	return ran - batch->from_ran < BATCH_LOOK_EVERY;
}

/* It is over, and the next begins. */
static inline void batch_look(
		struct batch *batch, uint64_t now_ns, uint64_t ran)
{
	uint64_t nr = ran - batch->from_ran;
	unsigned part = nr < 8 ? 8 : 2;

	if (nr) { /* not all were taken by others */
		batch->mean_ns -= batch->mean_ns / part;
		batch->mean_ns += (now_ns - batch->from_ns) / nr / part;
	}
	batch->from_ns = now_ns;
	batch->from_ran = ran;
}

static inline void batch_init(struct batch *batch, uint64_t ran)
{
	*batch = (struct batch){.from_ran = ran, .mean_ns = JOB_FIRST_NS};
}

static inline unsigned batch_size(const struct batch *batch)
{
	uint64_t nr = batch->mean_ns ? BATCH_NS / batch->mean_ns : LANE_BATCH;

	if (nr > LANE_BATCH)
		return LANE_BATCH;
	return nr ? (unsigned)nr : 1;
}

#endif
