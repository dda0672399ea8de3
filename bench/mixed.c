/* SPDX-License-Identifier: MIT */
/*
 * How long do short jobs wait if some of the others are long?
 *
 * One thread offers a Poisson process of jobs (load.h), the same for every
 * pool: 1 us of work each, but --slow percent of them, chosen by the seed, keep
 * a worker for long: they sleep for --sleep-us, or else work for --work-us.
 * --load is the percentage of what the workers could do: all of them where the
 * long ones sleep, as many as have a processor where they work.
 * The bound is the ideal pool on the same jobs (fcfs.h), "ideal_*". A pool with
 * more workers than processors may only beat it by breaking the order.
 * All latencies are those of the short jobs, "due_*" from when one was due.
 * One process makes one measurement and prints one line of JSON.
 */
#include "load.h"
#include "options.h"

static struct {
	uint64_t workers, jobs, fast_ns, slow, sleep_us, work_us, load;
	uint64_t steps_per_us, seed;
} options = {
		.workers = 4,
		.jobs = 5000,
		.fast_ns = 1000,
		.slow = 10,
		.work_us = 1000,
		.load = 50,
		.seed = 1,
};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, FCFS_SERVERS},
		{"jobs", &options.jobs, 10, 10000000},
		{"fast-ns", &options.fast_ns, 1, 1000000000},
		{"slow", &options.slow, 1, 99},
		{"sleep-us", &options.sleep_us, 0, 10000000},
		{"work-us", &options.work_us, 1, 10000000},
		{"load", &options.load, 1, 1000},
		{"steps-per-us", &options.steps_per_us, 0, 1000000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

static struct latencies fast;

static uint64_t slow_ns(void)
{
	return 1000 * (options.sleep_us ? options.sleep_us : options.work_us);
}

static double jobs_per_s(void)
{
	double slow = (double)options.slow / 100;
	double mean_ns = slow * (double)slow_ns() +
			 (1 - slow) * (double)options.fast_ns;
	uint64_t servers = options.sleep_us ? options.workers
					    : nr_cores_of(options.workers);

	return (double)(servers * options.load) / 100 * 1e9 / mean_ns;
}

static void plan(double per_s)
{
	uint64_t random = options.seed;
	double due_ns = 0;

	for (uint64_t i = 0; i < load.nr; i++) {
		struct request *request = &load.requests[i];
		struct offer *offer = &load.offers[i];

		due_ns += random_exponential(&random, 1e9 / per_s);
		offer->due_ns = (uint64_t)due_ns;
		offer->is_slow = random_share(&random) * 100 <=
				 (double)options.slow;
		offer->takes_ns = offer->is_slow ? slow_ns() : options.fast_ns;
		if (offer->is_slow && options.sleep_us)
			request->sleep_ns = offer->takes_ns;
		else
			request->steps = offer->takes_ns *
					 options.steps_per_us / 1000;
	}
}

static void print_result(double per_s, struct usage usage, bool verified)
{
	printf("{\"program\": \"mixed\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"jobs\": %" PRIu64 ", "
	       "\"fast_ns\": %" PRIu64 ", \"slow_percent\": %" PRIu64 ", "
	       "\"slow_ns\": %" PRIu64 ", \"slow_sleeps\": %s, "
	       "\"load_percent\": %" PRIu64 ", \"rate_per_s\": %.1f, "
	       "\"steps_per_us\": %" PRIu64 ", \"seed\": %" PRIu64 ", ",
			ops->name, options.workers, options.jobs,
			options.fast_ns, options.slow, slow_ns(),
			options.sleep_us ? "true" : "false", options.load,
			per_s, options.steps_per_us, options.seed);
	load_print_latencies(&fast);
	printf("\"cpu_ns_per_job\": %.1f, \"verified\": %s}\n",
			(double)usage.cpu_ns / (double)load.nr,
			verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	struct usage usage;
	uint64_t warm_up;
	bool verified;
	double per_s;

	ops = options_read(argc, argv, known_options);
	options_need("mixed", ops, 0);
	if (!options.steps_per_us)
		options.steps_per_us = work_per_us();
	warm_up = options.jobs / 10;
	if (!load_init(warm_up + options.jobs))
		fail("start", -ENOMEM);
	per_s = jobs_per_s();
	plan(per_s);
	usage = load_measure((unsigned)options.workers);
	/* after the end of every worker */
	verified = tally_is_exact("mixed", ops->name, load.nr);
	load_collect(&fast, (unsigned)options.workers, warm_up, false);
	print_result(per_s, usage, verified);
	load_fini();
	return verified ? 0 : 1;
}
