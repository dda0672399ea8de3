/* SPDX-License-Identifier: MIT */
/*
 * What an open loop must not do: hide that a pool held it up, skip what came
 * meanwhile, or count from when it got round to it.
 */
#include "../../bench/load.h"

#include "../harness.h"

#define NR_JOBS	   40
#define GAP_NS	   100000
#define HELD_UP_NS 1000000

static unsigned nr_submitted;
static uint64_t order;

/* Each call takes ten times as long as the gap between two jobs. */
static int submit_slowly(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	(void)pool;
	order = order * 31 + (uint64_t)((struct request *)arg - load.requests);
	nr_submitted++;
	sleep_until_ns(now_ns() + HELD_UP_NS);
	run(arg);
	return 0;
}

static int submit_and_fail(
		struct bench_pool *pool, void (*run)(void *), void *arg)
{
	(void)pool;
	(void)run;
	(void)arg;
	return ++nr_submitted == 3 ? -12 : 0;
}

static void plan(void)
{
	CHECK(load_init(NR_JOBS));
	for (uint64_t i = 0; i < NR_JOBS; i++) {
		load.offers[i].due_ns = i * GAP_NS;
		load.offers[i].takes_ns = GAP_NS;
	}
}

TEST(a_late_submitter_skips_nothing_and_counts_from_when_a_job_was_due)
{
	const struct bench_pool_ops slow = {.submit = submit_slowly};
	static struct latencies latencies;
	uint64_t expected_order = 0, last_ns;

	plan();
	CHECK_EQ(load_offer(&slow, NULL), 0);
	load_collect(&latencies, 1, 0, false);
	CHECK_EQ(nr_submitted, NR_JOBS);
	for (uint64_t i = 0; i < NR_JOBS; i++)
		expected_order = expected_order * 31 + i;
	CHECK_EQ(order, expected_order);
	CHECK_EQ(latencies.due.count, NR_JOBS);

	/* each job is later than the one before by what it was held up */
	last_ns = NR_JOBS * HELD_UP_NS - (NR_JOBS - 1) * GAP_NS;
	CHECK(latencies.due.max >= last_ns);
	CHECK(latencies.due_sum_ns / NR_JOBS >= last_ns / 2.0);
	CHECK(latencies.lag.max >= last_ns - HELD_UP_NS);
	CHECK(hist_quantile(&latencies.submit, 0.01) >= HELD_UP_NS);
	CHECK(latencies.start.max < latencies.due.max);
	CHECK(!load_is_valid(&latencies));
	/* one server that needs no more than the gap */
	CHECK_EQ(latencies.ideal.max, 0);
}

TEST(no_job_is_submitted_before_it_is_due)
{
	const struct bench_pool_ops slow = {.submit = submit_slowly};

	plan();
	for (uint64_t i = 0; i < NR_JOBS; i++)
		load.offers[i].due_ns = i * 2 * HELD_UP_NS;
	CHECK_EQ(load_offer(&slow, NULL), 0);
	for (uint64_t i = 0; i < NR_JOBS; i++)
		CHECK(load.offers[i].submit_ns >=
				load.began_ns + load.offers[i].due_ns);
}

TEST(what_a_submit_says_is_passed_on)
{
	const struct bench_pool_ops bad = {.submit = submit_and_fail};

	plan();
	CHECK_EQ(load_offer(&bad, NULL), -12);
	CHECK_EQ(nr_submitted, 3);
}

/* All submitted so late, and started so much after that. */
static void pretend(uint64_t lag_ns, uint64_t start_ns)
{
	plan();
	for (uint64_t i = 0; i < NR_JOBS; i++) {
		struct offer *offer = &load.offers[i];

		offer->submit_ns = offer->due_ns + lag_ns;
		offer->submitted_ns = offer->submit_ns + 10;
		load.requests[i].started_ns = offer->submit_ns + start_ns;
	}
}

TEST(a_tenth_of_the_latency_may_be_the_submitters_own)
{
	static struct latencies early, late;

	pretend(90, 910);
	load_collect(&early, 1, 0, false);
	CHECK(load_is_valid(&early));
	load_fini();
	pretend(120, 880);
	load_collect(&late, 1, 0, false);
	CHECK(!load_is_valid(&late));
	CHECK(late.due_sum_ns == NR_JOBS * 1000.0);
}

TEST(long_jobs_and_warm_up_are_not_counted_but_the_ideal_pool_has_them)
{
	static struct latencies fast, slow;

	pretend(10, 100);
	load.offers[0].takes_ns = 10 * GAP_NS;
	load.offers[0].is_slow = true;
	load_collect(&fast, 1, 5, false);
	CHECK_EQ(fast.due.count, NR_JOBS - 5);
	CHECK_EQ(fast.due.max, 110);
	CHECK_EQ(fast.ideal.max, 9 * GAP_NS); /* behind the long one */
	load_collect(&slow, 1, 0, true);
	CHECK_EQ(slow.due.count, 1);
	CHECK_EQ(slow.ideal.max, 0);
}
