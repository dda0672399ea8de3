/* SPDX-License-Identifier: MIT */
/* How many jobs a worker moves at once, and what that does to the order. */
#include "../support.h"

#include "../../runtime/pool.h"
#include <stdio.h>

enum { MS = 1000000 };

/* One look at the clock after another: so many jobs of so many ns each. */
static void run_jobs(struct batch *batch, unsigned looks, uint64_t nr,
		uint64_t each_ns)
{
	for (unsigned i = 0; i < looks; i++)
		batch_look(batch, batch->from_ns + nr * each_ns,
				batch->from_ran + nr);
}

TEST(a_batch_takes_as_long_to_run_as_it_may)
{
	static const uint64_t all_ns[] = {200, 1000, 4000, BATCH_NS / 2};
	struct batch batch;

	batch_init(&batch, 0);
	CHECK_EQ(batch_size(&batch), 1);
	for (unsigned i = 0; i < sizeof(all_ns) / sizeof(*all_ns); i++) {
		uint64_t each_ns = all_ns[i], ns;

		run_jobs(&batch, 80, 3, each_ns);
		ns = batch_size(&batch) * each_ns;
		CHECK(ns <= BATCH_NS + each_ns + BATCH_NS / 8);
		CHECK(ns >= BATCH_NS - each_ns - BATCH_NS / 8);
	}
}

TEST(short_jobs_are_moved_in_full_batches_and_long_ones_one_by_one)
{
	struct batch batch;

	batch_init(&batch, 0);
	run_jobs(&batch, 80, LANE_BATCH, 10);
	CHECK_EQ(batch_size(&batch), LANE_BATCH);
	run_jobs(&batch, 1, 1, 5000000);
	CHECK_EQ(batch_size(&batch), 1); /* one is enough */
	run_jobs(&batch, 20, 1, 1000);
	CHECK_EQ(batch_size(&batch), 1); /* and remembered */
	run_jobs(&batch, 200, 10, 10);
	CHECK_EQ(batch_size(&batch), LANE_BATCH);
	run_jobs(&batch, 1, 1, UINT64_MAX / 2);
	CHECK_EQ(batch_size(&batch), 1);
}

TEST(what_others_ran_tells_nothing)
{
	struct batch batch;

	batch_init(&batch, 7);
	batch_look(&batch, 1000, 7);
	batch_look(&batch, 1000 + 5 * BATCH_NS, 7);
	CHECK_EQ(batch.mean_ns, BATCH_NS);
}

TEST(full_batches_spare_the_look_at_the_clock_for_a_while)
{
	struct batch batch;

	batch_init(&batch, 7);
	CHECK(batch_goes_on(&batch, 7 + LANE_BATCH));
	CHECK(!batch_goes_on(&batch, 7 + BATCH_LOOK_EVERY));
}

enum { NR_JOBS = 400, SLOW_EVERY = 8, BEHIND_MAX = 40 };

struct stream {
	atomic_uint nr_begun, behind_max;
	struct {
		struct stream *stream;
		unsigned nr;
	} jobs[NR_JOBS];
};

static void stream_run(void *arg)
{
	struct {
		struct stream *stream;
		unsigned nr;
	} *job = arg;
	struct stream *stream = job->stream;
	unsigned place = atomic_fetch_add(&stream->nr_begun, 1);
	unsigned behind = place > job->nr ? place - job->nr : 0;
	unsigned most = atomic_load(&stream->behind_max);

	while (behind > most &&
			!atomic_compare_exchange_weak(
					&stream->behind_max, &most, behind))
		;
	if (job->nr % SLOW_EVERY == 0)
		sleep_ns(2 * MS);
}

/* Its batch stays in the lane of a worker that is in a long job, and the others
 * take newer ones: so it must be small. */
TEST(jobs_behind_a_long_one_are_not_overtaken_by_many)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	static struct stream stream;

	for (unsigned i = 0; i < NR_JOBS; i++) {
		stream.jobs[i].stream = &stream;
		stream.jobs[i].nr = i;
		CHECK_EQ(rota_submit(pool, stream_run, &stream.jobs[i]), 0);
	}
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
	printf("# %u began before one that was submitted earlier\n",
			atomic_load(&stream.behind_max));
	CHECK(atomic_load(&stream.behind_max) <= BEHIND_MAX);
	end_pool(pool);
}

struct asked {
	struct rota_pool *pool;
	struct batch batch;
};

static void ask_run(void *arg)
{
	struct asked *asked = arg;

	asked->batch = asked->pool->workers[0].batch;
}

/* By a job, for it is the worker's own. */
static struct batch batch_of(struct rota_pool *pool)
{
	struct asked asked = {.pool = pool};

	CHECK_EQ(rota_submit(pool, ask_run, &asked), 0);
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
	return asked.batch;
}

static void submit_many(struct rota_pool *pool, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
}

/* One worker that knows that its jobs are short. */
static struct rota_pool *learned_pool(void)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct batch batch;
	int tries = 20;

	do {
		submit_many(pool, 10000);
		batch = batch_of(pool);
	} while (batch_size(&batch) < 4 && --tries);
	CHECK(tries);
	return pool;
}

TEST(jobs_that_prove_short_come_in_batches)
{
	end_pool(learned_pool());
}

/* So many at once, then none for a while, then one. */
static void check_idle_after(unsigned nr)
{
	struct rota_pool *pool = learned_pool();
	int tries = 10; /* it may have been interrupted */

	do {
		submit_many(pool, 10000);
		CHECK_EQ(rota_pool_pause(pool, ROTA_NO_DEADLINE), 0);
		for (unsigned i = 0; i < nr; i++)
			CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
		CHECK_EQ(rota_pool_resume(pool), 0);
		CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
		sleep_ns(50 * MS);
		submit_many(pool, 1);
	} while (batch_of(pool).mean_ns > 50 * MS / LANE_BATCH / 16 && --tries);
	CHECK(tries);
	end_pool(pool);
}

TEST(time_without_jobs_is_not_that_of_jobs)
{
	check_idle_after(1);
}

TEST(time_without_jobs_is_not_that_of_a_full_batch)
{
	check_idle_after(LANE_BATCH);
}
