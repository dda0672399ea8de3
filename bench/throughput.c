/* SPDX-License-Identifier: MIT */
/*
 * How many jobs per second go through a pool, and what does each one cost?
 *
 * P threads submit N jobs to W workers. A tenth as many go first, as warm-up.
 * The clock runs from the moment that lets all submitters loose until the last
 * job has returned; then the program checks that each job ran exactly once.
 * With --time-submit=1 each submit is timed, too; its bound is that of the clock,
 * "clock_ns".
 * One process makes one measurement and prints one line of JSON.
 */
#include <pthread.h>
#include <stdbool.h>

#include "clock.h"
#include "hist.h"
#include "options.h"
#include "stalled.h"
#include "subject.h"
#include "tally.h"
#include "usage.h"
#include "wakes.h"
#include "work.h"

enum { WARM_UP, TIMED, NR_PHASES };

static struct {
	uint64_t producers, workers, jobs, job_ns, steps_per_us, capacity;
	uint64_t time_submit, seed;
} options = {.producers = 1, .workers = 2, .jobs = 1000000};

static const struct option known_options[] = {
		{"producers", &options.producers, 1, 1024},
		{"workers", &options.workers, 1, 511},
		{"jobs", &options.jobs, 1, 1u << 30},
		{"job-ns", &options.job_ns, 0, 1000000},
		{"steps-per-us", &options.steps_per_us, 0, 1000000},
		{"capacity", &options.capacity, 0, 1u << 30},
		{"time-submit", &options.time_submit, 0, 1},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

static struct bench_pool *pool;
static pthread_barrier_t phase_start;
static uint64_t job_steps;
static struct hist *submit_ns; /* one for each producer; NULL: not timed */
static uint64_t phase_ids[NR_PHASES + 1]; /* phase p: ids [p] .. [p + 1] - 1 */

static void run_empty_job(void *id)
{
	tally_job((uintptr_t)id);
}

static void run_working_job(void *id)
{
	work(job_steps);
	tally_job((uintptr_t)id);
}

static void *producer_main(void *arg)
{
	void (*run)(void *) = job_steps ? run_working_job : run_empty_job;
	uint64_t index = (uintptr_t)arg;

	for (int phase = 0; phase < NR_PHASES; phase++) {
		uint64_t first = phase_ids[phase];
		uint64_t jobs = phase_ids[phase + 1] - first;
		uint64_t id = first + jobs * index / options.producers;
		uint64_t end = first + jobs * (index + 1) / options.producers;

		pthread_barrier_wait(&phase_start);
		for (; id < end; id++) {
			uint64_t began_ns = submit_ns ? now_ns() : 0;
			int error = ops->submit(
					pool, run, (void *)(uintptr_t)id);

			if (error)
				fail("submit", error);
			if (submit_ns && phase == TIMED)
				hist_add(&submit_ns[index],
						now_ns() - began_ns);
		}
	}
	return NULL;
}

/*
 * The same for all pools: look at the count, sleep for half of the time that
 * the rest should take, so that looking costs next to nothing.
 */
static void wait_for_count(uint64_t before, uint64_t target)
{
	uint64_t began_ns = now_ns(), moved_ns = began_ns, last = before;

	for (;;) {
		uint64_t count = tally_sum().count, now = now_ns();
		uint64_t pause_ns = 1000000;

		if (count >= target)
			return;
		if (count != last)
			moved_ns = now;
		else if (now - moved_ns > STALLED_NS)
			fail("no job returned for long, some are lost", -EIO);
		last = count;
		if (count > before)
			pause_ns = (uint64_t)((double)(now - began_ns) *
					      (double)(target - count) /
					      (double)(count - before) / 2);
		if (pause_ns < 50000)
			pause_ns = 50000;
		if (pause_ns > 10000000)
			pause_ns = 10000000;
		sleep_until_ns(now + pause_ns);
	}
}

/* What two readings of the clock take that follow each other. */
static uint64_t clock_ns(void)
{
	uint64_t best_ns = UINT64_MAX;

	for (int i = 0; i < 1000; i++) {
		uint64_t began_ns = now_ns(), took_ns = now_ns() - began_ns;

		if (took_ns < best_ns)
			best_ns = took_ns;
	}
	return best_ns;
}

static void print_submits(void)
{
	struct hist *all = submit_ns;

	if (!all) {
		printf("\"submit_p50_ns\": null, \"submit_p99_ns\": null, "
		       "\"submit_p999_ns\": null, ");
		return;
	}
	for (uint64_t i = 1; i < options.producers; i++)
		hist_merge(all, &submit_ns[i]);
	printf("\"submit_p50_ns\": %" PRIu64 ", \"submit_p99_ns\": %" PRIu64
	       ", \"submit_p999_ns\": %" PRIu64 ", \"clock_ns\": %" PRIu64 ", ",
			hist_quantile(all, 0.5), hist_quantile(all, 0.99),
			hist_quantile(all, 0.999), clock_ns());
}

static void print_result(uint64_t took_ns, struct usage usage, uint64_t wakes,
		bool verified)
{
	double jobs = (double)options.jobs;

	printf("{\"program\": \"throughput\", \"pool\": \"%s\", "
	       "\"producers\": %" PRIu64 ", \"workers\": %" PRIu64 ", "
	       "\"job_ns\": %" PRIu64 ", \"capacity\": %" PRIu64 ", "
	       "\"steps_per_us\": %" PRIu64 ", "
	       "\"jobs\": %" PRIu64 ", \"jobs_with_warm_up\": %" PRIu64 ", ",
			ops->name, options.producers, options.workers,
			options.job_ns, options.capacity, options.steps_per_us,
			options.jobs, phase_ids[NR_PHASES]);
	print_submits();
	printf("\"seconds\": %.9f, \"jobs_per_s\": %.1f, "
	       "\"cpu_ns_per_job\": %.3f, "
	       "\"voluntary_switches_per_job\": %.6f, "
	       "\"involuntary_switches_per_job\": %.6f, "
	       "\"pool_wakes_per_job\": %.6f, \"peak_rss_kib\": %" PRIu64 ", "
	       "\"seed\": %" PRIu64 ", \"verified\": %s}\n",
			(double)took_ns / 1e9, jobs * 1e9 / (double)took_ns,
			(double)usage.cpu_ns / jobs,
			(double)usage.voluntary / jobs,
			(double)usage.involuntary / jobs, (double)wakes / jobs,
			peak_rss_kib(), options.seed,
			verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	uint64_t began_ns = 0, took_ns, wakes = 0;
	struct usage usage = {0};
	pthread_t *producers;
	void *shift_heap;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("throughput", ops,
			(options.producers > 1 ? BENCH_ONE_SUBMITTER : 0) |
					(options.capacity ? BENCH_NO_BOUND
							  : 0));
	if (options.job_ns && !options.steps_per_us)
		options.steps_per_us = work_per_us();
	job_steps = options.job_ns * options.steps_per_us / 1000;
	phase_ids[TIMED] = options.jobs / 10;
	phase_ids[NR_PHASES] = phase_ids[TIMED] + options.jobs;

	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	producers = calloc(options.producers, sizeof(*producers));
	if (options.time_submit)
		submit_ns = calloc(options.producers, sizeof(*submit_ns));
	if (!shift_heap || !producers || (options.time_submit && !submit_ns))
		fail("start", -ENOMEM);
	error = ops->create((unsigned)options.workers,
			(unsigned)options.capacity, &pool);
	if (error)
		fail("create", error);
	pthread_barrier_init(
			&phase_start, NULL, (unsigned)options.producers + 1);
	for (uint64_t i = 0; i < options.producers; i++) {
		error = pthread_create(&producers[i], NULL, producer_main,
				(void *)(uintptr_t)i);
		if (error)
			fail("thread", -error);
	}

	for (int phase = 0; phase < NR_PHASES; phase++) {
		/* let the submitters reach the barrier and the workers rest */
		sleep_until_ns(now_ns() + 2000000);
		wakes = wakes_of(ops, pool);
		usage = usage_now();
		began_ns = now_ns();
		pthread_barrier_wait(&phase_start);
		wait_for_count(phase_ids[phase], phase_ids[phase + 1]);
	}
	took_ns = now_ns() - began_ns;
	usage = usage_since(usage);
	wakes = wakes_of(ops, pool) - wakes;

	for (uint64_t i = 0; i < options.producers; i++)
		pthread_join(producers[i], NULL);
	ops->destroy(pool);
	/* after the end of every worker */
	verified = tally_is_exact(
			"throughput", ops->name, phase_ids[NR_PHASES]);
	print_result(took_ns, usage, wakes, verified);
	pthread_barrier_destroy(&phase_start);
	free(submit_ns);
	free(producers);
	free(shift_heap);
	return verified ? 0 : 1;
}
