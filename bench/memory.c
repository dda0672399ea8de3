/* SPDX-License-Identifier: MIT */
/*
 * How much memory does a queued job take, how often is memory asked for, and
 * how much is given back when the queue is empty again?
 *
 * The workers are held (gate.h) while --jobs are submitted to an unbounded
 * queue; the resident size is counted page by page before the first and after
 * the last, again --rest-ms after all have run, and after the end of the pool.
 * A tenth as many first, as warm-up, so that what a pool keeps for good does not
 * count as a job's.
 * Bound: "bound_bytes_per_job", a function and its argument. Each job must have
 * run once (tally.h).
 * One process makes one measurement and prints one line of JSON.
 */
#include <stdbool.h>

#include "await.h"
#include "clock.h"
#include "footprint.h"
#include "gate.h"
#include "mallocs.h"
#include "options.h"
#include "subject.h"
#include "tally.h"

static struct {
	uint64_t workers, jobs, rest_ms, seed;
} options = {.workers = 4, .jobs = 1000000, .rest_ms = 100};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, 511},
		{"jobs", &options.jobs, 1, 1u << 30},
		{"rest-ms", &options.rest_ms, 0, 60000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

/* What one filling of the queue took. */
struct filling {
	uint64_t before_kib, full_kib, empty_kib;
	uint64_t mallocs;
};

static struct bench_pool *pool;
static struct gate gate;

static void run_job(void *id)
{
	tally_job((uintptr_t)id);
}

static struct filling fill_and_drain(uint64_t first, uint64_t end)
{
	struct filling filling;
	int error = gate_close(&gate, ops, pool, (unsigned)options.workers);

	filling.before_kib = rss_kib();
	filling.mallocs = nr_mallocs();
	for (uint64_t id = first; id < end && !error; id++)
		error = ops->submit(pool, run_job, (void *)(uintptr_t)id);
	if (error)
		fail("submit", error);
	filling.mallocs = nr_mallocs() - filling.mallocs;
	filling.full_kib = rss_kib();
	if (tally_sum().count != first)
		fail("jobs ran though all workers were held", -EIO);
	gate_open(&gate);
	if (!await_jobs(end))
		fail("no job returned for long, some are lost", -EIO);
	sleep_until_ns(now_ns() + options.rest_ms * 1000000);
	filling.empty_kib = rss_kib();
	return filling;
}

static double bytes_per_job(uint64_t from_kib, uint64_t to_kib)
{
	return ((double)to_kib - (double)from_kib) * 1024 /
	       (double)options.jobs;
}

static void print_result(
		const struct filling *filling, uint64_t end_kib, bool verified)
{
	printf("{\"program\": \"memory\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"jobs\": %" PRIu64 ", "
	       "\"rest_ms\": %" PRIu64 ", \"rss_bytes_per_job\": %.3f, "
	       "\"bound_bytes_per_job\": %zu, ",
			ops->name, options.workers, options.jobs,
			options.rest_ms,
			bytes_per_job(filling->before_kib, filling->full_kib),
			sizeof(struct bench_job));
	if (MALLOCS_ARE_KNOWN)
		printf("\"mallocs_per_job\": %.6f, ",
				(double)filling->mallocs /
						(double)options.jobs);
	else
		printf("\"mallocs_per_job\": null, ");
	printf("\"kept_bytes_per_job\": %.3f, "
	       "\"kept_after_end_bytes_per_job\": %.3f, \"full_kib\": %" PRIu64
	       ", \"seed\": %" PRIu64 ", \"verified\": %s}\n",
			bytes_per_job(filling->before_kib, filling->empty_kib),
			bytes_per_job(filling->before_kib, end_kib),
			filling->full_kib, options.seed,
			verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	uint64_t warm_up, end_kib;
	struct filling filling;
	void *shift_heap;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("memory", ops, BENCH_INLINE | BENCH_OWN_NUMBER);
	warm_up = options.jobs / 10;
	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	if (!shift_heap)
		fail("start", -ENOMEM);
	error = ops->create((unsigned)options.workers, 0, &pool);
	if (error)
		fail("create", error);

	fill_and_drain(0, warm_up);
	filling = fill_and_drain(warm_up, warm_up + options.jobs);
	ops->destroy(pool);
	end_kib = rss_kib();
	/* after the end of every worker */
	verified = tally_is_exact("memory", ops->name, warm_up + options.jobs);
	print_result(&filling, end_kib, verified);
	free(shift_heap);
	return verified ? 0 : 1;
}
