/* SPDX-License-Identifier: MIT */
/* A child of a fork that nobody prepared: each call for a pool of the parent's
 * returns -EOWNERDEAD, at once, whatever the pool is doing. */
#include "forked.h"

/* All that the child has from its parent. */
static struct things {
	struct rota_pool *pool;
	struct rota_group group;
	struct rota_handle *handle; /* of a job that is queued */
	struct rota_timer *timer;
	struct rota_completions *cq;
} things;
static bool is_closed;

static void range_run(void *arg, size_t first, size_t end)
{
	(void)arg;
	(void)first;
	(void)end;
}

static intptr_t result_run(void *arg)
{
	(void)arg;
	return 0;
}

static void work_run(struct rota_work *work)
{
	(void)work;
}

#define POOL things.pool
#define CALL(call)                                                             \
	{                                                                      \
#call, (call)                                                  \
	}

struct call {
	const char *text;
	int result;
};

static void check_all(const struct call *calls, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (calls[i].result != -EOWNERDEAD)
			test_fail(__FILE__, __LINE__, "%s: %d", calls[i].text,
					calls[i].result);
}

static void call_submits(void)
{
	const struct rota_job_options with_group = {.group = &things.group};
	const struct rota_job_options with_key = {.key = 7};
	const struct rota_job_options high = {.priority = ROTA_PRIORITY_HIGH};
	struct rota_work work = {.run = work_run};
	struct rota_job job = {nothing_run, NULL};
	struct rota_handle *handle;
	struct rota_timer *timer;
	size_t accepted = 77;
	const struct call calls[] = {
			CALL(rota_submit(POOL, nothing_run, NULL)),
			CALL(rota_try_submit(POOL, nothing_run, NULL)),
			CALL(rota_submit_until(POOL, nothing_run, NULL,
					ROTA_NO_DEADLINE)),
			CALL(rota_submit_many(POOL, &job, 1, &accepted)),
			CALL(rota_submit_copy(POOL, nothing_run, NULL, "x", 1)),
			CALL(rota_submit_with(
					POOL, nothing_run, NULL, NULL, NULL)),
			CALL(rota_submit_with(POOL, nothing_run, NULL,
					&with_group, NULL)),
			CALL(rota_submit_with(POOL, nothing_run, NULL,
					&with_key, &handle)),
			CALL(rota_submit_with(POOL, nothing_run, NULL, &high,
					&handle)),
			CALL(rota_submit_job(POOL, &work)),
			CALL(rota_submit_at(POOL, nothing_run, NULL, 0)),
			CALL(rota_timer_start(
					POOL, nothing_run, NULL, 0, 1, &timer)),
			CALL(rota_parallel_for(
					POOL, 0, 100, 1, range_run, NULL)),
	};

	check_all(calls, sizeof(calls) / sizeof(*calls));
	CHECK_EQ(accepted, 77);
	CHECK_EQ(work.state, 0);
}

static void call_pool(void)
{
	struct rota_histogram histogram = {.size = sizeof(histogram)};
	struct rota_worker_stats worker = {.size = sizeof(worker)};
	struct rota_stats stats = {.size = sizeof(stats)};
	struct rota_report report;
	const struct call calls[] = {
			CALL(rota_pool_close(POOL)),
			CALL(rota_pool_drain(POOL, ROTA_NO_DEADLINE)),
			CALL(rota_pool_shutdown(POOL, ROTA_DRAIN,
					ROTA_NO_DEADLINE, &report)),
			CALL(rota_pool_shutdown(POOL, ROTA_DISCARD, 0, NULL)),
			CALL(rota_pool_destroy(POOL)),
			CALL(rota_pool_destroy(POOL)),
			CALL(rota_pool_pause(POOL, ROTA_NO_DEADLINE)),
			CALL(rota_pool_pause(POOL, 0)),
			CALL(rota_pool_resume(POOL)),
			CALL(rota_pool_resize(POOL, 1)),
			CALL(rota_pool_stats(POOL, &stats)),
			CALL(rota_worker_stats(POOL, 0, &worker)),
			CALL(rota_pool_histogram(
					POOL, ROTA_HISTOGRAM_RUN, &histogram)),
			CALL(rota_fork_prepare(POOL, ROTA_NO_DEADLINE)),
			CALL(rota_fork_parent(POOL)),
			CALL(rota_fork_child(POOL)),
	};

	check_all(calls, sizeof(calls) / sizeof(*calls));
}

static void call_things(void)
{
	struct rota_completion completion;
	struct rota_group group;
	intptr_t result;
	const struct call calls[] = {
			CALL(rota_group_init(&group, POOL)),
			CALL(rota_group_submit(
					&things.group, nothing_run, NULL)),
			CALL(rota_group_wait(&things.group)),
			CALL(rota_group_wait_until(&things.group, 0)),
			CALL(rota_group_help(&things.group)),
			CALL(rota_group_cancel(&things.group)),
			CALL(rota_group_fini(&things.group)),
			CALL(rota_handle_wait_until(things.handle,
					ROTA_NO_DEADLINE, &result)),
			CALL(rota_handle_cancel(things.handle)),
			CALL(rota_completions_fd(things.cq)),
			CALL(rota_completions_submit(things.cq, POOL,
					result_run, NULL, NULL)),
			CALL(rota_completions_reap(things.cq, &completion, 1)),
			CALL(rota_completions_destroy(things.cq)),
	};

	check_all(calls, sizeof(calls) / sizeof(*calls));
	CHECK_EQ(rota_handle_poll(things.handle, &result), -EINPROGRESS);
	rota_handle_unref(things.handle);
	/* a close ends it, and then it needs its pool no more */
	if (!is_closed)
		CHECK_EQ(rota_timer_stop(things.timer, ROTA_NO_DEADLINE),
				-EOWNERDEAD);
}

static void fork_and_call_all(void)
{
	pid_t pid = fork();

	if (!pid) {
		alarm(15 * TEST_SLOW);
		call_submits();
		call_pool();
		call_things();
		_exit(0);
	}
	check_child(pid);
}

static void make_things(struct rota_pool *pool)
{
	POOL = pool;
	CHECK_EQ(rota_group_init(&things.group, pool), 0);
	CHECK_EQ(rota_group_submit(&things.group, nothing_run, NULL), 0);
	CHECK_EQ(rota_submit_with(
				 pool, nothing_run, NULL, NULL, &things.handle),
			0);
	CHECK_EQ(rota_timer_start(pool, nothing_run, NULL, in_ms(1000000), 0,
				 &things.timer),
			0);
	CHECK_EQ(rota_completions_create(4, &things.cq), 0);
	CHECK_EQ(rota_completions_submit(
				 things.cq, pool, result_run, NULL, NULL),
			0);
}

static void end_things(void)
{
	struct rota_completion completion;

	check_rest(POOL);
	CHECK_EQ(rota_group_fini(&things.group), 0);
	rota_handle_unref(things.handle);
	CHECK_EQ(rota_timer_stop(things.timer, ROTA_NO_DEADLINE), 0);
	CHECK_EQ(rota_completions_reap(things.cq, &completion, 1), 1);
	CHECK_EQ(rota_completions_destroy(things.cq), 0);
	end_pool(POOL);
}

TEST(each_call_returns_in_a_child_of_a_paused_pool)
{
	struct rota_pool *pool = make(2, 0);

	CHECK_EQ(rota_pool_pause(pool, ROTA_NO_DEADLINE), 0);
	make_things(pool);
	fork_and_call_all();
	CHECK_EQ(rota_pool_resume(pool), 0);
	end_things();
}

TEST(each_call_returns_in_a_child_of_a_busy_pool)
{
	struct rota_pool *pool = make(1, 0);
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	make_things(pool);
	fork_and_call_all();
	blocker_release(&blocker);
	end_things();
}

TEST(each_call_returns_in_a_child_of_a_full_closed_pool)
{
	struct rota_pool *pool = make(1, 3);
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	make_things(pool);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), -EAGAIN);
	fork_and_call_all();
	CHECK_EQ(rota_pool_close(pool), 0);
	is_closed = true;
	fork_and_call_all();
	blocker_release(&blocker);
	end_things();
}

static void *fork_when_prepared(void *arg)
{
	(void)arg;
	fork_and_call_all();
	return NULL;
}

TEST(each_call_returns_in_a_child_of_a_thread_that_has_not_prepared_it)
{
	struct rota_pool *pool = make(2, 0);

	CHECK_EQ(rota_fork_prepare(pool, ROTA_NO_DEADLINE), 0);
	make_things(pool);
	thread_join(thread_start(fork_when_prepared, NULL));
	CHECK_EQ(rota_fork_parent(pool), 0);
	end_things();
}

static void call_of_a_job_run(void *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (!pid) {
		alarm(15 * TEST_SLOW);
		CHECK_EQ(rota_blocking_begin(), -EOWNERDEAD);
		CHECK_EQ(rota_blocking_end(), -EOWNERDEAD);
		CHECK(rota_worker_slot() == NULL);
		CHECK_EQ(rota_pool_drain(rota_self(), ROTA_NO_DEADLINE),
				-EOWNERDEAD);
		CHECK_EQ(rota_pool_destroy(rota_self()), -EOWNERDEAD);
		CHECK_EQ(rota_fork_prepare(rota_self(), 0), -EOWNERDEAD);
		_exit(0);
	}
	check_child(pid);
}

TEST(calls_of_jobs_return_in_a_child_of_the_job)
{
	struct rota_pool *pool = make(2, 0);

	CHECK_EQ(rota_submit(pool, call_of_a_job_run, NULL), 0);
	check_rest(pool);
	end_pool(pool);
}
