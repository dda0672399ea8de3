/* SPDX-License-Identifier: MIT */
/*
 * How long does it take to hand out a number of empty jobs and to wait for all
 * of them, again and again?
 *
 * A round submits --jobs-per-round jobs one by one; each counts down one latch
 * of this program, the same for every pool, and the last wakes the submitter,
 * which sleeps in the kernel. The next round begins at once: how often anybody
 * has to sleep is up to the pool. With --native=1 the pool submits and waits by
 * itself, if it can (run_all in pool.h), and no latch is counted.
 * The reference, "inline_ns_per_round", has no pool: the submitter runs the
 * same jobs itself.
 * One process makes one measurement and prints one line of JSON.
 */
#include <stdalign.h>
#include <stdbool.h>

#include "clock.h"
#include "event.h"
#include "options.h"
#include "stalled.h"
#include "subject.h"
#include "tally.h"
#include "usage.h"
#include "wakes.h"

static struct {
	uint64_t workers, jobs_per_round, rounds, native, seed;
} options = {.workers = 2, .jobs_per_round = 64, .rounds = 5000};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, 511},
		{"jobs-per-round", &options.jobs_per_round, 1, 1000000},
		{"rounds", &options.rounds, 1, 10000000},
		{"native", &options.native, 0, 1},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

static struct bench_pool *pool;
static struct bench_job *jobs; /* of a native round */
static uint64_t next_id;
static uint32_t rounds_done;
static alignas(128) _Atomic uint64_t jobs_left; /* of the round */
static struct event all_done;

static void run_native_job(void *id)
{
	tally_job((uintptr_t)id);
}

static void run_job(void *id)
{
	tally_job((uintptr_t)id);
	if (atomic_fetch_sub_explicit(&jobs_left, 1, memory_order_acq_rel) == 1)
		event_happen(&all_done, 0);
}

static int run_inline(struct bench_pool *none, void (*run)(void *), void *arg)
{
	(void)none;
	run(arg);
	return 0;
}

static void run_round(
		int (*submit)(struct bench_pool *, void (*)(void *), void *))
{
	uint64_t end = next_id + options.jobs_per_round;

	atomic_store_explicit(&jobs_left, options.jobs_per_round,
			memory_order_relaxed);
	for (; next_id < end; next_id++) {
		int error = submit(pool, run_job, (void *)(uintptr_t)next_id);

		if (error)
			fail("submit", error);
	}
	if (!event_wait(&all_done, ++rounds_done, STALLED_NS))
		fail("a round does not end, some jobs are lost", -EIO);
}

static void run_native_round(void)
{
	uint64_t before = tally_sum().count;
	int error;

	for (uint64_t i = 0; i < options.jobs_per_round; i++)
		jobs[i] = (struct bench_job){
				run_native_job, (void *)(uintptr_t)next_id++};
	error = ops->run_all(pool, jobs, options.jobs_per_round);
	if (error)
		fail("run all", error);
	if (tally_sum().count != before + options.jobs_per_round)
		fail("the pool has not waited for all", -EIO);
}

/* How long so many rounds take. */
static uint64_t run_rounds(uint64_t nr_rounds)
{
	uint64_t began_ns = now_ns();

	for (uint64_t i = 0; i < nr_rounds; i++) {
		if (options.native)
			run_native_round();
		else
			run_round(ops->submit);
	}
	return now_ns() - began_ns;
}

static uint64_t run_rounds_inline(uint64_t nr_rounds)
{
	uint64_t began_ns = now_ns();

	for (uint64_t i = 0; i < nr_rounds; i++)
		run_round(run_inline);
	return now_ns() - began_ns;
}

static void print_result(double round_ns, double inline_ns, struct usage usage,
		uint64_t wakes, bool verified)
{
	double rounds = (double)options.rounds;

	printf("{\"program\": \"fan\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"jobs_per_round\": %" PRIu64 ", "
	       "\"rounds\": %" PRIu64 ", \"native\": %s, "
	       "\"ns_per_round\": %.1f, \"inline_ns_per_round\": %.1f, ",
			ops->name, options.workers, options.jobs_per_round,
			options.rounds, options.native ? "true" : "false",
			round_ns, inline_ns);
	printf("\"cpu_ns_per_round\": %.1f, \"switches_per_round\": %.3f, "
	       "\"pool_wakes_per_round\": %.3f, \"seed\": %" PRIu64 ", "
	       "\"verified\": %s}\n",
			(double)usage.cpu_ns / rounds,
			(double)(usage.voluntary + usage.involuntary) / rounds,
			(double)wakes / rounds, options.seed,
			verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	uint64_t warm_up, nr_rounds, took_ns, inline_ns, wakes;
	struct usage usage;
	void *shift_heap;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("fan", ops, options.native ? BENCH_FROM_INSIDE : 0);
	if (options.native && !ops->run_all)
		options_refuse("fan", ops, "it has no wait for all of its own");
	warm_up = options.rounds / 10 + 1;
	nr_rounds = 2 * warm_up + options.rounds;
	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	jobs = calloc(options.jobs_per_round, sizeof(*jobs));
	if (!shift_heap || !jobs)
		fail("start", -ENOMEM);
	inline_ns = run_rounds_inline(warm_up);
	error = ops->create((unsigned)options.workers, 0, &pool);
	if (error)
		fail("create", error);

	run_rounds(warm_up);
	wakes = wakes_of(ops, pool);
	usage = usage_now();
	took_ns = run_rounds(options.rounds);
	usage = usage_since(usage);
	wakes = wakes_of(ops, pool) - wakes;

	ops->destroy(pool);
	/* after the end of every worker */
	verified = tally_is_exact(
			"fan", ops->name, nr_rounds * options.jobs_per_round);
	print_result((double)took_ns / (double)options.rounds,
			(double)inline_ns / (double)warm_up, usage, wakes,
			verified);
	free(jobs);
	free(shift_heap);
	return verified ? 0 : 1;
}
