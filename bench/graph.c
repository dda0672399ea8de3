/* SPDX-License-Identifier: MIT */
/*
 * How long do tasks take that depend on each other, and submit each other?
 *
 * A graph of --width columns and --steps steps after Task Bench. Patterns:
 *
 *	trivial	no task waits for another: task k of a column submits its
 *		tasks 2k + 1 and 2k + 2
 *	no_comm	a task submits the next one of its column
 *	stencil	a task needs those of the step before in its own column and
 *		in the two beside it; the last of the three to end submits it
 *
 * All but the first task of each column come from inside of tasks, so that no
 * other thread needs a CPU. The time runs from before the first submit to the
 * end of the last task (last.h). Each task checks that what it needs was done,
 * the tally that all ran once. A first graph is warm-up; the time is the median
 * of the others.
 * Bound: "ideal_seconds", the work of all tasks on as many CPUs as the workers
 * can use. One process makes one measurement and prints one line of JSON.
 */
#include <stdbool.h>

#include "clock.h"
#include "cpus.h"
#include "last.h"
#include "median.h"
#include "options.h"
#include "subject.h"
#include "tally.h"
#include "usage.h"
#include "work.h"

#define TASKS_MAX (UINT64_C(1) << 30)

enum pattern { TRIVIAL, NO_COMM, STENCIL };

static const char *const pattern_names[] = {"trivial", "no_comm", "stencil"};

static struct {
	uint64_t pattern, width, steps, graphs, workers, task_ns;
	uint64_t steps_per_us, seed;
} options = {
		.pattern = STENCIL,
		.width = 4,
		.steps = 10000,
		.graphs = 5,
		.workers = 2,
};

static const struct option known_options[] = {
		{"pattern", &options.pattern, TRIVIAL, STENCIL},
		{"width", &options.width, 1, 4096},
		{"steps", &options.steps, 1, TASKS_MAX},
		{"graphs", &options.graphs, 1, 1000},
		{"workers", &options.workers, 1, 511},
		{"task-ns", &options.task_ns, 0, 1000000},
		{"steps-per-us", &options.steps_per_us, 0, 1000000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

/*
 * Two counts are enough: the task of step t can be counted down only once that
 * of step t - 2 is over, by tasks that needed it.
 */
struct column {
	alignas(128) _Atomic uint32_t needs[2]; /* of the next two steps */
	_Atomic uint64_t done;			/* steps */
	uint32_t nr_needs; /* columns that it depends on, itself too */
};

static struct bench_pool *pool;
static struct column *columns;
static uint64_t work_steps, graph_steps, graph_tasks;
static uint64_t first_id; /* of this graph: each task of all has its own */
static _Atomic uint64_t too_early; /* tasks that ran before what they need */

static void run_task(void *arg);

static void submit(uint64_t step, uint64_t at)
{
	uint64_t number = step * options.width + at;
	int error = ops->submit(pool, run_task, (void *)(uintptr_t)number);

	if (error)
		fail("submit", error);
}

static void check(uint64_t at, uint64_t step)
{
	if (atomic_load_explicit(&columns[at].done, memory_order_relaxed) <
			step)
		atomic_fetch_add_explicit(&too_early, 1, memory_order_relaxed);
}

static void check_needs(uint64_t at, uint64_t step)
{
	if (options.pattern == TRIVIAL)
		return;
	check(at, step);
	if (options.pattern == NO_COMM)
		return;
	if (at > 0)
		check(at - 1, step);
	if (at + 1 < options.width)
		check(at + 1, step);
}

static void count_down(uint64_t at, uint64_t step)
{
	if (atomic_fetch_sub_explicit(&columns[at].needs[step % 2], 1,
			    memory_order_acq_rel) == 1)
		submit(step, at);
}

static void submit_next(uint64_t at, uint64_t step)
{
	uint64_t next = options.pattern == TRIVIAL ? 2 * step + 1 : step + 1;

	if (next >= graph_steps)
		return;
	switch ((enum pattern)options.pattern) {
	case TRIVIAL:
		submit(next, at);
		if (next + 1 < graph_steps)
			submit(next + 1, at);
		break;
	case NO_COMM:
		submit(next, at);
		break;
	case STENCIL:
		if (at > 0)
			count_down(at - 1, next);
		if (at + 1 < options.width)
			count_down(at + 1, next);
		count_down(at, next);
		break;
	}
}

static void run_task(void *arg)
{
	uint64_t number = (uintptr_t)arg;
	uint64_t step = number / options.width, at = number % options.width;
	struct column *column = &columns[at];

	check_needs(at, step);
	/* before anybody can count the step after the next one down */
	if (options.pattern == STENCIL)
		atomic_store_explicit(&column->needs[step % 2],
				column->nr_needs, memory_order_relaxed);
	work(work_steps);
	if (options.pattern != TRIVIAL)
		atomic_store_explicit(
				&column->done, step + 1, memory_order_relaxed);
	submit_next(at, step);
	last_job(first_id + number);
}

/* Nanoseconds of one graph. */
static uint64_t run_graph(uint64_t wave)
{
	uint64_t began_ns, ended_ns;

	for (uint64_t at = 0; at < options.width; at++) {
		struct column *column = &columns[at];

		column->nr_needs = 1 + (at > 0) + (at + 1 < options.width);
		atomic_store_explicit(&column->needs[0], column->nr_needs,
				memory_order_relaxed);
		atomic_store_explicit(&column->needs[1], column->nr_needs,
				memory_order_relaxed);
		atomic_store_explicit(&column->done, 0, memory_order_relaxed);
	}
	sleep_until_ns(now_ns() + 2000000); /* let the workers rest */
	first_id = wave * graph_tasks;
	last_begin(wave);
	began_ns = now_ns();
	for (uint64_t at = 0; at < options.width; at++)
		submit(0, at);
	ended_ns = last_wait(wave);
	if (!ended_ns)
		fail("no task returned for long, some are lost", -EIO);
	return ended_ns - began_ns;
}

static bool is_verified(uint64_t nr_ids)
{
	uint64_t early = atomic_load_explicit(&too_early, memory_order_relaxed);

	if (early)
		fprintf(stderr,
				"graph: %s: WRONG: %" PRIu64
				" tasks ran before what they need\n",
				ops->name, early);
	return tally_is_exact("graph", ops->name, nr_ids) && !early;
}

static void print_result(double took_ns, struct usage usage, bool verified)
{
	double tasks = (double)(graph_steps * options.width);
	double cores = (double)nr_cores_of(options.workers);
	/* a whole number of steps of work */
	double task_ns =
			options.steps_per_us
					? (double)work_steps * 1e3 /
							  (double)options.steps_per_us
					: 0;

	printf("{\"program\": \"graph\", \"pool\": \"%s\", "
	       "\"pattern\": \"%s\", \"width\": %" PRIu64 ", "
	       "\"steps\": %" PRIu64 ", \"workers\": %" PRIu64 ", "
	       "\"graphs\": %" PRIu64 ", \"task_ns\": %" PRIu64 ", "
	       "\"steps_per_us\": %" PRIu64 ", \"tasks\": %.0f, ",
			ops->name, pattern_names[options.pattern],
			options.width, graph_steps, options.workers,
			options.graphs, options.task_ns, options.steps_per_us,
			tasks);
	printf("\"seconds\": %.9f, \"ideal_seconds\": %.9f, "
	       "\"tasks_per_s\": %.1f, \"core_ns_per_task\": %.3f, "
	       "\"cpu_ns_per_task\": %.3f, \"switches_per_task\": %.6f, "
	       "\"seed\": %" PRIu64 ", \"verified\": %s}\n",
			took_ns / 1e9, tasks * task_ns / cores / 1e9,
			tasks * 1e9 / took_ns, took_ns * cores / tasks,
			(double)usage.cpu_ns / tasks / (double)options.graphs,
			(double)(usage.voluntary + usage.involuntary) / tasks /
					(double)options.graphs,
			options.seed, verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	struct usage usage;
	uint64_t *times;
	void *shift_heap;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("graph", ops, BENCH_NO_NESTED);
	graph_steps = options.steps;
	graph_tasks = graph_steps * options.width;
	if (graph_tasks > TASKS_MAX / (options.graphs + 1))
		fail("a graph of so many tasks", -E2BIG);
	if (options.task_ns && !options.steps_per_us)
		options.steps_per_us = work_per_us();
	work_steps = options.task_ns * options.steps_per_us / 1000;
	last_expect(graph_tasks, options.workers);
	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	times = calloc(options.graphs, sizeof(*times));
	columns = aligned_alloc(alignof(struct column),
			options.width * sizeof(*columns));
	if (!shift_heap || !times || !columns)
		fail("start", -ENOMEM);
	error = ops->create((unsigned)options.workers, 0, &pool);
	if (error)
		fail("create", error);

	run_graph(0);
	usage = usage_now();
	for (uint64_t i = 0; i < options.graphs; i++)
		times[i] = run_graph(i + 1);
	usage = usage_since(usage);

	ops->destroy(pool);
	/* after the end of every worker */
	verified = is_verified((options.graphs + 1) * graph_tasks);
	print_result(median_of(times, options.graphs), usage, verified);
	free(columns);
	free(times);
	free(shift_heap);
	return verified ? 0 : 1;
}
