/* SPDX-License-Identifier: MIT */
/*
 * How long until a job starts when the whole pool is asleep, and what does a
 * pool cost that has nothing to do?
 *
 * One job is submitted at each tick of an absolute schedule, far enough apart
 * for the workers to park again; the latency runs from just before the submit
 * to the first instruction of the job. Then the pool is left alone for a while.
 * One process makes one measurement and prints one line of JSON.
 */
#include <stdalign.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include "clock.h"
#include "hist.h"
#include "options.h"
#include "pool.h"
#include "usage.h"

static struct {
	uint64_t workers, jobs, gap_us, idle_ms;
} options = {.workers = 4, .jobs = 5000, .gap_us = 200, .idle_ms = 1000};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, 511},
		{"jobs", &options.jobs, 1, 10000000},
		{"gap-us", &options.gap_us, 10, 1000000},
		{"idle-ms", &options.idle_ms, 0, 60000},
		{NULL, NULL, 0, 0},
};

/* A cache line each: the submitter writes the next while a job writes this. */
struct sample {
	alignas(64) uint64_t submitted_ns;
	uint64_t started_ns;
	uint64_t times_run;
};

static const struct bench_pool_ops *ops;
static struct bench_pool *pool;
static struct sample *samples;
static struct hist latency_ns;

static void fail(const char *what, int error)
{
	fprintf(stderr, "wake: %s: %s: %s\n", ops->name, what,
			strerror(-error));
	exit(1);
}

static void run_job(void *arg)
{
	struct sample *sample = arg;

	sample->started_ns = now_ns();
	sample->times_run++;
}

static void submit_on_schedule(uint64_t first, uint64_t end)
{
	uint64_t tick_ns = now_ns();

	for (uint64_t i = first; i < end; i++) {
		int error;

		tick_ns += options.gap_us * 1000;
		sleep_until_ns(tick_ns);
		samples[i].submitted_ns = now_ns();
		error = ops->submit(pool, run_job, &samples[i]);
		if (error)
			fail("submit", error);
	}
	sleep_until_ns(tick_ns + options.gap_us * 1000);
}

static bool is_verified(uint64_t nr_samples)
{
	for (uint64_t i = 0; i < nr_samples; i++) {
		if (samples[i].times_run == 1)
			continue;
		fprintf(stderr,
				"wake: %s: WRONG: job %" PRIu64 " ran %" PRIu64
				" times\n",
				ops->name, i, samples[i].times_run);
		return false;
	}
	return true;
}

static void print_result(struct usage busy, struct usage idle, uint64_t wakes,
		bool verified)
{
	double jobs = (double)options.jobs;

	printf("{\"program\": \"wake\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"jobs\": %" PRIu64 ", "
	       "\"gap_us\": %" PRIu64 ", \"p50_ns\": %" PRIu64 ", "
	       "\"p99_ns\": %" PRIu64 ", \"p999_ns\": %" PRIu64 ", "
	       "\"max_ns\": %" PRIu64 ", ",
			ops->name, options.workers, options.jobs,
			options.gap_us, hist_quantile(&latency_ns, 0.5),
			hist_quantile(&latency_ns, 0.99),
			hist_quantile(&latency_ns, 0.999), latency_ns.max);
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
	struct bench_counts before = {0}, after = {0};
	uint64_t warm_up, nr_samples;
	struct usage busy, idle;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
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
	ops->counts(pool, &before);
	busy = usage_now();
	submit_on_schedule(warm_up, nr_samples);
	busy = usage_since(busy);
	ops->counts(pool, &after);

	sleep_until_ns(now_ns() + 10000000); /* let the workers settle */
	idle = usage_now();
	sleep_until_ns(now_ns() + options.idle_ms * 1000000);
	idle = usage_since(idle);
	if (idle.voluntary) /* this thread's own sleep */
		idle.voluntary--;

	ops->destroy(pool); /* joins: now the samples are complete */
	verified = is_verified(nr_samples);
	for (uint64_t i = warm_up; i < nr_samples; i++)
		hist_add(&latency_ns, samples[i].started_ns -
						      samples[i].submitted_ns);
	print_result(busy, idle, after.wakes - before.wakes, verified);
	free(samples);
	return verified ? 0 : 1;
}
