/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAST_H
#define BENCH_LAST_H
/*
 * Finds the last of a wave of jobs, exactly, when no job knows that it is the
 * last one, for two loads and two compares per job.
 *
 * A shared countdown would cost each job a locked instruction on a contended
 * line, more than a good pool costs. So each thread counts for itself (tally.h)
 * and adds up what all have counted at every 256th job of its own. Once that
 * shows that few jobs are left it says so, and from then on every job adds up.
 * Whoever finds the whole wave done takes the time and wakes the main thread,
 * which sleeps in the kernel all the while: nothing polls beside the workers.
 *
 * Between two looks at most 256 jobs per thread pass, so a look falls among
 * the last few. Should it come too late all the same, because a processor had
 * not seen the word yet, then the main thread finds out in 20 ms.
 */
#include <stdio.h>

#include "event.h"
#include "stalled.h"
#include "tally.h"

#define LAST_EVERY 256u
#define LAST_LOOK  20000000u /* the main thread's own look */

static struct {
	/* read by every job, written three times a wave */
	alignas(128) _Atomic uint64_t near_wave; /* it is nearly over */
	_Atomic uint64_t wave;			 /* claimed by its last job */
	uint64_t jobs;				 /* of each wave */
	uint64_t few;
	struct event over;
} last = {.near_wave = UINT64_MAX};

/* Before the first job; waves are numbered from 0, as are the ids of jobs. */
static inline void last_expect(uint64_t jobs_per_wave, uint64_t workers)
{
	last.jobs = jobs_per_wave;
	last.few = 2 * LAST_EVERY * (workers + 1);
}

/* Before the first job of each wave. */
static inline void last_begin(uint64_t wave)
{
	if (last.jobs <= last.few)
		atomic_store_explicit(
				&last.near_wave, wave, memory_order_relaxed);
}

static inline void last_look(uint64_t wave)
{
	uint64_t ran, target = (wave + 1) * last.jobs;

	/* of two last jobs at once, one at least must see the other's count */
	atomic_thread_fence(memory_order_seq_cst);
	ran = tally_sum().count;
	if (ran == target) {
		uint64_t now = now_ns();

		/* a thread that was held up here must not end the next wave */
		if (atomic_compare_exchange_strong_explicit(&last.wave, &wave,
				    wave + 1, memory_order_relaxed,
				    memory_order_relaxed))
			event_happen(&last.over, now);
	} else if (target - ran <= last.few) {
		atomic_store_explicit(
				&last.near_wave, wave, memory_order_relaxed);
	}
}

/* Called by job number id instead of tally_job(). */
static inline void last_job(uint64_t id)
{
	uint64_t wave, near_wave, count;

	/* the wave cannot end before this job is counted */
	wave = atomic_load_explicit(&last.wave, memory_order_relaxed);
	tally_job(id);
	count = atomic_load_explicit(&tally_mine->count, memory_order_relaxed);
	near_wave = atomic_load_explicit(&last.near_wave, memory_order_relaxed);
	if (near_wave == wave || count % LAST_EVERY == 0)
		last_look(wave);
}

/* When the last job of the wave was done; 0 if some seem to be lost. */
static inline uint64_t last_wait(uint64_t wave)
{
	uint64_t moved_ns = now_ns(), before = 0;

	while (!event_wait(&last.over, (uint32_t)wave + 1, LAST_LOOK)) {
		uint64_t ran = tally_sum().count, now = now_ns();

		if (ran != before)
			moved_ns = now;
		else if (now - moved_ns > STALLED_NS)
			return 0;
		before = ran;
		last_look(wave);
	}
	return last.over.at_ns;
}

#endif
