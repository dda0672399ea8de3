/* SPDX-License-Identifier: MIT */
/* on_start and on_stop: once on each worker's own thread. */
#include <errno.h>
#include <unistd.h>

#include "../support.h"

enum { NR_WORKERS = 4 };

struct hooked {
	pid_t thread[NR_WORKERS];
	atomic_uint starts[NR_WORKERS];
	atomic_uint stops[NR_WORKERS];
	atomic_uint nr_jobs;
	atomic_uint jobs_at_stop;
	int fail_worker;
	int error;
};

static int start_hook(void *arg, unsigned worker)
{
	struct hooked *hooked = arg;

	CHECK(worker < NR_WORKERS);
	CHECK(rota_self() != NULL);
	CHECK_EQ(rota_worker_index(), worker);
	if ((int)worker == hooked->fail_worker)
		return hooked->error;
	hooked->thread[worker] = gettid();
	atomic_fetch_add(&hooked->starts[worker], 1);
	return 0;
}

static void stop_hook(void *arg, unsigned worker)
{
	struct hooked *hooked = arg;

	CHECK(worker < NR_WORKERS);
	CHECK_EQ(rota_worker_index(), worker);
	CHECK_EQ(hooked->thread[worker], gettid());
	atomic_fetch_add(&hooked->stops[worker], 1);
	atomic_store(&hooked->jobs_at_stop, atomic_load(&hooked->nr_jobs));
}

static int create_hooked(struct hooked *hooked, unsigned workers,
		struct rota_pool **ret_pool)
{
	struct rota_options o = {
			.workers = workers,
			.on_start = start_hook,
			.on_stop = stop_hook,
			.hook_arg = hooked,
	};

	return rota_pool_create(&o, ret_pool);
}

static void thread_is_workers_run(void *arg)
{
	struct hooked *hooked = arg;
	int worker = rota_worker_index();

	CHECK(worker >= 0 && worker < NR_WORKERS);
	CHECK_EQ(hooked->thread[worker], gettid());
	atomic_fetch_add(&hooked->nr_jobs, 1);
}

TEST(hooks_run_once_on_the_thread_of_each_worker)
{
	struct hooked hooked = {.fail_worker = -1};
	struct rota_pool *pool;
	int i;

	CHECK_EQ(create_hooked(&hooked, NR_WORKERS, &pool), 0);
	for (i = 0; i < NR_WORKERS; i++)
		CHECK_EQ(atomic_load(&hooked.starts[i]), 1);
	for (i = 0; i < 1000; i++)
		CHECK_EQ(rota_submit(pool, thread_is_workers_run, &hooked), 0);
	check_rest(pool);
	for (i = 0; i < NR_WORKERS; i++)
		CHECK_EQ(atomic_load(&hooked.stops[i]), 0);
	end_pool(pool);
	for (i = 0; i < NR_WORKERS; i++) {
		CHECK_EQ(atomic_load(&hooked.starts[i]), 1);
		CHECK_EQ(atomic_load(&hooked.stops[i]), 1);
	}
}

TEST(on_stop_comes_after_the_last_job_of_a_shutdown_that_drains)
{
	struct hooked hooked = {.fail_worker = -1};
	struct rota_pool *pool;
	int i;

	CHECK_EQ(create_hooked(&hooked, 1, &pool), 0);
	for (i = 0; i < 5000; i++)
		CHECK_EQ(rota_submit(pool, thread_is_workers_run, &hooked), 0);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE, NULL),
			0);
	CHECK_EQ(atomic_load(&hooked.jobs_at_stop), 5000);
	end_pool(pool);
}

TEST(a_failing_on_start_fails_the_create_and_leaves_no_thread)
{
	unsigned before = nr_threads();
	int worker, i;

	for (worker = 0; worker < NR_WORKERS; worker++) {
		struct hooked hooked = {.fail_worker = worker, .error = -EIO};
		struct rota_pool *mark = (struct rota_pool *)(void *)&hooked;
		struct rota_pool *pool = mark;

		CHECK_EQ(create_hooked(&hooked, NR_WORKERS, &pool), -EIO);
		CHECK(pool == mark);
		CHECK(wait_until(nr_threads() == before, 2000));
		/* each worker that did start also stopped */
		for (i = 0; i < NR_WORKERS; i++)
			CHECK_EQ(atomic_load(&hooked.starts[i]),
					atomic_load(&hooked.stops[i]));
	}
}
