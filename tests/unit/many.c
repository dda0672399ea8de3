/* SPDX-License-Identifier: MIT */
/* rota_submit_many(): a prefix is accepted, in order, under each policy. */
#include <errno.h>
#include <sched.h>

#include "../support.h"

enum { NR = 8 };

struct log {
	unsigned nr; /* plain: one worker, read after drain */
	unsigned seen[64];
};

struct entry {
	struct log *log;
	unsigned id;
};

static void log_run(void *arg)
{
	struct entry *entry = arg;

	entry->log->seen[entry->log->nr++] = entry->id;
}

static void make_jobs(struct rota_job *jobs, struct entry *entries,
		struct log *log, unsigned nr)
{
	unsigned i;

	for (i = 0; i < nr; i++) {
		entries[i] = (struct entry){log, i};
		jobs[i] = (struct rota_job){log_run, &entries[i]};
	}
}

TEST(submit_many_accepts_the_prefix_that_fits_and_the_next_call_says_why)
{
	struct rota_pool *pool = make_pool(1, 5, ROTA_FULL_FAIL);
	struct rota_job jobs[NR];
	struct entry entries[NR];
	struct log log = {0};
	struct blocker blocker;
	size_t accepted = 77;
	unsigned i;

	make_jobs(jobs, entries, &log, NR);
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit_many(pool, jobs, NR, &accepted), 0);
	CHECK_EQ(accepted, 5);
	accepted = 77;
	CHECK_EQ(rota_submit_many(pool, jobs + 5, NR - 5, &accepted), -EAGAIN);
	CHECK_EQ(accepted, 77);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(log.nr, 5);
	for (i = 0; i < 5; i++)
		CHECK_EQ(log.seen[i], i);
	CHECK_EQ(stats_of(pool).submitted, 6);
	end_pool(pool);
}

TEST(submit_many_of_nothing_does_nothing)
{
	struct rota_pool *pool = make_pool(1, 1, ROTA_FULL_FAIL);
	struct rota_job job = {nothing_run, NULL};
	size_t accepted = 0;

	CHECK_EQ(rota_submit_many(pool, &job, 0, &accepted), 0);
	CHECK_EQ(accepted, 0);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).submitted, 0);
	end_pool(pool);
}

static unsigned next_id; /* plain: one worker */

static void in_order_run(void *arg)
{
	CHECK_EQ((uintptr_t)arg, next_id);
	next_id++;
}

TEST(submit_many_keeps_its_order_in_a_pool_that_grows)
{
	enum { LOTS = 50000 };
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	static struct rota_job jobs[LOTS];
	struct blocker blocker;
	size_t accepted = 0;
	uintptr_t i;

	for (i = 0; i < LOTS; i++)
		jobs[i] = (struct rota_job){in_order_run, (void *)i};
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit_many(pool, jobs, LOTS / 2, &accepted), 0);
	CHECK_EQ(accepted, LOTS / 2);
	CHECK_EQ(rota_submit(pool, in_order_run, jobs[LOTS / 2].arg), 0);
	CHECK_EQ(rota_submit_many(pool, jobs + LOTS / 2 + 1, LOTS / 2 - 1,
				 &accepted),
			0);
	CHECK_EQ(accepted, LOTS / 2 - 1);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(next_id, LOTS);
	end_pool(pool);
}

static atomic_uint nr_dropped;

static void count_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)hook_arg;
	(void)job;
	CHECK_EQ(reason, ROTA_DROP_OVERLOAD);
	atomic_fetch_add(&nr_dropped, 1);
}

/* Offers all jobs again and again until all were accepted. */
static void offer_all(enum rota_full_policy policy)
{
	enum { LOTS = 3000, BATCH = 37 };
	struct rota_options o = {
			.workers = 2,
			.capacity = 5,
			.full_policy = policy,
			.on_drop = count_drop,
	};
	struct rota_pool *pool = make_pool_with(&o);
	struct rota_job jobs[BATCH];
	atomic_uint ran = 0;
	size_t left = LOTS, accepted;
	int i, error;

	atomic_store(&nr_dropped, 0);
	for (i = 0; i < BATCH; i++)
		jobs[i] = (struct rota_job){count_run, &ran};
	while (left > 0) {
		size_t nr = left < BATCH ? left : BATCH;

		accepted = 77;
		error = rota_submit_many(pool, jobs, nr, &accepted);
		if (policy == ROTA_FULL_FAIL && error == -EAGAIN) {
			CHECK_EQ(accepted, 77);
			sched_yield();
			continue;
		}
		CHECK_EQ(error, 0);
		CHECK(accepted >= 1 && accepted <= nr);
		left -= accepted;
	}
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran) + atomic_load(&nr_dropped), LOTS);
	if (policy != ROTA_FULL_DROP_NEWEST && policy != ROTA_FULL_DROP_OLDEST)
		CHECK_EQ(atomic_load(&ran), LOTS);
	CHECK_EQ(stats_of(pool).submitted, LOTS);
	end_pool(pool);
}

TEST(submit_many_offered_again_gets_all_in_under_each_policy)
{
	offer_all(ROTA_FULL_FAIL);
	offer_all(ROTA_FULL_BLOCK);
	offer_all(ROTA_FULL_CALLER_RUNS);
	offer_all(ROTA_FULL_DROP_NEWEST);
	offer_all(ROTA_FULL_DROP_OLDEST);
}

struct offer {
	struct rota_pool *pool;
	atomic_uint *ran;
	atomic_bool has_returned;
	int error;
	size_t accepted;
};

static void *offer_one(void *arg)
{
	struct offer *offer = arg;
	struct rota_job job = {count_run, offer->ran};

	offer->error = rota_submit_many(offer->pool, &job, 1, &offer->accepted);
	atomic_store(&offer->has_returned, true);
	return NULL;
}

TEST(submit_many_waits_for_room_in_a_full_pool_that_blocks)
{
	struct rota_pool *pool = make_pool(1, 1, ROTA_FULL_BLOCK);
	atomic_uint ran = 0;
	struct offer offer = {.pool = pool, .ran = &ran};
	struct blocker blocker;
	pthread_t thread;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_try_submit(pool, count_run, &ran), 0);
	thread = thread_start(offer_one, &offer);
	CHECK(wait_until(stats_of(pool).submit_waits > 0, TEST_WAIT_MS));
	CHECK(!atomic_load(&offer.has_returned));
	blocker_release(&blocker);
	thread_join(thread);
	CHECK_EQ(offer.error, 0);
	CHECK_EQ(offer.accepted, 1);
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), 2);
	end_pool(pool);
}
