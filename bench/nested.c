/* SPDX-License-Identifier: MIT */
/*
 * What does a call cost that is a job, if none blocks to wait for those that it
 * made?
 *
 * Two classics. skynet: a tree of fanout 10 whose 10^n leaves are worth 0, 1,
 * 2 ...; their sum is known. fib: Fibonacci's function by its definition, two
 * calls for each number above 1. A call that makes others leaves a frame behind
 * and returns; each child puts its result there, and the last one to do so goes
 * on in the parent's place. Frames come from malloc and go back to it, so an
 * order that keeps many calls open shows in the peak of the memory: first in,
 * first out goes breadth first.
 * Oracle: the sum, fib(n), and that each call ran once (tally.h). Bound:
 * "inline_ns_per_task", the same code without a pool; no pool takes less time
 * of a core.
 * One process makes one measurement and prints one line of JSON.
 */
#include <stdbool.h>

#include "clock.h"
#include "cpus.h"
#include "event.h"
#include "median.h"
#include "options.h"
#include "stalled.h"
#include "subject.h"
#include "tally.h"
#include "usage.h"

#define FANOUT_MAX 10

enum kind { SKYNET, FIB };

static struct {
	uint64_t kind, n, workers, runs, seed;
} options = {.kind = SKYNET, .n = 5, .workers = 4, .runs = 5};

static const struct option known_options[] = {
		{"kind", &options.kind, SKYNET, FIB},
		{"n", &options.n, 0, 32},
		{"workers", &options.workers, 1, 511},
		{"runs", &options.runs, 1, 1000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

struct frame;

struct call {
	struct frame *frame; /* that waits for the result; NULL: the root's */
	uint64_t id;	     /* that of the first child is fanout * id + 1 */
	uint64_t n;	     /* levels below; or the argument */
	uint64_t result;
};

struct frame {
	struct call *call; /* to return from when all children have */
	_Atomic uint32_t left;
	uint32_t nr_calls;
	struct call calls[];
};

static struct bench_pool *pool; /* NULL: call instead of submit */
static uint64_t first_leaf, nr_tasks;
static struct tally_total ids_of_run;
static uint64_t result_of_run;
static struct event returned;

static uint32_t nr_children(uint64_t n)
{
	if (options.kind == SKYNET)
		return n ? FANOUT_MAX : 0;
	return n > 1 ? 2 : 0;
}

static uint64_t leaf_value(uint64_t id, uint64_t n)
{
	return options.kind == SKYNET ? id - first_leaf : n;
}

static void return_from(struct call *call, uint64_t value)
{
	struct frame *frame;

	while ((frame = call->frame)) {
		call->result = value;
		if (atomic_fetch_sub_explicit(
				    &frame->left, 1, memory_order_acq_rel) != 1)
			return;
		value = 0;
		for (uint32_t i = 0; i < frame->nr_calls; i++)
			value += frame->calls[i].result;
		call = frame->call;
		free(frame);
	}
	call->result = value;
	if (pool)
		event_happen(&returned, now_ns());
}

static void run_call(void *arg)
{
	struct call *call = arg;
	uint32_t nr_calls = nr_children(call->n);
	struct frame *frame;

	tally_job(call->id);
	if (!nr_calls) {
		return_from(call, leaf_value(call->id, call->n));
		return;
	}
	frame = malloc(sizeof(*frame) + nr_calls * sizeof(frame->calls[0]));
	if (!frame)
		fail("frame", -ENOMEM);
	frame->call = call;
	frame->nr_calls = nr_calls;
	atomic_init(&frame->left, nr_calls);
	for (uint32_t i = 0; i < nr_calls; i++) {
		struct call *child = &frame->calls[i];
		int error = 0;

		child->frame = frame;
		child->id = nr_calls * call->id + 1 + i;
		child->n = call->n - 1 - (options.kind == FIB ? i : 0);
		/* the last child may free the frame at once */
		if (pool)
			error = ops->submit(pool, run_call, child);
		else
			run_call(child);
		if (error)
			fail("submit", error);
	}
}

/* What a run must come to, without frames or a pool. */
static uint64_t expect(uint64_t id, uint64_t n)
{
	uint32_t nr_calls = nr_children(n);
	uint64_t value = 0;

	ids_of_run.count++;
	ids_of_run.sum += tally_mix(id);
	if (!nr_calls)
		return leaf_value(id, n);
	for (uint32_t i = 0; i < nr_calls; i++)
		value += expect(nr_calls * id + 1 + i,
				n - 1 - (options.kind == FIB ? i : 0));
	return value;
}

/* Nanoseconds; run number `number` of those with a pool, from 0. */
static uint64_t run(uint64_t number)
{
	struct call root = {.n = options.n};
	uint64_t began_ns, took_ns;

	sleep_until_ns(now_ns() + 2000000); /* let the workers rest */
	began_ns = now_ns();
	if (pool) {
		int error = ops->submit(pool, run_call, &root);

		if (error)
			fail("submit", error);
		if (!event_wait(&returned, (uint32_t)number + 1, STALLED_NS))
			fail("the root does not return, some jobs are lost",
					-EIO);
		took_ns = returned.at_ns - began_ns;
	} else {
		run_call(&root);
		took_ns = now_ns() - began_ns;
	}
	if (root.result != result_of_run) {
		fprintf(stderr,
				"nested: %s: WRONG: result %" PRIu64
				", not %" PRIu64 "\n",
				ops->name, root.result, result_of_run);
		exit(1);
	}
	return took_ns;
}

/* A run is warm-up; the median of the others. */
static double median_of_runs(uint64_t *times)
{
	run(0);
	for (uint64_t i = 0; i < options.runs; i++)
		times[i] = run(i + 1);
	return median_of(times, options.runs);
}

static void print_result(double took_ns, double inline_ns, struct usage usage,
		uint64_t rss_kib, bool verified)
{
	double tasks = (double)nr_tasks, runs = (double)options.runs;
	double cores = (double)nr_cores_of(options.workers);

	printf("{\"program\": \"nested\", \"pool\": \"%s\", \"kind\": \"%s\", "
	       "\"n\": %" PRIu64 ", \"workers\": %" PRIu64 ", "
	       "\"runs\": %" PRIu64 ", \"tasks\": %" PRIu64 ", "
	       "\"result\": %" PRIu64 ", ",
			ops->name, options.kind == SKYNET ? "skynet" : "fib",
			options.n, options.workers, options.runs, nr_tasks,
			result_of_run);
	printf("\"seconds\": %.9f, \"core_ns_per_task\": %.3f, "
	       "\"inline_ns_per_task\": %.3f, \"cpu_ns_per_task\": %.3f, "
	       "\"switches_per_task\": %.6f, \"rss_growth_kib\": %" PRIu64
	       ", \"seed\": %" PRIu64 ", \"verified\": %s}\n",
			took_ns / 1e9, took_ns * cores / tasks,
			inline_ns / tasks,
			(double)usage.cpu_ns / tasks / (runs + 1),
			(double)(usage.voluntary + usage.involuntary) / tasks /
					(runs + 1),
			rss_kib, options.seed, verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	uint64_t base_kib, peak_kib, all_runs, *times;
	struct usage usage;
	double inline_ns, took_ns;
	void *shift_heap;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("nested", ops, BENCH_NO_NESTED | BENCH_FROM_INSIDE);
	if (options.kind == SKYNET && options.n > 7)
		fail("a tree of so many jobs", -E2BIG);
	for (uint64_t i = 0; i < options.n; i++)
		first_leaf = first_leaf * FANOUT_MAX + 1;
	result_of_run = expect(0, options.n);
	nr_tasks = ids_of_run.count;
	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	times = calloc(options.runs, sizeof(*times));
	if (!shift_heap || !times)
		fail("start", -ENOMEM);

	inline_ns = median_of_runs(times);
	error = ops->create((unsigned)options.workers, 0, &pool);
	if (error)
		fail("create", error);
	/* what queue and open calls need is the peak of the runs above this */
	peak_rss_reset();
	base_kib = peak_rss_kib();
	usage = usage_now();
	took_ns = median_of_runs(times);
	usage = usage_since(usage);
	peak_kib = peak_rss_kib();

	ops->destroy(pool);
	/* after the end of every worker */
	all_runs = 2 * (options.runs + 1);
	ids_of_run.count *= all_runs;
	ids_of_run.sum *= all_runs;
	verified = tally_matches("nested", ops->name, ids_of_run);
	print_result(took_ns, inline_ns, usage,
			peak_kib > base_kib ? peak_kib - base_kib : 0,
			verified);
	free(times);
	free(shift_heap);
	return verified ? 0 : 1;
}
