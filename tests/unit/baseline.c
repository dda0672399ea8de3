/* SPDX-License-Identifier: MIT */
/*
 * What every pool behind bench/pool.h must do, rota, the baselines and other
 * libraries alike, as far as it says that it can: a comparison of speed means
 * something only between correct pools.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../bench/pool.h"
#include "../harness.h"

static void count_run(void *arg)
{
	atomic_fetch_add((atomic_uint *)arg, 1);
}

/* Skips the case if the pool says that it cannot do this. */
static void need(const struct bench_pool_ops *ops, unsigned needs)
{
	const char *lacks = bench_pool_lacks(ops, needs);

	if (lacks)
		test_skip(lacks);
}

static struct bench_pool *make(const struct bench_pool_ops *ops,
		unsigned workers, unsigned capacity)
{
	struct bench_pool *pool = NULL;
	int error = ops->create(workers, capacity, &pool);

	if (error == -ENOTSUP)
		test_skip("this pool cannot be bounded");
	CHECK_EQ(error, 0);
	return pool;
}

static void check_counts(const struct bench_pool_ops *ops,
		struct bench_pool *pool, uint64_t nr_jobs)
{
	struct bench_counts seen;

	CHECK(wait_until((ops->counts(pool, &seen), seen.ran == nr_jobs),
			TEST_WAIT_MS));
	CHECK_EQ(seen.submitted, nr_jobs);
	CHECK_EQ(seen.queued, 0);
	CHECK_EQ(seen.running, 0);
}

static void runs_each_job_exactly_once(const void *with)
{
	enum { NR = 20000 };
	const struct bench_pool_ops *ops = with;
	struct bench_pool *pool;
	atomic_uint *counts = calloc(NR, sizeof(*counts));
	int i;

	need(ops, 0);
	pool = make(ops, 4, 0);
	for (i = 0; i < NR; i++)
		CHECK_EQ(ops->submit(pool, count_run, &counts[i]), 0);
	for (i = 0; i < NR; i++) /* no stop that could rescue a sleeper */
		CHECK(wait_until(atomic_load(&counts[i]) > 0, TEST_WAIT_MS));
	if (ops->counts)
		check_counts(ops, pool, NR);
	ops->destroy(pool);
	for (i = 0; i < NR; i++)
		CHECK_EQ(atomic_load(&counts[i]), 1);
	free(counts);
}

static void destroy_runs_what_is_queued(const void *with)
{
	const struct bench_pool_ops *ops = with;
	unsigned workers;
	int round, i;

	need(ops, 0);
	for (workers = 1; workers <= 4; workers++) {
		for (round = 0; round < 50; round++) {
			struct bench_pool *pool = make(ops, workers, 0);
			atomic_uint ran = 0;

			for (i = 0; i < round; i++)
				CHECK_EQ(ops->submit(pool, count_run, &ran), 0);
			ops->destroy(pool);
			CHECK_EQ(atomic_load(&ran), round);
		}
	}
}

static void refuses_jobs_after_close_and_runs_the_others(const void *with)
{
	const struct bench_pool_ops *ops = with;
	struct bench_pool *pool;
	atomic_uint ran = 0, never = 0;
	int i;

	need(ops, 0);
	if (!ops->close || !ops->try_submit)
		test_skip("this pool cannot refuse jobs");
	pool = make(ops, 2, 0);
	for (i = 0; i < 1000; i++)
		CHECK_EQ(ops->submit(pool, count_run, &ran), 0);
	ops->close(pool);
	CHECK_EQ(ops->submit(pool, count_run, &never), -ESHUTDOWN);
	CHECK_EQ(ops->try_submit(pool, count_run, &never), -ESHUTDOWN);
	ops->destroy(pool);
	CHECK_EQ(atomic_load(&ran), 1000);
	CHECK_EQ(atomic_load(&never), 0);
}

struct held {
	struct latch entered;
	struct latch released;
};

static void held_run(void *arg)
{
	struct held *held = arg;

	latch_down(&held->entered);
	latch_wait(&held->released);
}

static void hold(const struct bench_pool_ops *ops, struct bench_pool *pool,
		struct held *held)
{
	latch_init(&held->entered, 1);
	latch_init(&held->released, 1);
	CHECK_EQ(ops->submit(pool, held_run, held), 0);
	latch_wait(&held->entered);
}

static void accepts_exactly_its_capacity(const void *with)
{
	static const unsigned capacities[] = {1, 2, 3, 5, 8, 100};
	const struct bench_pool_ops *ops = with;
	size_t c;

	need(ops, BENCH_NO_BOUND);
	for (c = 0; c < sizeof(capacities) / sizeof(*capacities); c++) {
		struct bench_pool *pool = make(ops, 1, capacities[c]);
		atomic_uint ran = 0;
		struct held held;
		unsigned i;

		hold(ops, pool, &held);
		for (i = 0; i < capacities[c]; i++)
			CHECK_EQ(ops->try_submit(pool, count_run, &ran), 0);
		CHECK_EQ(ops->try_submit(pool, count_run, &ran), -EAGAIN);
		latch_down(&held.released);
		ops->destroy(pool);
		CHECK_EQ(atomic_load(&ran), capacities[c]);
	}
}

struct feeder {
	const struct bench_pool_ops *ops;
	struct bench_pool *pool;
	atomic_uint *ran;
	pthread_t thread;
};

static void *feeder_run(void *arg)
{
	struct feeder *feeder = arg;
	int i;

	for (i = 0; i < 3000; i++)
		CHECK_EQ(feeder->ops->submit(
					 feeder->pool, count_run, feeder->ran),
				0);
	return NULL;
}

static void feeds(const void *with, unsigned capacity)
{
	const struct bench_pool_ops *ops = with;
	struct feeder feeders[4];
	struct bench_pool *pool;
	atomic_uint ran = 0;
	int i;

	need(ops, BENCH_ONE_SUBMITTER | (capacity ? BENCH_NO_BOUND : 0));
	pool = make(ops, 3, capacity);
	for (i = 0; i < 4; i++) {
		feeders[i] = (struct feeder){ops, pool, &ran, 0};
		feeders[i].thread = thread_start(feeder_run, &feeders[i]);
	}
	for (i = 0; i < 4; i++)
		thread_join(feeders[i].thread);
	CHECK(wait_until(atomic_load(&ran) == 4 * 3000, TEST_WAIT_MS));
	ops->destroy(pool);
	CHECK_EQ(atomic_load(&ran), 4 * 3000);
}

static void takes_jobs_of_four_submitters(const void *with)
{
	feeds(with, 0);
}

static void blocks_submitters_while_full_and_loses_none(const void *with)
{
	feeds(with, 2);
}

static void overlaps_two_blocking_jobs(const void *with)
{
	const struct bench_pool_ops *ops = with;
	struct bench_pool *pool;
	struct held a, b;

	need(ops, BENCH_INLINE | BENCH_OWN_NUMBER);
	pool = make(ops, 2, 0);
	hold(ops, pool, &a);
	hold(ops, pool, &b); /* returns only if the second one runs beside */
	latch_down(&b.released);
	latch_down(&a.released);
	ops->destroy(pool);
}

static void leaves_no_thread_behind(const void *with)
{
	const struct bench_pool_ops *ops = with;
	unsigned before, fds;
	int i;

	need(ops, BENCH_THREADS_STAY | BENCH_FROM_INSIDE);
	ops->destroy(make(ops, 1, 0)); /* what it opens once and for all */
	before = nr_threads();
	fds = nr_fds();
	for (i = 0; i < 200; i++)
		ops->destroy(make(ops, 1 + (unsigned)i % 4, 0));
	CHECK(wait_until(nr_threads() == before, 2000));
	CHECK_EQ(nr_fds(), fds);
}

/* A tree of jobs that submit jobs: number n has children 2 n and 2 n + 1. */
enum { NR_NODES = 1 << 12 };
static struct node {
	const struct bench_pool_ops *ops;
	struct bench_pool *pool;
	atomic_uint ran;
} nodes[NR_NODES];
static atomic_uint nr_nodes_ran;

static void node_run(void *arg)
{
	struct node *node = arg;
	size_t child = 2 * (size_t)(node - nodes), end = child + 2;

	for (; child < end && child < NR_NODES; child++)
		CHECK_EQ(node->ops->submit(node->pool, node_run, &nodes[child]),
				0);
	atomic_fetch_add(&node->ran, 1);
	atomic_fetch_add(&nr_nodes_ran, 1);
}

static void runs_jobs_of_jobs(const void *with)
{
	const struct bench_pool_ops *ops = with;
	struct bench_pool *pool;
	size_t i;

	need(ops, BENCH_NO_NESTED | BENCH_FROM_INSIDE);
	pool = make(ops, 3, 0);
	for (i = 0; i < NR_NODES; i++)
		nodes[i] = (struct node){.ops = ops, .pool = pool};
	CHECK_EQ(ops->submit(pool, node_run, &nodes[1]), 0);
	CHECK(wait_until(atomic_load(&nr_nodes_ran) == NR_NODES - 1,
			TEST_WAIT_MS));
	ops->destroy(pool);
	for (i = 1; i < NR_NODES; i++)
		CHECK_EQ(atomic_load(&nodes[i].ran), 1);
}

struct ordered {
	unsigned number;
	unsigned *next;
	bool *is_wrong;
};

static void ordered_run(void *arg)
{
	struct ordered *job = arg;

	if (job->number != *job->next)
		*job->is_wrong = true;
	(*job->next)++;
}

static void one_worker_keeps_the_order(const void *with)
{
	enum { NR = 5000 };
	static struct ordered jobs[NR];
	const struct bench_pool_ops *ops = with;
	struct bench_pool *pool;
	bool is_wrong = false;
	unsigned i, next = 0;

	need(ops, BENCH_NO_ORDER);
	pool = make(ops, 1, 0);
	for (i = 0; i < NR; i++) {
		jobs[i] = (struct ordered){i, &next, &is_wrong};
		CHECK_EQ(ops->submit(pool, ordered_run, &jobs[i]), 0);
	}
	ops->destroy(pool);
	CHECK_EQ(next, NR);
	CHECK(!is_wrong);
}

static void runs_all_and_waits(const void *with)
{
	enum { NR = 1000 };
	static struct bench_job jobs[NR];
	const struct bench_pool_ops *ops = with;
	atomic_uint *counts = calloc(NR, sizeof(*counts));
	struct bench_pool *pool;
	int i, round;

	if (!ops->run_all)
		test_skip("this pool has no wait of its own");
	pool = make(ops, 3, 0);
	for (round = 1; round <= 20; round++) {
		for (i = 0; i < NR; i++)
			jobs[i] = (struct bench_job){count_run, &counts[i]};
		CHECK_EQ(ops->run_all(pool, jobs, NR), 0);
		for (i = 0; i < NR; i++)
			CHECK_EQ(atomic_load(&counts[i]), round);
	}
	ops->destroy(pool);
	free(counts);
}

#define CASE(function)                                                         \
	{                                                                      \
#function, function                                            \
	}

static const struct {
	const char *name;
	void (*run)(const void *with);
} cases[] = {
		CASE(runs_each_job_exactly_once),
		CASE(destroy_runs_what_is_queued),
		CASE(refuses_jobs_after_close_and_runs_the_others),
		CASE(accepts_exactly_its_capacity),
		CASE(takes_jobs_of_four_submitters),
		CASE(blocks_submitters_while_full_and_loses_none),
		CASE(overlaps_two_blocking_jobs),
		CASE(leaves_no_thread_behind),
		CASE(runs_jobs_of_jobs),
		CASE(one_worker_keeps_the_order),
		CASE(runs_all_and_waits),
};
enum { NR_CASES = sizeof(cases) / sizeof(*cases), MAX_POOLS = 40 };

__attribute__((constructor)) static void register_cases(void)
{
	static struct test_case tests[NR_CASES * MAX_POOLS];
	static char names[NR_CASES * MAX_POOLS][80];
	size_t p, c, nr = 0;

	bench_pools_load();
	for (p = 0; bench_pools[p] && p < MAX_POOLS; p++) {
		for (c = 0; c < NR_CASES; c++, nr++) {
			snprintf(names[nr], sizeof(names[nr]), "%s_%s",
					bench_pools[p]->name, cases[c].name);
			tests[nr].name = names[nr];
			tests[nr].run_with = cases[c].run;
			tests[nr].with = bench_pools[p];
			tests[nr].limit_s = TEST_LIMIT_S;
			test_register(&tests[nr]);
		}
	}
}
