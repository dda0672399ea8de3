/* SPDX-License-Identifier: MIT */
/* rota_worker_slot(): a pointer for each worker, from on_start to on_stop. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

enum { NR_WORKERS = 4 };

/* What a worker keeps: plain, because nobody else uses it. */
struct scratch {
	unsigned worker;
	unsigned jobs;
	void **slot;
};

static atomic_uint jobs_at_stop, starts, stops;

static int scratch_start(void *hook_arg, unsigned worker)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));
	void **slot = rota_worker_slot();

	(void)hook_arg;
	CHECK(slot != NULL);
	CHECK(*slot == NULL);
	scratch->worker = worker;
	scratch->slot = slot;
	*slot = scratch;
	atomic_fetch_add(&starts, 1);
	return 0;
}

static void scratch_stop(void *hook_arg, unsigned worker)
{
	struct scratch *scratch = *rota_worker_slot();

	(void)hook_arg;
	CHECK_EQ(scratch->worker, worker);
	atomic_fetch_add(&jobs_at_stop, scratch->jobs);
	atomic_fetch_add(&stops, 1);
	free(scratch);
}

static void scratch_run(void *arg)
{
	struct scratch *scratch = *rota_worker_slot();

	(void)arg;
	CHECK_EQ((int)scratch->worker, rota_worker_index());
	CHECK(scratch->slot == rota_worker_slot());
	scratch->jobs++;
}

TEST(each_worker_keeps_its_own_from_start_to_stop)
{
	struct rota_options o = {
			.workers = NR_WORKERS,
			.on_start = scratch_start,
			.on_stop = scratch_stop,
	};
	struct rota_pool *pool = make_pool_with(&o);
	int i;

	for (i = 0; i < 10000; i++)
		CHECK_EQ(rota_submit(pool, scratch_run, NULL), 0);
	end_pool(pool);
	CHECK_EQ(atomic_load(&jobs_at_stop), 10000);
	CHECK_EQ(atomic_load(&stops), NR_WORKERS);
}

TEST(a_worker_that_comes_again_begins_with_none)
{
	struct rota_options o = {
			.size = sizeof(o),
			.workers = NR_WORKERS,
			.idle_ns = 1,
			.on_start = scratch_start,
			.on_stop = scratch_stop,
	};
	struct rota_pool *pool = make_pool_with(&o);
	unsigned round;

	for (round = 1; round <= 3; round++) {
		CHECK_EQ(rota_pool_resize(pool, 1), 0);
		CHECK(wait_until(
				atomic_load(&stops) == round * (NR_WORKERS - 1),
				TEST_WAIT_MS));
		CHECK_EQ(rota_pool_resize(pool, NR_WORKERS), 0);
		/* else who has not left yet need not come again */
		CHECK(wait_until(
				atomic_load(&starts) ==
						NR_WORKERS + round * (NR_WORKERS - 1),
				TEST_WAIT_MS));
	}
	end_pool(pool);
}

static void inline_run(void *arg)
{
	(void)arg;
	CHECK(rota_worker_slot() == NULL);
}

/* Another pool's job that runs here, in the middle of this one's. */
static void outer_run(void *arg)
{
	void **slot = rota_worker_slot();

	CHECK(slot != NULL);
	CHECK_EQ(rota_submit(arg, inline_run, NULL), 0);
	CHECK(slot == rota_worker_slot());
}

TEST(there_is_none_outside_and_in_jobs_of_others)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_pool *full = make_pool(1, 1, ROTA_FULL_CALLER_RUNS);
	struct blocker blocker;

	CHECK(rota_worker_slot() == NULL);
	blocker_hold(&blocker, full);
	CHECK_EQ(rota_submit(full, nothing_run, NULL), 0);
	CHECK_EQ(rota_submit(full, inline_run, NULL), 0);
	CHECK_EQ(stats_of(full).ran_inline, 1);
	CHECK_EQ(rota_submit(pool, outer_run, full), 0);
	check_rest(pool);
	CHECK_EQ(stats_of(full).ran_inline, 2);
	blocker_release(&blocker);
	end_pool(pool);
	end_pool(full);
}

static void fork_run(void *arg)
{
	atomic_int *status = arg;
	int wait_status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(rota_worker_slot() == NULL ? 0 : 1);
	CHECK_EQ(waitpid(pid, &wait_status, 0), pid);
	atomic_store(status, wait_status);
}

TEST(there_is_none_in_a_child_that_a_job_forked)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	atomic_int status = -1;

	CHECK_EQ(rota_submit(pool, fork_run, &status), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&status), 0);
	end_pool(pool);
}
