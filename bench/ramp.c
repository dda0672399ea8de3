/* SPDX-License-Identifier: MIT */
/*
 * How soon is every worker of a sleeping pool at work?
 *
 * At each tick of an absolute schedule as many jobs are submitted as there are
 * workers. Each waits for all the others, so that all must be in progress at
 * the same time; a pool in which they are not is wrong, and the program says so
 * after a while. "last" runs from before the first submit to the first
 * instruction of the job that starts last, "first" to that of the first.
 * The bound, "bare_*", has no pool: as many threads sleep in one futex, and one
 * call wakes them all.
 * One process makes one measurement and prints one line of JSON.
 */
#include <limits.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include "clock.h"
#include "event.h"
#include "hist.h"
#include "options.h"
#include "stalled.h"
#include "subject.h"
#include "tally.h"
#include "usage.h"
#include "wakes.h"

#define WORKERS_MAX 511

static struct {
	uint64_t workers, ramps, gap_us, many;
} options = {.workers = 4, .ramps = 500, .gap_us = 1000};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, WORKERS_MAX},
		{"ramps", &options.ramps, 1, 1000000},
		{"gap-us", &options.gap_us, 10, 1000000},
		{"many", &options.many, 0, 1},
		{NULL, NULL, 0, 0},
};

/* A cache line each. */
struct start {
	alignas(64) uint64_t at_ns;
};

struct times {
	struct hist first, last;
};

static struct bench_pool *pool;
static struct start starts[WORKERS_MAX];
static struct bench_job jobs[WORKERS_MAX];
static uint64_t ramp; /* in progress */
static alignas(128) _Atomic uint64_t nr_here, nr_left;
static struct event go, all_here, all_left;
static struct times times, bare;

static bool is_last(_Atomic uint64_t *nr, uint64_t target)
{
	return atomic_fetch_add_explicit(nr, 1, memory_order_acq_rel) + 1 ==
	       target;
}

/* Job, or bare thread, number index: meet all others, then go. */
static void meet(uint64_t index)
{
	uint64_t number, target;

	starts[index].at_ns = now_ns();
	/* once the last is counted as left, the next ramp may begin */
	number = ramp + 1;
	target = number * options.workers;
	if (is_last(&nr_here, target))
		event_happen_for(&all_here, now_ns(), INT_MAX);
	else if (!event_wait(&all_here, (uint32_t)number, STALLED_NS))
		fail("not all jobs run at the same time", -EIO);
	if (is_last(&nr_left, target))
		event_happen(&all_left, now_ns());
}

static void run_job(void *arg)
{
	uint64_t index = (uintptr_t)arg;

	tally_job(ramp * options.workers + index);
	meet(index);
}

static void submit_jobs(void)
{
	int error = 0;

	if (options.many)
		error = bench_submit_many(ops, pool, jobs, options.workers);
	for (uint64_t i = 0; !options.many && !error && i < options.workers;
			i++)
		error = ops->submit(pool, jobs[i].run, jobs[i].arg);
	if (error)
		fail("submit", error);
}

static void *bare_main(void *arg)
{
	uint64_t index = (uintptr_t)arg;

	for (uint64_t i = 0; i < options.ramps; i++) {
		if (!event_wait(&go, (uint32_t)i + 1, STALLED_NS))
			fail("a thread does not wake", -EIO);
		meet(index);
	}
	return NULL;
}

static void wake_bare_threads(void)
{
	event_happen_for(&go, now_ns(), INT_MAX);
}

static void run_on_schedule(void (*start)(void), struct times *ret_times,
		uint64_t first, uint64_t end)
{
	uint64_t gap_ns = options.gap_us * 1000, tick_ns = now_ns();

	for (ramp = first; ramp < end; ramp++) {
		uint64_t began_ns, first_ns = UINT64_MAX, last_ns = 0;

		/* after a late ramp skip a tick, the workers need the rest */
		do
			tick_ns += gap_ns;
		while (tick_ns < now_ns() + gap_ns / 2);
		sleep_until_ns(tick_ns);
		began_ns = now_ns();
		start();
		if (!event_wait(&all_left, (uint32_t)ramp + 1, 2 * STALLED_NS))
			fail("a ramp does not end, some jobs are lost", -EIO);
		for (uint64_t i = 0; i < options.workers; i++) {
			uint64_t at_ns = starts[i].at_ns - began_ns;

			first_ns = at_ns < first_ns ? at_ns : first_ns;
			last_ns = at_ns > last_ns ? at_ns : last_ns;
		}
		hist_add(&ret_times->first, first_ns);
		hist_add(&ret_times->last, last_ns);
	}
}

static void measure_bare_threads(void)
{
	pthread_t threads[WORKERS_MAX];

	for (uint64_t i = 0; i < options.workers; i++) {
		int error = pthread_create(&threads[i], NULL, bare_main,
				(void *)(uintptr_t)i);

		if (error)
			fail("thread", -error);
	}
	run_on_schedule(wake_bare_threads, &bare, 0, options.ramps);
	for (uint64_t i = 0; i < options.workers; i++)
		pthread_join(threads[i], NULL);
	nr_here = nr_left = 0;
	all_here.times = all_left.times = 0;
}

static void print_result(struct usage usage, uint64_t wakes, bool verified)
{
	double ramps = (double)options.ramps;

	printf("{\"program\": \"ramp\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"ramps\": %" PRIu64 ", "
	       "\"gap_us\": %" PRIu64 ", \"bulk\": %s, ",
			ops->name, options.workers, options.ramps,
			options.gap_us,
			options.many && ops->submit_many ? "true" : "false");
	printf("\"first_p50_ns\": %" PRIu64 ", \"last_p50_ns\": %" PRIu64 ", "
	       "\"last_p99_ns\": %" PRIu64 ", "
	       "\"bare_last_p50_ns\": %" PRIu64 ", "
	       "\"bare_last_p99_ns\": %" PRIu64 ", ",
			hist_quantile(&times.first, 0.5),
			hist_quantile(&times.last, 0.5),
			hist_quantile(&times.last, 0.99),
			hist_quantile(&bare.last, 0.5),
			hist_quantile(&bare.last, 0.99));
	printf("\"cpu_ns_per_ramp\": %.1f, \"switches_per_ramp\": %.3f, "
	       "\"pool_wakes_per_ramp\": %.3f, \"verified\": %s}\n",
			(double)usage.cpu_ns / ramps,
			(double)(usage.voluntary + usage.involuntary) / ramps,
			(double)wakes / ramps, verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	static struct times ignored;
	uint64_t warm_up, nr_ramps, wakes;
	struct usage usage;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("ramp", ops, BENCH_INLINE | BENCH_OWN_NUMBER);
	for (uint64_t i = 0; i < options.workers; i++)
		jobs[i] = (struct bench_job){run_job, (void *)(uintptr_t)i};
	warm_up = options.ramps / 10 + 1;
	nr_ramps = warm_up + options.ramps;
	prctl(PR_SET_TIMERSLACK, 1ul); /* of this thread: a punctual schedule */
	measure_bare_threads();
	error = ops->create((unsigned)options.workers, 0, &pool);
	if (error)
		fail("create", error);

	run_on_schedule(submit_jobs, &ignored, 0, warm_up);
	wakes = wakes_of(ops, pool);
	usage = usage_now();
	run_on_schedule(submit_jobs, &times, warm_up, nr_ramps);
	usage = usage_since(usage);
	wakes = wakes_of(ops, pool) - wakes;

	ops->destroy(pool);
	/* after the end of every worker */
	verified = tally_is_exact(
			"ramp", ops->name, nr_ramps * options.workers);
	print_result(usage, wakes, verified);
	return verified ? 0 : 1;
}
