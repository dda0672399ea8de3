/* SPDX-License-Identifier: MIT */
/*
 * Regions, resizes and pauses at random while jobs are submitted. The quiesce
 * form waits for each job before it goes on: what stops or starts a worker must
 * not leave a job behind. The drain form ends in the middle of it.
 */
#include <errno.h>
#include <stdlib.h>

#include "../support.h"

enum { MAX = 8, NR_SUBMITTERS = 2, BATCH = 200 };

static atomic_bool is_over;
static atomic_uint nr_children;

static struct rota_pool *make_crew(struct rng *rng, unsigned capacity)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = 1 + rng_below(rng, 4),
			.max_workers = MAX,
			.capacity = capacity,
			.idle_ns = 1 + rng_below(rng, 2000000),
	};

	return make_pool_with(&options);
}

static void leave_run(void *counter)
{
	count_run(counter);
	pthread_exit(NULL);
}

static void child_run(void *counter)
{
	count_run(counter);
}

/* A region of some us, or one that is left open, with children inside. */
static void region_run(void *counter)
{
	unsigned turn = atomic_fetch_add_explicit(
			&nr_children, 1, memory_order_relaxed);
	int error;

	CHECK_EQ(rota_blocking_begin(), 0);
	if (turn % 3 == 0) {
		error = rota_submit(rota_self(), child_run, counter);
		CHECK(error == 0 || error == -ESHUTDOWN);
		if (error)
			count_run(counter);
	}
	sleep_ns(turn % 5 * 10000);
	if (turn % 4)
		CHECK_EQ(rota_blocking_end(), 0);
	if (turn % 3)
		count_run(counter);
}

static void run_of(struct rng *rng, void (**ret_run)(void *))
{
	*ret_run = rng_below(rng, 8)	? count_run
		   : rng_below(rng, 32) ? region_run
					: leave_run;
}

struct bother {
	struct rota_pool *pool;
	unsigned stream;
};

/* Pauses, resumes and resizes as long as it may. */
static void *bother_main(void *arg)
{
	struct bother *bother = arg;
	struct rng rng;
	int error;

	rng_init(&rng, bother->stream);
	while (!atomic_load(&is_over)) {
		switch (rng_below(&rng, 4)) {
		case 0:
			error = rota_pool_pause(bother->pool,
					rng_below(&rng, 2) ? 0 : in_ms(1));
			CHECK(error == 0 || error == -ETIMEDOUT ||
					error == -ESHUTDOWN ||
					error == -ECANCELED);
			if (rng_below(&rng, 2))
				sleep_ns(rng_below(&rng, 100000));
			CHECK_EQ(rota_pool_resume(bother->pool), 0);
			break;
		case 1:
			sleep_ns(rng_below(&rng, 300000));
			break;
		default:
			error = rota_pool_resize(
					bother->pool, 1 + rng_below(&rng, MAX));
			CHECK(error == 0 || error == -ESHUTDOWN);
		}
	}
	CHECK_EQ(rota_pool_resume(bother->pool), 0);
	return NULL;
}

struct submitter {
	struct rota_pool *pool;
	unsigned stream;
	bool quiesces;
	struct watchdog *dog;
	atomic_uint counter;
	unsigned nr_accepted;
};

static void *submit_main(void *arg)
{
	struct submitter *self = arg;
	void (*run)(void *);
	struct rng rng;

	rng_init(&rng, self->stream);
	while (!atomic_load(&is_over)) {
		unsigned nr = 1 + rng_below(&rng, BATCH);

		for (unsigned i = 0; i < nr; i++) {
			run_of(&rng, &run);
			if (rota_submit(self->pool, run, &self->counter))
				return NULL; /* closed */
			self->nr_accepted++;
		}
		if (self->quiesces)
			CHECK(wait_until(atomic_load(&self->counter) ==
							 self->nr_accepted,
					TEST_WAIT_MS));
		watchdog_feed(self->dog);
	}
	return NULL;
}

static void play(struct rota_pool *pool, bool quiesces, unsigned nr_bothers,
		uint64_t end_ns)
{
	static unsigned stream;
	struct submitter submitters[NR_SUBMITTERS] = {0};
	struct bother bothers[2];
	pthread_t threads[NR_SUBMITTERS + 2];
	struct rota_report report;
	struct watchdog dog;
	unsigned nr = 0, sum = 0;

	atomic_store(&is_over, false);
	watchdog_start(&dog, quiesces ? pool : NULL);
	for (unsigned i = 0; i < NR_SUBMITTERS; i++) {
		submitters[i].pool = pool;
		submitters[i].stream = ++stream;
		submitters[i].quiesces = quiesces;
		submitters[i].dog = &dog;
		threads[nr++] = thread_start(submit_main, &submitters[i]);
	}
	for (unsigned i = 0; i < nr_bothers; i++) {
		bothers[i] = (struct bother){pool, ++stream};
		threads[nr++] = thread_start(bother_main, &bothers[i]);
	}
	while (now_ns() < end_ns)
		sleep_ns(NS_PER_MS);
	if (!quiesces)
		CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN,
					 in_ms(TEST_WAIT_MS), &report),
				0);
	atomic_store(&is_over, true);
	for (unsigned i = 0; i < nr; i++)
		thread_join(threads[i]);
	watchdog_stop(&dog);
	if (quiesces)
		check_rest(pool);
	for (unsigned i = 0; i < NR_SUBMITTERS; i++) {
		sum += submitters[i].nr_accepted;
		CHECK_EQ(atomic_load(&submitters[i].counter),
				submitters[i].nr_accepted);
	}
	CHECK(stats_of(pool).ran >= sum);
}

static void repeat(bool quiesces, unsigned nr_bothers, unsigned capacity,
		uint64_t round_ms)
{
	uint64_t end_ns = stress_end_ns();
	unsigned before = nr_threads(), rounds = 0;
	struct rng rng;

	rng_init(&rng, 1000);
	do {
		struct rota_pool *pool = make_crew(&rng, capacity);

		play(pool, quiesces, nr_bothers, in_ms(round_ms));
		end_pool(pool);
		CHECK(wait_until(nr_threads() == before, 2000 * TEST_SLOW));
		rounds++;
	} while (now_ns() < end_ns);
	test_note("%u rounds", rounds);
}

TEST_WITHIN(regions_alone_quiesce, 90)
{
	repeat(true, 0, 0, 200);
}

TEST_WITHIN(regions_resizes_and_pauses_quiesce, 90)
{
	repeat(true, 2, 0, 200);
}

TEST_WITHIN(a_bounded_pool_quiesces_too, 90)
{
	repeat(true, 2, 16, 200);
}

TEST_WITHIN(a_shutdown_races_regions_resizes_and_pauses, 90)
{
	repeat(false, 2, 0, 3);
}

TEST_WITHIN(a_shutdown_races_them_in_a_bounded_pool, 90)
{
	repeat(false, 1, 16, 3);
}

static void *close_it(void *pool)
{
	CHECK_EQ(rota_pool_close(pool), 0);
	return NULL;
}

TEST_WITHIN(a_pause_races_the_end_of_the_workers, 60)
{
	uint64_t end_ns = stress_end_ns();

	while (now_ns() < end_ns) {
		struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
		pthread_t closer = thread_start(close_it, pool);

		CHECK_EQ(rota_pool_pause(pool, in_ms(TEST_WAIT_MS)), 0);
		thread_join(closer);
		end_pool(pool);
	}
}
