/* SPDX-License-Identifier: MIT */
/*
 * What the benchmark's ideal pool is worth: the simulation meets Erlang's
 * formula, and the histogram keeps what the ideal is compared by.
 */
#include "../../bench/fcfs.h"
#include "../../bench/hist.h"
#include "../../bench/random.h"

#include "../harness.h"

#define SERVICE_NS 20000
#define NR_JOBS	   4000000
#define SEED	   1

/* Mean wait in services of exponential jobs that come as a Poisson process. */
static double simulated_wait(unsigned nr_servers, double busy)
{
	struct fcfs fcfs = {.nr_servers = nr_servers};
	uint64_t random = SEED;
	double comes_ns = 0, waited_ns = 0;

	for (int i = 0; i < NR_JOBS; i++) {
		uint64_t takes_ns = (uint64_t)random_exponential(
				&random, SERVICE_NS);

		comes_ns += random_exponential(
				&random, SERVICE_NS / busy / nr_servers);
		waited_ns += (double)(fcfs_start(&fcfs, (uint64_t)comes_ns,
						      takes_ns) -
				      (uint64_t)comes_ns);
	}
	return waited_ns / NR_JOBS / SERVICE_NS;
}

static bool is_within(double value, double expected, double share)
{
	return value > expected * (1 - share) && value < expected * (1 + share);
}

TEST(the_formula_is_that_of_two_servers)
{
	/* M/M/2: busy^2 / (1 - busy^2) */
	CHECK(is_within(erlang_c_wait(2, 0.5), 0.25 / 0.75, 1e-9));
	CHECK(is_within(erlang_c_wait(2, 0.8), 0.64 / 0.36, 1e-9));
	CHECK(is_within(erlang_c_wait(2, 0.95), 0.9025 / 0.0975, 1e-9));
}

TEST(the_formula_is_that_of_one_server)
{
	/* M/M/1: busy / (1 - busy) */
	CHECK(is_within(erlang_c_wait(1, 0.9), 9, 1e-9));
}

TEST(the_simulation_meets_the_formula_at_half_load)
{
	CHECK(is_within(simulated_wait(2, 0.5), 0.33, 0.1));
	CHECK(is_within(simulated_wait(4, 0.5), erlang_c_wait(4, 0.5), 0.1));
}

TEST(the_simulation_meets_the_formula_at_80_percent)
{
	CHECK(is_within(simulated_wait(2, 0.8), 1.78, 0.1));
	CHECK(is_within(simulated_wait(1, 0.8), erlang_c_wait(1, 0.8), 0.1));
}

TEST(the_simulation_meets_the_formula_at_95_percent)
{
	CHECK(is_within(simulated_wait(2, 0.95), 9.26, 0.1));
}

TEST(jobs_start_in_the_order_in_which_they_came)
{
	struct fcfs fcfs = {.nr_servers = 2};

	CHECK_EQ(fcfs_start(&fcfs, 0, 100), 0);
	CHECK_EQ(fcfs_start(&fcfs, 10, 10), 10);
	CHECK_EQ(fcfs_start(&fcfs, 15, 100), 20); /* the second is free first */
	CHECK_EQ(fcfs_start(&fcfs, 15, 1), 100);
	CHECK_EQ(fcfs_start(&fcfs, 15, 1), 101);
	CHECK_EQ(fcfs_start(&fcfs, 500, 1), 500);
}

TEST(quantiles_of_waits_are_known_to_a_bucket)
{
	static struct hist hist;
	uint64_t random = SEED;

	for (int i = 0; i < NR_JOBS; i++)
		hist_add(&hist, (uint64_t)random_exponential(
						&random, SERVICE_NS));
	/* of an exponential distribution: mean * ln(1 / (1 - share)) */
	CHECK(is_within((double)hist_quantile(&hist, 0.5), SERVICE_NS * log(2),
			0.015));
	CHECK(is_within((double)hist_quantile(&hist, 0.99),
			SERVICE_NS * log(100), 0.015));
	CHECK(is_within((double)hist_quantile(&hist, 0.999),
			SERVICE_NS * log(1000), 0.03));
	CHECK_EQ(hist_quantile(&hist, 1), hist.max);
}

TEST(a_quantile_is_the_value_that_so_many_do_not_exceed)
{
	static struct hist hist;

	CHECK_EQ(hist_quantile(&hist, 0.5), 0);
	for (uint64_t value = 1; value <= 100; value++)
		hist_add(&hist, value);
	CHECK_EQ(hist_quantile(&hist, 0.5), 50);
	CHECK_EQ(hist_quantile(&hist, 0.99), 99);
	CHECK_EQ(hist_quantile(&hist, 0.999), 100);
	hist_add(&hist, 1000000);
	CHECK_EQ(hist_quantile(&hist, 1), 1000000);
}
