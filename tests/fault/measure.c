/* SPDX-License-Identifier: MIT */
/* A measured pool without memory: jobs go unmeasured, and none is lost. */
#include "../support.h"
#include "inject.h"

static uint64_t count_of(struct rota_pool *pool, enum rota_histogram_kind which)
{
	struct rota_histogram times = {.size = sizeof(times)};

	CHECK_EQ(rota_pool_histogram(pool, which, &times), 0);
	return times.count;
}

TEST(a_job_that_finds_no_memory_for_its_time_runs_unmeasured)
{
	struct rota_options o = {.size = sizeof(o), .workers = 1, .measure = 1};
	struct rota_pool *pool = make_pool_with(&o);
	struct blocker blocker;

	blocker_hold(&blocker, pool); /* this thread has its lane now, */
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0); /* and no box */
	inject_reset();
	inject(INJECT_malloc, 1, 1, ENOMEM);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	CHECK_EQ(inject_failures(INJECT_malloc), 1);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(count_of(pool, ROTA_HISTOGRAM_WAIT), 2);
	CHECK_EQ(count_of(pool, ROTA_HISTOGRAM_RUN), 3);
	end_pool(pool);
}
