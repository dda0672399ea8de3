/* SPDX-License-Identifier: MIT */
/* What each full policy does with one job too many, and on which thread. */
#include <errno.h>
#include <string.h>

#include "../support.h"

enum { CAPACITY = 3 };

struct dropped {
	unsigned nr; /* plain: drops happen on the submitter */
	struct rota_job last;
	pthread_t thread;
};

static void note_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	struct dropped *dropped = hook_arg;

	CHECK_EQ(reason, ROTA_DROP_OVERLOAD);
	dropped->nr++;
	dropped->last = *job;
	dropped->thread = pthread_self();
}

struct entry {
	unsigned *log;
	unsigned *nr;
	unsigned id;
};

static void entry_run(void *arg)
{
	struct entry *entry = arg;

	entry->log[(*entry->nr)++] = entry->id;
}

/* Fills a pool of one held worker with entries 0 .. CAPACITY - 1. */
static struct rota_pool *full_pool(enum rota_full_policy policy,
		struct dropped *dropped, struct blocker *blocker,
		struct entry *entries, unsigned nr_entries, unsigned *log,
		unsigned *nr_log)
{
	struct rota_options o = {
			.workers = 1,
			.capacity = CAPACITY,
			.full_policy = policy,
			.on_drop = note_drop,
			.hook_arg = dropped,
	};
	struct rota_pool *pool = make_pool_with(&o);
	unsigned i;

	memset(dropped, 0, sizeof(*dropped));
	*nr_log = 0;
	for (i = 0; i < nr_entries; i++)
		entries[i] = (struct entry){log, nr_log, i};
	blocker_hold(blocker, pool);
	for (i = 0; i < CAPACITY; i++)
		CHECK_EQ(rota_submit(pool, entry_run, &entries[i]), 0);
	return pool;
}

static void end_full_pool(struct rota_pool *pool, struct blocker *blocker)
{
	blocker_release(blocker);
	check_rest(pool);
	end_pool(pool);
}

TEST(fail_refuses_the_job_and_drops_nothing)
{
	struct entry entries[CAPACITY + 1];
	unsigned log[8], nr;
	struct dropped dropped;
	struct blocker blocker;
	struct rota_pool *pool = full_pool(ROTA_FULL_FAIL, &dropped, &blocker,
			entries, CAPACITY + 1, log, &nr);

	CHECK_EQ(rota_submit(pool, entry_run, &entries[CAPACITY]), -EAGAIN);
	CHECK_EQ(rota_submit_copy(pool, nothing_run, NULL, "x", 1), -EAGAIN);
	end_full_pool(pool, &blocker);
	CHECK_EQ(nr, CAPACITY);
	CHECK_EQ(dropped.nr, 0);
}

TEST(drop_newest_accepts_the_job_and_drops_it_on_the_submitter)
{
	struct entry entries[CAPACITY + 2];
	unsigned log[8], nr, i;
	struct dropped dropped;
	struct blocker blocker;
	struct rota_pool *pool = full_pool(ROTA_FULL_DROP_NEWEST, &dropped,
			&blocker, entries, CAPACITY + 2, log, &nr);

	for (i = CAPACITY; i < CAPACITY + 2; i++) {
		CHECK_EQ(rota_submit(pool, entry_run, &entries[i]), 0);
		CHECK_EQ(dropped.nr, i - CAPACITY + 1);
		CHECK(dropped.last.run == entry_run);
		CHECK(dropped.last.arg == &entries[i]);
		CHECK(pthread_equal(dropped.thread, pthread_self()));
	}
	CHECK_EQ(stats_of(pool).dropped, 2);
	end_full_pool(pool, &blocker);
	CHECK_EQ(nr, CAPACITY);
	for (i = 0; i < CAPACITY; i++)
		CHECK_EQ(log[i], i);
}

TEST(drop_oldest_drops_the_head_on_the_submitter_and_queues_the_new_job)
{
	struct entry entries[CAPACITY + 2];
	unsigned log[8], nr, i;
	struct dropped dropped;
	struct blocker blocker;
	struct rota_pool *pool = full_pool(ROTA_FULL_DROP_OLDEST, &dropped,
			&blocker, entries, CAPACITY + 2, log, &nr);

	for (i = CAPACITY; i < CAPACITY + 2; i++) {
		CHECK_EQ(rota_submit(pool, entry_run, &entries[i]), 0);
		CHECK_EQ(dropped.nr, i - CAPACITY + 1);
		CHECK(dropped.last.arg == &entries[i - CAPACITY]);
		CHECK(pthread_equal(dropped.thread, pthread_self()));
	}
	CHECK_EQ(stats_of(pool).dropped, 2);
	CHECK_EQ(stats_of(pool).queued, CAPACITY);
	end_full_pool(pool, &blocker);
	CHECK_EQ(nr, CAPACITY);
	for (i = 0; i < CAPACITY; i++)
		CHECK_EQ(log[i], i + 2);
}

struct inline_job {
	struct rota_pool *pool;
	struct rota_pool *outer_pool; /* whose worker submitted; or NULL */
	pthread_t thread;
	unsigned nr;
	int depth_error;
};

static void inline_run(void *arg)
{
	struct inline_job *job = arg;

	job->nr++;
	CHECK(pthread_equal(pthread_self(), job->thread));
	CHECK(rota_self() == job->pool);
	CHECK_EQ(rota_worker_index(), -1);
	CHECK_EQ(rota_pool_drain(job->pool, 0), -EDEADLK);
	CHECK_EQ(rota_pool_destroy(job->pool), -EDEADLK);
}

TEST(caller_runs_runs_the_job_on_this_thread_before_submit_returns)
{
	struct entry entries[CAPACITY];
	unsigned log[8], nr;
	struct dropped dropped;
	struct blocker blocker;
	struct rota_pool *pool = full_pool(ROTA_FULL_CALLER_RUNS, &dropped,
			&blocker, entries, CAPACITY, log, &nr);
	struct inline_job job = {.pool = pool, .thread = pthread_self()};

	CHECK(rota_self() == NULL);
	CHECK_EQ(rota_submit(pool, inline_run, &job), 0);
	CHECK_EQ(job.nr, 1);
	CHECK(rota_self() == NULL);
	CHECK_EQ(rota_worker_index(), -1);
	CHECK_EQ(stats_of(pool).ran_inline, 1);
	CHECK_EQ(stats_of(pool).ran, 1); /* the held one still runs */
	end_full_pool(pool, &blocker);
	CHECK_EQ(nr, CAPACITY);
	CHECK_EQ(job.nr, 1);
}

static void foreign_run(void *arg)
{
	struct inline_job *job = arg;

	job->thread = pthread_self();
	CHECK(rota_self() == job->outer_pool);
	CHECK_EQ(rota_submit(job->pool, inline_run, job), 0);
	CHECK_EQ(job->nr, 1);
	CHECK(rota_self() == job->outer_pool);
	CHECK_EQ(rota_worker_index(), 0);
}

TEST(caller_runs_on_a_worker_of_another_pool_restores_its_identity)
{
	struct entry entries[CAPACITY];
	unsigned log[8], nr;
	struct dropped dropped;
	struct blocker blocker;
	struct rota_pool *pool = full_pool(ROTA_FULL_CALLER_RUNS, &dropped,
			&blocker, entries, CAPACITY, log, &nr);
	struct rota_pool *outer = make_pool(1, 0, ROTA_FULL_FAIL);
	struct inline_job job = {.pool = pool, .outer_pool = outer};

	CHECK_EQ(rota_submit(outer, foreign_run, &job), 0);
	check_rest(outer);
	CHECK_EQ(job.nr, 1);
	end_full_pool(pool, &blocker);
	end_pool(outer);
}
