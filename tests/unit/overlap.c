/* SPDX-License-Identifier: MIT */
/* As many jobs as workers that need each other: nobody sleeps beside work. */
#include "../support.h"

struct meeting {
	struct rota_pool *pool;
	unsigned nr;
	struct latch all_here;
};

static void meet_run(void *arg)
{
	struct meeting *meeting = arg;

	latch_meet(&meeting->all_here);
}

static void convene_run(void *arg)
{
	struct meeting *meeting = arg;
	unsigned i;

	for (i = 1; i < meeting->nr; i++)
		CHECK_EQ(rota_submit(meeting->pool, meet_run, meeting), 0);
	latch_meet(&meeting->all_here);
}

static void convene_at_once_run(void *arg)
{
	struct meeting *meeting = arg;
	struct rota_job jobs[16];
	size_t accepted = 0;
	unsigned i;

	for (i = 1; i < meeting->nr; i++)
		jobs[i - 1] = (struct rota_job){meet_run, meeting};
	CHECK_EQ(rota_submit_many(meeting->pool, jobs, meeting->nr - 1,
				 &accepted),
			0);
	CHECK_EQ(accepted, meeting->nr - 1);
	latch_meet(&meeting->all_here);
}

static void chain_meet_run(void *arg)
{
	struct meeting *meeting = arg;

	/* each one present brings the next one */
	if (--meeting->nr > 0)
		CHECK_EQ(rota_submit(meeting->pool, chain_meet_run, meeting),
				0);
	latch_meet(&meeting->all_here);
}

enum form { FROM_OUTSIDE, MANY, FROM_A_JOB, MANY_FROM_A_JOB, CHAIN, NR_FORMS };

/* As many jobs as workers, each of which needs all the others to run now. */
static void meet(struct rota_pool *pool, unsigned nr, enum form form)
{
	struct meeting meeting = {.pool = pool, .nr = nr};
	struct rota_job jobs[16];
	size_t accepted = 0;
	unsigned i;

	latch_init(&meeting.all_here, nr);
	for (i = 0; i < nr; i++)
		jobs[i] = (struct rota_job){meet_run, &meeting};
	if (form == FROM_OUTSIDE)
		for (i = 0; i < nr; i++)
			CHECK_EQ(rota_submit(pool, meet_run, &meeting), 0);
	else if (form == MANY)
		CHECK_EQ(rota_submit_many(pool, jobs, nr, &accepted), 0);
	else if (form == FROM_A_JOB)
		CHECK_EQ(rota_submit(pool, convene_run, &meeting), 0);
	else if (form == MANY_FROM_A_JOB)
		CHECK_EQ(rota_submit(pool, convene_at_once_run, &meeting), 0);
	else
		CHECK_EQ(rota_submit(pool, chain_meet_run, &meeting), 0);
	if (form == MANY)
		CHECK_EQ(accepted, nr);
	check_rest(pool);
}

static void meet_in_all_sizes(bool from_idle)
{
	unsigned workers, round;
	int form;

	for (workers = 2; workers <= 8; workers++) {
		struct rota_pool *pool = make_pool(workers, 0, ROTA_FULL_FAIL);

		for (form = 0; form < NR_FORMS; form++) {
			for (round = 0; round < 20; round++) {
				if (from_idle)
					wait_all_parked(pool);
				meet(pool, workers, (enum form)form);
			}
		}
		end_pool(pool);
	}
}

TEST(as_many_blocking_jobs_as_workers_all_run_at_once_from_idle)
{
	meet_in_all_sizes(true);
}

TEST(as_many_blocking_jobs_as_workers_all_run_at_once_from_any_state)
{
	meet_in_all_sizes(false);
}

TEST(a_job_that_a_worker_submits_wakes_a_peer)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	int round;

	for (round = 0; round < 500; round++)
		meet(pool, 2, round % 2 ? FROM_A_JOB : CHAIN);
	end_pool(pool);
}

TEST(a_job_queued_beside_a_blocked_worker_goes_to_the_other_one)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	atomic_uint ran = 0;
	struct blocker blocker;
	unsigned i;

	blocker_hold(&blocker, pool);
	for (i = 1; i <= 2000; i++) {
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		CHECK(wait_until(atomic_load(&ran) == i, TEST_WAIT_MS));
	}
	blocker_release(&blocker);
	check_rest(pool);
	end_pool(pool);
}
