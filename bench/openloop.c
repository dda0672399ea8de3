/* SPDX-License-Identifier: MIT */
/*
 * How long do jobs wait that come when they come, at a given load?
 *
 * One thread offers a Poisson process of jobs of 20 us (load.h): the same times
 * for every pool, from a seed. --rate is jobs a second; without it --load is
 * the percentage of what the workers could do, each with a processor of its
 * own or as many as there are. The times that jobs take are all the same, or
 * exponential.
 * The oracle is the ideal pool on the same jobs (fcfs.h), "ideal_*": the mean
 * wait of a pool that keeps the order cannot be below it. With exponential
 * times the mean over all such traces is Erlang's C formula, "erlang_c_ns".
 * One process makes one measurement and prints one line of JSON.
 */
#include "load.h"
#include "options.h"

static struct {
	uint64_t workers, jobs, job_ns, rate, load, exponential, steps_per_us;
	uint64_t seed;
} options = {
		.workers = 2,
		.jobs = 20000,
		.job_ns = 20000,
		.load = 50,
		.seed = 1,
};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, FCFS_SERVERS},
		{"jobs", &options.jobs, 10, 10000000},
		{"job-ns", &options.job_ns, 1, 1000000000},
		{"rate", &options.rate, 0, 100000000},
		{"load", &options.load, 1, 1000},
		{"exponential", &options.exponential, 0, 1},
		{"steps-per-us", &options.steps_per_us, 0, 1000000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

static struct latencies latencies;

static double jobs_per_s(void)
{
	uint64_t servers = nr_cores_of(options.workers);

	if (options.rate)
		return (double)options.rate;
	return (double)(servers * options.load) / 100 * 1e9 /
	       (double)options.job_ns;
}

static void plan(double per_s)
{
	uint64_t random = options.seed;
	double due_ns = 0, takes_ns = (double)options.job_ns;

	for (uint64_t i = 0; i < load.nr; i++) {
		struct offer *offer = &load.offers[i];

		due_ns += random_exponential(&random, 1e9 / per_s);
		if (options.exponential)
			takes_ns = random_exponential(
					&random, (double)options.job_ns);
		offer->due_ns = (uint64_t)due_ns;
		offer->takes_ns = (uint64_t)takes_ns;
		load.requests[i].steps =
				(uint64_t)(takes_ns *
						(double)options.steps_per_us /
						1e3);
	}
}

static void print_result(double per_s, struct usage usage, bool verified)
{
	double jobs = (double)load.nr;
	double busy = per_s * (double)options.job_ns / 1e9 /
		      (double)options.workers;

	printf("{\"program\": \"openloop\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"jobs\": %" PRIu64 ", "
	       "\"job_ns\": %" PRIu64 ", \"exponential\": %s, "
	       "\"rate_per_s\": %.1f, \"busy\": %.4f, "
	       "\"steps_per_us\": %" PRIu64 ", \"seed\": %" PRIu64 ", ",
			ops->name, options.workers, options.jobs,
			options.job_ns, options.exponential ? "true" : "false",
			per_s, busy, options.steps_per_us, options.seed);
	load_print_latencies(&latencies);
	if (options.exponential && busy < 1)
		printf("\"erlang_c_ns\": %.1f, ",
				erlang_c_wait((unsigned)options.workers, busy) *
						(double)options.job_ns);
	else
		printf("\"erlang_c_ns\": null, ");
	printf("\"cpu_ns_per_job\": %.1f, \"switches_per_job\": %.4f, "
	       "\"verified\": %s}\n",
			(double)usage.cpu_ns / jobs,
			(double)(usage.voluntary + usage.involuntary) / jobs,
			verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	struct usage usage;
	uint64_t warm_up;
	bool verified;
	double per_s;

	ops = options_read(argc, argv, known_options);
	options_need("openloop", ops, 0);
	if (!options.steps_per_us)
		options.steps_per_us = work_per_us();
	warm_up = options.jobs / 10;
	if (!load_init(warm_up + options.jobs))
		fail("start", -ENOMEM);
	per_s = jobs_per_s();
	plan(per_s);
	usage = load_measure((unsigned)options.workers);
	/* after the end of every worker */
	verified = tally_is_exact("openloop", ops->name, load.nr);
	load_collect(&latencies, (unsigned)options.workers, warm_up, false);
	print_result(per_s, usage, verified);
	load_fini();
	return verified ? 0 : 1;
}
