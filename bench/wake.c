/* SPDX-License-Identifier: MIT */
/*
 * How long until a job starts when the whole pool is asleep, and what does a
 * pool cost that has nothing to do?
 *
 * One job is submitted at each tick of an absolute schedule, far enough apart
 * for the workers to park again; the latency runs from just before the submit
 * to the first instruction of the job. With --spin=1 the submitter watches the
 * clock until the next tick, for gaps that are too short to sleep. Then the pool
 * is left alone for a while. "workers_*" is the cost of the process without this
 * thread: what the pool does with a job now and then.
 * One process makes one measurement and prints one line of JSON.
 */
#include <stdalign.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include "await.h"
#include "clock.h"
#include "hist.h"
#include "options.h"
#include "subject.h"
#include "tally.h"
#include "usage.h"
#include "wakes.h"

static struct {
	uint64_t workers, jobs, gap_us, spin, idle_ms;
} options = {.workers = 4, .jobs = 5000, .gap_us = 200, .idle_ms = 1000};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, 511},
		{"jobs", &options.jobs, 1, 10000000},
		{"gap-us", &options.gap_us, 1, 1000000},
		{"spin", &options.spin, 0, 1},
		{"idle-ms", &options.idle_ms, 0, 60000},
		{NULL, NULL, 0, 0},
};

/* A cache line each: the submitter writes the next while a job writes this. */
struct sample {
	alignas(64) uint64_t submitted_ns;
	uint64_t started_ns;
};

static struct bench_pool *pool;
static struct sample *samples;
static struct hist latency_ns;

static void run_job(void *arg)
{
	struct sample *sample = arg;

	sample->started_ns = now_ns();
	tally_job((uint64_t)(sample - samples));
}

static void wait_until_ns(uint64_t tick_ns)
{
	if (!options.spin)
		sleep_until_ns(tick_ns);
	while (now_ns() < tick_ns)
		;
}

static void submit_on_schedule(uint64_t first, uint64_t end)
{
	uint64_t tick_ns = now_ns();

	for (uint64_t i = first; i < end; i++) {
		int error;

		tick_ns += options.gap_us * 1000;
		wait_until_ns(tick_ns);
		samples[i].submitted_ns = now_ns();
		error = ops->submit(pool, run_job, &samples[i]);
		if (error)
			fail("submit", error);
	}
	wait_until_ns(tick_ns + options.gap_us * 1000);
}

static void print_result(struct usage busy, struct usage workers,
		struct usage idle, uint64_t wakes, bool verified)
{
	double jobs = (double)options.jobs;

	printf("{\"program\": \"wake\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"jobs\": %" PRIu64 ", "
	       "\"gap_us\": %" PRIu64 ", \"spin\": %s, "
	       "\"p50_ns\": %" PRIu64 ", "
	       "\"p99_ns\": %" PRIu64 ", \"p999_ns\": %" PRIu64 ", "
	       "\"max_ns\": %" PRIu64 ", ",
			ops->name, options.workers, options.jobs,
			options.gap_us, options.spin ? "true" : "false",
			hist_quantile(&latency_ns, 0.5),
			hist_quantile(&latency_ns, 0.99),
			hist_quantile(&latency_ns, 0.999), latency_ns.max);
	printf("\"workers_cpu_ns_per_job\": %.1f, "
	       "\"workers_switches_per_job\": %.4f, ",
			(double)workers.cpu_ns / jobs,
			(double)(workers.voluntary + workers.involuntary) /
					jobs);
	printf("\"cpu_ns_per_job\": %.1f, \"switches_per_job\": %.4f, "
	       "\"pool_wakes_per_job\": %.4f, \"idle_ms\": %" PRIu64 ", "
	       "\"idle_cpu_ns\": %" PRIu64 ", \"idle_switches\": %" PRIu64 ", "
	       "\"verified\": %s}\n",
			(double)busy.cpu_ns / jobs,
			(double)(busy.voluntary + busy.involuntary) / jobs,
			(double)wakes / jobs, options.idle_ms, idle.cpu_ns,
			idle.voluntary, verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	struct usage busy, own, workers, idle;
	uint64_t warm_up, nr_samples, wakes;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("wake", ops, 0);
	warm_up = options.jobs / 10;
	nr_samples = warm_up + options.jobs;
	samples = aligned_alloc(
			alignof(struct sample), nr_samples * sizeof(*samples));
	if (!samples)
		fail("start", -ENOMEM);
	memset(samples, 0, nr_samples * sizeof(*samples)); /* page faults now */
	prctl(PR_SET_TIMERSLACK, 1ul); /* of this thread: a punctual schedule */
	error = ops->create((unsigned)options.workers, 0, &pool);
	if (error)
		fail("create", error);

	submit_on_schedule(0, warm_up);
	wakes = wakes_of(ops, pool);
	busy = usage_now();
	own = usage_of(RUSAGE_THREAD);
	submit_on_schedule(warm_up, nr_samples);
	own = usage_minus(usage_of(RUSAGE_THREAD), own);
	busy = usage_since(busy);
	workers = usage_minus(busy, own);
	wakes = wakes_of(ops, pool) - wakes;
	if (!await_jobs(nr_samples))
		fail("no job returned for long, some are lost", -EIO);

	sleep_until_ns(now_ns() + 10000000); /* let the workers settle */
	idle = usage_now();
	sleep_until_ns(now_ns() + options.idle_ms * 1000000);
	idle = usage_since(idle);
	if (idle.voluntary) /* this thread's own sleep */
		idle.voluntary--;

	ops->destroy(pool); /* joins: now the samples are complete */
	verified = tally_is_exact("wake", ops->name, nr_samples);
	for (uint64_t i = warm_up; i < nr_samples; i++)
		hist_add(&latency_ns, samples[i].started_ns -
						      samples[i].submitted_ns);
	print_result(busy, workers, idle, wakes, verified);
	free(samples);
	return verified ? 0 : 1;
}
