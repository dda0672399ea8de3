/* SPDX-License-Identifier: MIT */
/*
 * How long does it take to hand a few short jobs to a pool that sleeps and to
 * wait for all of them?
 *
 * At each tick of an absolute schedule, far enough apart for the workers to
 * park again, a burst of jobs is submitted one by one. Each counts a latch
 * down; the last one takes the time and wakes the submitter, which sleeps in
 * the kernel. The latch is this program's, the same for every pool. Both times
 * run from before the first submit: "done" to the end of the last job, "wait"
 * until the submitter is back. Bound: "ideal_ns", the work alone.
 * With --time-submit=1 each submit is timed, too. With --capacity the queue is
 * bounded, and a burst may be larger: each job is tried first, and if the pool
 * is full that is counted and the job submitted, which blocks; its time is that
 * of both.
 * One process makes one measurement and prints one line of JSON.
 */
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
#include "work.h"

static struct {
	uint64_t workers, jobs_per_burst, job_ns, bursts, gap_us, steps_per_us;
	uint64_t capacity, time_submit;
} options = {
		.workers = 2,
		.jobs_per_burst = 64,
		.job_ns = 1000,
		.bursts = 1000,
		.gap_us = 300,
};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, 511},
		{"jobs-per-burst", &options.jobs_per_burst, 1, 1000000},
		{"job-ns", &options.job_ns, 0, 1000000},
		{"bursts", &options.bursts, 1, 1000000},
		{"gap-us", &options.gap_us, 10, 1000000},
		{"steps-per-us", &options.steps_per_us, 0, 1000000},
		{"capacity", &options.capacity, 0, 1u << 30},
		{"time-submit", &options.time_submit, 0, 1},
		{NULL, NULL, 0, 0},
};

static struct bench_pool *pool;
static uint64_t job_steps;
static alignas(128) _Atomic uint64_t jobs_left; /* of the burst */
static struct event all_done;
static struct hist done_ns, wait_ns, submit_ns;
static uint64_t times_full;

static void run_job(void *id)
{
	work(job_steps);
	tally_job((uintptr_t)id);
	if (atomic_fetch_sub_explicit(&jobs_left, 1, memory_order_acq_rel) == 1)
		event_happen(&all_done, now_ns());
}

static int submit_or_wait(uint64_t id)
{
	void *arg = (void *)(uintptr_t)id;

	if (options.capacity && ops->try_submit) {
		int error = ops->try_submit(pool, run_job, arg);

		if (error != -EAGAIN)
			return error;
		times_full++;
	}
	return ops->submit(pool, run_job, arg);
}

static void submit_job(uint64_t id, bool is_counted)
{
	uint64_t began_ns = options.time_submit ? now_ns() : 0;
	int error = submit_or_wait(id);

	if (error)
		fail("submit", error);
	if (options.time_submit && is_counted)
		hist_add(&submit_ns, now_ns() - began_ns);
}

static void run_burst(uint64_t number, bool is_counted)
{
	uint64_t id = number * options.jobs_per_burst;
	uint64_t end = id + options.jobs_per_burst;
	uint64_t began_ns, back_ns;

	atomic_store_explicit(&jobs_left, options.jobs_per_burst,
			memory_order_relaxed);
	began_ns = now_ns();
	for (; id < end; id++)
		submit_job(id, is_counted);
	if (!event_wait(&all_done, (uint32_t)number + 1, STALLED_NS))
		fail("a burst does not end, some jobs are lost", -EIO);
	back_ns = now_ns();
	if (is_counted) {
		hist_add(&done_ns, all_done.at_ns - began_ns);
		hist_add(&wait_ns, back_ns - began_ns);
	}
}

static void run_on_schedule(uint64_t first, uint64_t end)
{
	uint64_t gap_ns = options.gap_us * 1000, tick_ns = now_ns();

	for (uint64_t number = first; number < end; number++) {
		/* after a late burst skip a tick, the workers need the rest */
		do
			tick_ns += gap_ns;
		while (tick_ns < now_ns() + gap_ns / 2);
		sleep_until_ns(tick_ns);
		run_burst(number, first > 0);
	}
}

/* Null is what was not asked for, or cannot be known. */
static void print_submits(void)
{
	double bursts = (double)options.bursts;

	if (options.time_submit)
		printf("\"submit_p50_ns\": %" PRIu64
		       ", \"submit_p99_ns\": %" PRIu64
		       ", \"submit_max_ns\": %" PRIu64 ", ",
				hist_quantile(&submit_ns, 0.5),
				hist_quantile(&submit_ns, 0.99), submit_ns.max);
	else
		printf("\"submit_p50_ns\": null, \"submit_p99_ns\": null, "
		       "\"submit_max_ns\": null, ");
	if (options.capacity && ops->try_submit)
		printf("\"full_per_burst\": %.3f, ",
				(double)times_full / bursts);
	else
		printf("\"full_per_burst\": null, ");
	printf("\"capacity\": %" PRIu64 ", \"policy\": \"%s\", ",
			options.capacity,
			options.capacity ? "blocks" : "unbounded");
}

static void print_result(struct usage usage, uint64_t wakes, bool verified)
{
	double bursts = (double)options.bursts;
	double jobs = bursts * (double)options.jobs_per_burst;

	printf("{\"program\": \"burst\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"jobs_per_burst\": %" PRIu64 ", "
	       "\"job_ns\": %" PRIu64 ", \"bursts\": %" PRIu64 ", "
	       "\"gap_us\": %" PRIu64 ", \"steps_per_us\": %" PRIu64 ", ",
			ops->name, options.workers, options.jobs_per_burst,
			options.job_ns, options.bursts, options.gap_us,
			options.steps_per_us);
	printf("\"ideal_ns\": %" PRIu64 ", "
	       "\"done_p50_ns\": %" PRIu64 ", \"done_p99_ns\": %" PRIu64 ", "
	       "\"wait_p50_ns\": %" PRIu64 ", \"wait_p99_ns\": %" PRIu64 ", ",
			options.jobs_per_burst * options.job_ns /
					options.workers,
			hist_quantile(&done_ns, 0.5),
			hist_quantile(&done_ns, 0.99),
			hist_quantile(&wait_ns, 0.5),
			hist_quantile(&wait_ns, 0.99));
	print_submits();
	printf("\"cpu_ns_per_job\": %.1f, \"switches_per_burst\": %.3f, "
	       "\"pool_wakes_per_burst\": %.3f, \"verified\": %s}\n",
			(double)usage.cpu_ns / jobs,
			(double)(usage.voluntary + usage.involuntary) / bursts,
			(double)wakes / bursts, verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	uint64_t warm_up, nr_bursts, wakes;
	struct usage usage;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("burst", ops, options.capacity ? BENCH_NO_BOUND : 0);
	if (options.job_ns && !options.steps_per_us)
		options.steps_per_us = work_per_us();
	job_steps = options.job_ns * options.steps_per_us / 1000;
	warm_up = options.bursts / 10 + 1;
	nr_bursts = warm_up + options.bursts;
	prctl(PR_SET_TIMERSLACK, 1ul); /* of this thread: a punctual schedule */
	error = ops->create((unsigned)options.workers,
			(unsigned)options.capacity, &pool);
	if (error)
		fail("create", error);

	run_on_schedule(0, warm_up);
	wakes = wakes_of(ops, pool);
	times_full = 0;
	usage = usage_now();
	run_on_schedule(warm_up, nr_bursts);
	usage = usage_since(usage);
	wakes = wakes_of(ops, pool) - wakes;

	ops->destroy(pool);
	/* after the end of every worker */
	verified = tally_is_exact(
			"burst", ops->name, nr_bursts * options.jobs_per_burst);
	print_result(usage, wakes, verified);
	return verified ? 0 : 1;
}
