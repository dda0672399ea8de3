/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H
/*
 * Requests that come when they come, whatever the pool does: an open loop.
 *
 * When each is due and how long it takes is laid down before the first is
 * submitted, so that every pool gets the same, and so does the ideal pool of
 * fcfs.h. The submitter sleeps until a request is due. If it is late it submits
 * at once; it skips none and never moves one, and latencies count from when the
 * request was due: what waits in front of the pool waits, too. How late the
 * submitter is, is kept; if that is not small against the latencies, they are
 * its own.
 */
#include <math.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "await.h"
#include "clock.h"
#include "cpus.h"
#include "fcfs.h"
#include "hist.h"
#include "random.h"
#include "subject.h"
#include "tally.h"
#include "usage.h"
#include "work.h"

#define LOAD_LEAD_NS 1000000u /* from now to the first request, at least */
#define LOAD_P999_OF 10000u   /* no p99.9 of fewer */
#define LOAD_LAG_MAX 0.1 /* p99 of the lag, as a share of that of latency */

/* What a worker reads and writes: a cache line each. */
struct request {
	alignas(64) uint64_t steps; /* of work */
	uint64_t sleep_ns;	    /* or to sleep instead */
	uint64_t started_ns;
};

/* What only the submitter does. */
struct offer {
	uint64_t due_ns; /* from the beginning on */
	uint64_t takes_ns;
	uint64_t submit_ns; /* before and after the call */
	uint64_t submitted_ns;
	bool is_slow;
};

static struct {
	struct request *requests;
	struct offer *offers;
	uint64_t nr;
	uint64_t began_ns;
} load;

/* Of those that were asked for. */
struct latencies {
	struct hist lag;    /* due to submit */
	struct hist submit; /* how long the call took */
	struct hist start;  /* submit to start */
	struct hist due;    /* due to start */
	struct hist ideal;  /* the same of the ideal pool */
	double due_sum_ns, ideal_sum_ns;
};

static inline bool load_init(uint64_t nr)
{
	load.nr = nr;
	load.requests = aligned_alloc(
			alignof(struct request), nr * sizeof(*load.requests));
	load.offers = calloc(nr, sizeof(*load.offers));
	if (!load.requests || !load.offers)
		return false;
	memset(load.requests, 0, nr * sizeof(*load.requests)); /* page faults */
	return true;
}

static inline void load_fini(void)
{
	free(load.requests);
	free(load.offers);
}

static inline void load_run_request(void *arg)
{
	struct request *request = arg;

	request->started_ns = now_ns();
	if (request->sleep_ns)
		sleep_until_ns(request->started_ns + request->sleep_ns);
	else
		work(request->steps);
	tally_job((uint64_t)(request - load.requests));
}

/* 0, or what a submit said. */
static inline int load_offer(
		const struct bench_pool_ops *to, struct bench_pool *pool)
{
	load.began_ns = now_ns() + LOAD_LEAD_NS;
	for (uint64_t i = 0; i < load.nr; i++) {
		struct offer *offer = &load.offers[i];
		uint64_t due_ns = load.began_ns + offer->due_ns;
		int error;

		if (due_ns > now_ns())
			sleep_until_ns(due_ns);
		offer->submit_ns = now_ns();
		error = to->submit(pool, load_run_request, &load.requests[i]);
		if (error)
			return error;
		offer->submitted_ns = now_ns();
	}
	return 0;
}

/* The whole of it, from create to destroy: what it cost. */
static inline struct usage load_measure(unsigned workers)
{
	struct bench_pool *pool;
	struct usage usage;
	int error;

	/* a punctual schedule; the workers have it from this thread */
	prctl(PR_SET_TIMERSLACK, 1ul);
	error = ops->create(workers, 0, &pool);
	if (error)
		fail("create", error);
	usage = usage_now();
	error = load_offer(ops, pool);
	if (error)
		fail("submit", error);
	if (!await_jobs(load.nr))
		fail("no job returned for long, some are lost", -EIO);
	usage = usage_since(usage);
	ops->destroy(pool);
	return usage;
}

/* After the end of the pool; of the slow ones, or of the others, from first. */
static inline void load_collect(struct latencies *ret_latencies,
		unsigned nr_servers, uint64_t first, bool is_slow)
{
	struct fcfs fcfs = {.nr_servers = nr_servers};

	for (uint64_t i = 0; i < load.nr; i++) {
		const struct offer *offer = &load.offers[i];
		uint64_t started_ns = load.requests[i].started_ns;
		uint64_t due_ns = load.began_ns + offer->due_ns;
		uint64_t ideal_ns = fcfs_start(&fcfs, offer->due_ns,
						    offer->takes_ns) -
				    offer->due_ns;

		if (i < first || offer->is_slow != is_slow)
			continue;
		hist_add(&ret_latencies->lag, offer->submit_ns - due_ns);
		hist_add(&ret_latencies->submit,
				offer->submitted_ns - offer->submit_ns);
		hist_add(&ret_latencies->start, started_ns - offer->submit_ns);
		hist_add(&ret_latencies->due, started_ns - due_ns);
		hist_add(&ret_latencies->ideal, ideal_ns);
		ret_latencies->due_sum_ns += (double)(started_ns - due_ns);
		ret_latencies->ideal_sum_ns += (double)ideal_ns;
	}
}

/* False: the latencies may be the submitter's own. */
static inline bool load_is_valid(const struct latencies *latencies)
{
	return (double)hist_quantile(&latencies->lag, 0.99) <=
	       LOAD_LAG_MAX * (double)hist_quantile(&latencies->due, 0.99);
}

static inline void load_print(const char *name, const struct hist *hist)
{
	printf("\"%s_p50_ns\": %" PRIu64 ", \"%s_p90_ns\": %" PRIu64 ", "
	       "\"%s_p99_ns\": %" PRIu64 ", \"%s_max_ns\": %" PRIu64 ", ",
			name, hist_quantile(hist, 0.5), name,
			hist_quantile(hist, 0.9), name,
			hist_quantile(hist, 0.99), name, hist->max);
	if (hist->count >= LOAD_P999_OF)
		printf("\"%s_p999_ns\": %" PRIu64 ", ", name,
				hist_quantile(hist, 0.999));
	else
		printf("\"%s_p999_ns\": null, ", name);
}

static inline void load_print_latencies(const struct latencies *latencies)
{
	load_print("submit", &latencies->submit);
	load_print("start", &latencies->start);
	load_print("due", &latencies->due);
	load_print("ideal", &latencies->ideal);
	printf("\"counted\": %" PRIu64 ", \"lag_p99_ns\": %" PRIu64 ", "
	       "\"valid\": %s, ",
			latencies->due.count,
			hist_quantile(&latencies->lag, 0.99),
			load_is_valid(latencies) ? "true" : "false");
	printf("\"due_mean_ns\": %.1f, \"ideal_mean_ns\": %.1f, ",
			latencies->due_sum_ns / (double)latencies->due.count,
			latencies->ideal_sum_ns /
					(double)latencies->ideal.count);
}

#endif
