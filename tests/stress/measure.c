/* SPDX-License-Identifier: MIT */
/* Measured pools under random work, while others read what was measured. */
#include <stdlib.h>

#include "../support.h"

enum { SUBMITTERS = 4, READERS = 2, JOBS = 20000, NESTED = 3 };

struct round {
	struct rota_pool *pool;
	struct watchdog dog;
	uint64_t begin_ns;
	unsigned workers, capacity, turn;
	atomic_ulong nr_accepted, nr_ran;
	atomic_bool is_over;
};

static void leaf_run(void *arg)
{
	struct round *round = arg;

	atomic_fetch_add(&round->nr_ran, 1);
	watchdog_feed(&round->dog);
}

static void tree_run(void *arg)
{
	struct round *round = arg;

	for (unsigned i = 0; i < NESTED; i++)
		atomic_fetch_add(&round->nr_accepted,
				!rota_submit(round->pool, leaf_run, round));
	leaf_run(round);
}

static void copy_run(void *arg)
{
	leaf_run(*(struct round **)arg);
}

static void *submit_main(void *arg)
{
	struct round *round = arg;
	struct rota_job jobs[50];
	size_t accepted;
	struct rng rng;

	rng_init(&rng, round->turn);
	for (unsigned i = 0; i < 50; i++)
		jobs[i] = (struct rota_job){leaf_run, round};
	for (unsigned i = 0; i < JOBS / SUBMITTERS; i += 20) {
		switch (rng_below(&rng, 4)) {
		case 0:
			if (rota_submit_many(round->pool, jobs,
					    1 + rng_below(&rng, 50), &accepted))
				accepted = 0;
			break;
		case 1:
			accepted = !rota_submit_copy(round->pool, copy_run,
					NULL, &round, sizeof(round));
			break;
		case 2:
			accepted = !rota_submit(round->pool, tree_run, round);
			break;
		default:
			accepted = !rota_try_submit(
					round->pool, leaf_run, round);
			break;
		}
		atomic_fetch_add(&round->nr_accepted, accepted);
	}
	return NULL;
}

/* Each number only grows; the oldest job is not older than the pool. */
static void *read_main(void *arg)
{
	struct round *round = arg;
	struct rota_histogram last[2] = {{0}}, now;

	while (!atomic_load(&round->is_over)) {
		uint64_t age_ns = stats_of(round->pool).oldest_wait_ns;

		CHECK(age_ns <= now_ns() - round->begin_ns);
		for (int i = 0; i < 2; i++) {
			now.size = sizeof(now);
			CHECK_EQ(rota_pool_histogram(round->pool,
						 (enum rota_histogram_kind)i,
						 &now),
					0);
			CHECK(now.count >= last[i].count);
			CHECK(now.sum_ns >= last[i].sum_ns);
			CHECK(now.max_ns >= last[i].max_ns);
			last[i] = now;
		}
	}
	return NULL;
}

static void check_measured(struct round *round, uint64_t nr)
{
	for (int i = 0; i < 2; i++) {
		struct rota_histogram times = {.size = sizeof(times)};

		CHECK_EQ(rota_pool_histogram(round->pool,
					 (enum rota_histogram_kind)i, &times),
				0);
		CHECK_EQ(times.count, nr);
	}
}

static void run_round(struct round *round)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = round->workers,
			.capacity = round->capacity,
			.measure = 1,
	};
	pthread_t submitters[SUBMITTERS], readers[READERS];
	struct rota_stats stats;

	round->begin_ns = now_ns();
	round->pool = make_pool_with(&options);
	watchdog_start(&round->dog, round->pool);
	for (int i = 0; i < READERS; i++)
		readers[i] = thread_start(read_main, round);
	for (int i = 0; i < SUBMITTERS; i++)
		submitters[i] = thread_start(submit_main, round);
	for (int i = 0; i < SUBMITTERS; i++)
		thread_join(submitters[i]);
	check_rest(round->pool);
	stats = stats_of(round->pool);
	CHECK_EQ(stats.ran, atomic_load(&round->nr_ran));
	CHECK_EQ(stats.ran, atomic_load(&round->nr_accepted));
	check_measured(round, stats.ran - stats.ran_inline);
	atomic_store(&round->is_over, true);
	for (int i = 0; i < READERS; i++)
		thread_join(readers[i]);
	watchdog_stop(&round->dog);
	end_pool(round->pool);
}

static void run_rounds(unsigned capacity)
{
	struct rng rng;
	uint64_t end_ns = stress_end_ns();

	rng_init(&rng, capacity);
	for (unsigned turn = 0; turn == 0 || now_ns() < end_ns; turn++) {
		struct round *round = calloc(1, sizeof(*round));

		CHECK(round != NULL);
		round->workers = 1 + rng_below(&rng, 4);
		round->capacity = capacity;
		round->turn = turn;
		run_round(round);
		free(round);
	}
}

TEST_WITHIN(readers_race_measured_jobs_of_all_kinds, 120)
{
	run_rounds(0);
}

TEST_WITHIN(readers_race_measured_jobs_of_a_bounded_pool, 120)
{
	run_rounds(8);
}
