/* SPDX-License-Identifier: MIT */
/*
 * What does it cost if jobs submit jobs?
 *
 * A tree: each job submits as many as the fanout from inside itself, down to a
 * depth; the root alone is submitted from outside. Every job has a number, that
 * of its first child is fanout * number + 1, so a job needs no memory. The
 * clock runs from before the submit of the root to the end of the last job,
 * which takes the time itself (last.h). A first tree is warm-up; the time is
 * the median of the others.
 * One process makes one measurement and prints one line of JSON.
 */
#include <stdbool.h>

#include "clock.h"
#include "last.h"
#include "median.h"
#include "options.h"
#include "subject.h"
#include "tally.h"
#include "usage.h"
#include "wakes.h"

#define TREE_JOBS_MAX (UINT64_C(1) << 28)

static struct {
	uint64_t workers, depth, fanout, trees, seed;
} options = {.workers = 2, .depth = 6, .fanout = 10, .trees = 5};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, 511},
		{"depth", &options.depth, 0, 1000000},
		{"fanout", &options.fanout, 1, 1000000},
		{"trees", &options.trees, 1, 1000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

static struct bench_pool *pool;
static uint64_t tree_jobs;
static uint64_t first_id; /* of this tree: each job of all trees has its own */

static void run_job(void *arg)
{
	uint64_t number = (uintptr_t)arg;
	uint64_t child = number * options.fanout + 1;
	uint64_t end = child + options.fanout;

	for (; child < end && child < tree_jobs; child++) {
		int error = ops->submit(
				pool, run_job, (void *)(uintptr_t)child);

		if (error)
			fail("submit", error);
	}
	last_job(first_id + number);
}

static uint64_t count_jobs(void)
{
	uint64_t level = 1, jobs = 1;

	for (uint64_t depth = 0; depth < options.depth; depth++) {
		level *= options.fanout;
		jobs += level;
		if (jobs > TREE_JOBS_MAX)
			fail("a tree of so many jobs", -E2BIG);
	}
	return jobs;
}

/* Grow one tree; how long it took. */
static uint64_t run_tree(uint64_t number)
{
	uint64_t began_ns, ended_ns;
	int error;

	sleep_until_ns(now_ns() + 2000000); /* let the workers rest */
	first_id = number * tree_jobs;
	last_begin(number);
	began_ns = now_ns();
	error = ops->submit(pool, run_job, (void *)(uintptr_t)0);
	if (error)
		fail("submit", error);
	ended_ns = last_wait(number);
	if (!ended_ns)
		fail("no job returned for long, some are lost", -EIO);
	return ended_ns - began_ns;
}

static void print_result(double took_ns, struct usage usage, uint64_t wakes,
		uint64_t rss_kib, bool verified)
{
	double jobs = (double)(options.trees * tree_jobs);

	printf("{\"program\": \"tree\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"depth\": %" PRIu64 ", "
	       "\"fanout\": %" PRIu64 ", \"trees\": %" PRIu64 ", "
	       "\"jobs\": %" PRIu64 ", ",
			ops->name, options.workers, options.depth,
			options.fanout, options.trees, tree_jobs);
	printf("\"seconds\": %.9f, \"jobs_per_s\": %.1f, "
	       "\"cpu_ns_per_job\": %.3f, \"switches_per_job\": %.6f, "
	       "\"pool_wakes_per_job\": %.6f, \"rss_growth_kib\": %" PRIu64
	       ", \"seed\": %" PRIu64 ", \"verified\": %s}\n",
			took_ns / 1e9, (double)tree_jobs * 1e9 / took_ns,
			(double)usage.cpu_ns / jobs,
			(double)(usage.voluntary + usage.involuntary) / jobs,
			(double)wakes / jobs, rss_kib, options.seed,
			verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	uint64_t base_kib, peak_kib, wakes, *times;
	struct usage usage;
	void *shift_heap;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("tree", ops, BENCH_NO_NESTED | BENCH_FROM_INSIDE);
	tree_jobs = count_jobs();
	last_expect(tree_jobs, options.workers);
	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	times = calloc(options.trees, sizeof(*times));
	if (!shift_heap || !times)
		fail("start", -ENOMEM);
	error = ops->create((unsigned)options.workers, 0, &pool);
	if (error)
		fail("create", error);

	/* what the queue needs is the peak of the timed trees above this */
	peak_rss_reset();
	base_kib = peak_rss_kib();
	run_tree(0);
	peak_rss_reset();
	wakes = wakes_of(ops, pool);
	usage = usage_now();
	for (uint64_t i = 0; i < options.trees; i++)
		times[i] = run_tree(i + 1);
	usage = usage_since(usage);
	wakes = wakes_of(ops, pool) - wakes;
	peak_kib = peak_rss_kib();

	ops->destroy(pool);
	/* after the end of every worker */
	verified = tally_is_exact(
			"tree", ops->name, (options.trees + 1) * tree_jobs);
	print_result(median_of(times, options.trees), usage, wakes,
			peak_kib > base_kib ? peak_kib - base_kib : 0,
			verified);
	free(times);
	free(shift_heap);
	return verified ? 0 : 1;
}
