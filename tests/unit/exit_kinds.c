/* SPDX-License-Identifier: MIT */
/* Each kind of job ends its thread: what waits for it goes on. */
#include <errno.h>
#include <unistd.h>

#include "../support.h"

enum { NR = 30 };

static atomic_uint nr_ran, nr_left;

static void leave_run(void *arg)
{
	(void)arg;
	atomic_fetch_add(&nr_left, 1);
	pthread_exit(NULL);
}

static struct rota_pool *make(unsigned workers)
{
	return make_pool(workers, 0, ROTA_FULL_BLOCK);
}

static void end(struct rota_pool *pool)
{
	check_rest(pool);
	for (unsigned i = 0; i < 100; i++)
		CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
	check_rest(pool);
	end_pool(pool);
}

TEST(members_of_a_group)
{
	for (unsigned workers = 1; workers <= 2; workers++) {
		struct rota_pool *pool = make(workers);
		struct rota_group group;

		CHECK_EQ(rota_group_init(&group, pool), 0);
		for (unsigned i = 0; i < NR; i++) {
			CHECK_EQ(rota_group_submit(&group, leave_run, NULL), 0);
			CHECK_EQ(rota_group_submit(&group, count_run, &nr_ran),
					0);
		}
		CHECK_EQ(rota_group_wait_until(&group, in_ms(TEST_WAIT_MS)), 0);
		check_rest(pool);
		CHECK_EQ(stats_of(pool).ran, 2 * NR);
		CHECK_EQ(stats_of(pool).threads_lost, NR);
		CHECK_EQ(rota_group_fini(&group), 0);
		end(pool);
	}
}

static void wait_run(void *arg)
{
	struct rota_group *group = arg;

	CHECK_EQ(rota_group_init(group, rota_self()), 0);
	CHECK_EQ(rota_group_submit(group, leave_run, NULL), 0);
	rota_group_wait(group); /* helps, and so ends here, or goes on */
	atomic_fetch_add(&nr_ran, 1);
}

TEST(members_that_a_waiting_job_runs_itself)
{
	struct rota_pool *pool = make(1);
	struct rota_group groups[NR];

	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(rota_submit(pool, wait_run, &groups[i]), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&nr_left), NR);
	CHECK_EQ(stats_of(pool).ran, 2 * NR);
	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(rota_group_fini(&groups[i]), 0);
	end(pool);
}

static void *help_thread(void *group)
{
	rota_group_help(group);
	test_fail(__FILE__, __LINE__, "it did not end");
}

TEST(members_that_a_thread_from_outside_helps_with)
{
	struct rota_pool *pool = make(1);
	struct rota_group group;
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(rota_group_submit(&group, leave_run, NULL), 0);
	for (unsigned i = 0; i < NR; i++)
		thread_join(thread_start(help_thread, &group));
	CHECK_EQ(rota_group_wait_until(&group, 0), 0);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).threads_lost, 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	end(pool);
}

static void set_and_leave_run(void *arg)
{
	CHECK_EQ(rota_set_result(7), 0);
	leave_run(arg);
}

TEST(jobs_with_a_handle_or_a_key_or_a_priority)
{
	struct rota_job_options options[] = {{.size = sizeof(*options)},
			{.key = 3}, {.priority = ROTA_PRIORITY_HIGH},
			{.priority = ROTA_PRIORITY_LOW}};

	for (unsigned kind = 0; kind < 4; kind++) {
		struct rota_pool *pool = make(2);
		struct rota_handle *handles[NR];
		intptr_t result;

		for (unsigned i = 0; i < NR; i++)
			CHECK_EQ(rota_submit_with(pool, set_and_leave_run, NULL,
						 &options[kind], &handles[i]),
					0);
		for (unsigned i = 0; i < NR; i++) {
			CHECK_EQ(rota_handle_wait_until(handles[i],
						 in_ms(TEST_WAIT_MS), &result),
					0);
			CHECK_EQ(result, 7);
			rota_handle_unref(handles[i]);
		}
		check_rest(pool);
		CHECK_EQ(stats_of(pool).ran, NR);
		CHECK_EQ(stats_of(pool).dropped, 0);
		end(pool);
	}
}

static void work_leave_run(struct rota_work *work)
{
	(void)work;
	leave_run(NULL);
}

static intptr_t completion_leave_run(void *arg)
{
	leave_run(arg);
	return 1;
}

TEST(intrusive_jobs_and_completions)
{
	struct rota_work work = {.run = work_leave_run};
	struct rota_completion completion;
	struct rota_pool *pool = make(2);
	struct rota_completions *cq;

	CHECK_EQ(rota_completions_create(1, &cq), 0);
	for (unsigned i = 0; i < NR; i++) {
		CHECK_EQ(rota_submit_job(pool, &work), 0);
		CHECK_EQ(rota_completions_submit(cq, pool, completion_leave_run,
					 NULL, &work),
				0);
		check_rest(pool);
		CHECK_EQ(rota_completions_reap(cq, &completion, 1), 1);
		CHECK(completion.tag == &work);
		CHECK_EQ(completion.result, 0);
		CHECK_EQ(completion.dropped, 0);
	}
	CHECK_EQ(rota_completions_destroy(cq), 0);
	end(pool);
}

TEST(timers_beat_on_and_may_be_stopped)
{
	struct rota_pool *pool = make(1);
	struct rota_timer *timer;

	CHECK_EQ(rota_timer_start(pool, leave_run, NULL, 0, NS_PER_MS, &timer),
			0);
	CHECK_EQ(rota_submit_at(pool, leave_run, NULL, 1), 0);
	CHECK(wait_until(atomic_load(&nr_left) > NR, TEST_WAIT_MS));
	CHECK_EQ(rota_timer_stop(timer, in_ms(TEST_WAIT_MS)), 0);
	end(pool);
}

static struct rota_pool *full;

static void *submit_thread(void *arg)
{
	CHECK_EQ(rota_submit(full, leave_run, arg), 0);
	test_fail(__FILE__, __LINE__, "it did not end");
}

TEST(jobs_that_run_on_their_submitter)
{
	struct blocker blocker;

	full = make_pool(1, 1, ROTA_FULL_CALLER_RUNS);
	blocker_hold(&blocker, full);
	CHECK_EQ(rota_submit(full, count_run, &nr_ran), 0);
	for (unsigned i = 0; i < NR; i++)
		thread_join(thread_start(submit_thread, NULL));
	CHECK_EQ(stats_of(full).ran_inline, NR);
	CHECK_EQ(stats_of(full).threads_lost, 0);
	blocker_release(&blocker);
	end(full);
}

static atomic_uint nr_pieces;

static void piece_run(void *arg, size_t first, size_t end_)
{
	(void)end_;
	atomic_fetch_add(&nr_pieces, 1);
	if (first == *(size_t *)arg)
		leave_run(NULL);
	sleep_ns(10000);
}

static void *loop_thread(void *pool)
{
	size_t leave_at = 0; /* its own first one */

	rota_parallel_for(pool, 0, 1000, 10, piece_run, &leave_at);
	return NULL; /* a worker was faster */
}

TEST(loops)
{
	struct rota_pool *pool = make(2);
	size_t leave_at = 500;

	for (unsigned i = 0; i < NR; i++) {
		atomic_store(&nr_pieces, 0);
		thread_join(thread_start(loop_thread, pool));
		CHECK(atomic_load(&nr_pieces) >= 1);
		leave_at = 10 * i;
	}
	CHECK(leave_at > 0);
	end(pool);
}
