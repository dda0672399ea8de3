/* SPDX-License-Identifier: MIT */
/* Each kind of job, queued when its pool is forked: dropped once in the child, with
 * what belongs to it; run once in the parent. */
#include <string.h>

#include "forked.h"

enum { NR = 300 }; /* of each kind: more than a worker has places for */

static void count_payload_run(void *payload)
{
	CHECK(!memcmp(payload, "abc", 4));
	count_run(&nr_ran);
}

static void payload_drop(void *payload, enum rota_drop_reason reason)
{
	CHECK(!memcmp(payload, "abc", 4));
	drop(NULL, reason);
}

struct work {
	struct rota_work work;
	unsigned nr;
};

static void work_count_run(struct rota_work *work)
{
	((struct work *)work)->nr++;
	count_run(&nr_ran);
}

static void work_count_drop(
		struct rota_work *work, enum rota_drop_reason reason)
{
	((struct work *)work)->nr++;
	drop(NULL, reason);
}

static intptr_t completion_run(void *arg)
{
	count_run(arg);
	return 5;
}

/* What is queued: in the parent it runs, in the child it is dropped. */
struct queued {
	struct rota_pool *pool;
	struct rota_group group;
	struct rota_handle *handles[NR];
	struct rota_completions *cq;
	struct work works[NR];
	unsigned nr;	    /* jobs */
	unsigned nr_silent; /* of these, jobs of cq */
};

static struct queued q;

static void queue_plain(void)
{
	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(rota_submit(q.pool, count_run, &nr_ran), 0);
	q.nr += NR;
}

static void queue_copies(void)
{
	char large[4096] = "abc";

	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(rota_submit_copy(q.pool, count_payload_run,
					 payload_drop, large,
					 i % 2 ? 4 : sizeof(large)),
				0);
	q.nr += NR;
}

static void queue_works(void)
{
	for (unsigned i = 0; i < NR; i++) {
		q.works[i].work.run = work_count_run;
		q.works[i].work.drop = work_count_drop;
		CHECK_EQ(rota_submit_job(q.pool, &q.works[i].work), 0);
	}
	q.nr += NR;
}

static void *queue_of_group_thread(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(rota_group_submit(&q.group, count_run, &nr_ran), 0);
	return NULL;
}

static void queue_groups(void)
{
	CHECK_EQ(rota_group_init(&q.group, q.pool), 0);
	queue_of_group_thread(NULL);
	thread_join(thread_start(queue_of_group_thread, NULL));
	q.nr += 2 * NR;
}

static void queue_with(struct rota_job_options options, bool has_handle)
{
	options.drop = drop;
	for (unsigned i = 0; i < NR; i++) {
		if (options.key)
			options.key = 1 + i % 7;
		CHECK_EQ(rota_submit_with(q.pool, count_run, &nr_ran, &options,
					 has_handle ? &q.handles[i] : NULL),
				0);
	}
	q.nr += NR;
}

static void queue_completions(void)
{
	CHECK_EQ(rota_completions_create(NR, &q.cq), 0);
	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(rota_completions_submit(q.cq, q.pool, completion_run,
					 &nr_ran, NULL),
				0);
	q.nr += NR;
	q.nr_silent += NR;
}

static void queue_all(struct rota_pool *pool)
{
	struct rota_job_options options = {.size = sizeof(options)};

	q.pool = pool;
	queue_plain();
	queue_copies();
	queue_works();
	queue_groups();
	queue_with(options, true);
	options.deadline_ns = in_ms(3600000);
	queue_with(options, false);
	options.key = 1;
	queue_with(options, false);
	options.key = 0;
	options.priority = ROTA_PRIORITY_HIGH;
	queue_with(options, false);
	options.priority = ROTA_PRIORITY_LOW;
	queue_with(options, false);
	queue_completions();
}

static void check_things_of_child(void)
{
	for (unsigned i = 0; i < NR; i++) {
		intptr_t result = 0;

		CHECK_EQ(q.works[i].nr, 1);
		CHECK_EQ(q.works[i].work.state, 0);
		CHECK_EQ(rota_handle_wait_until(q.handles[i], ROTA_NO_DEADLINE,
					 &result),
				-ECANCELED);
		CHECK_EQ(result, ROTA_DROP_FORK);
		CHECK_EQ(rota_handle_cancel(q.handles[i]), -EALREADY);
		rota_handle_unref(q.handles[i]);
	}
	CHECK_EQ(rota_group_submit(&q.group, count_run, &nr_ran), -EOWNERDEAD);
	CHECK_EQ(rota_group_wait(&q.group), -EOWNERDEAD);
	CHECK_EQ(rota_group_help(&q.group), -EOWNERDEAD);
	CHECK_EQ(rota_group_cancel(&q.group), -EOWNERDEAD);
	CHECK_EQ(rota_group_fini(&q.group), 0);
	CHECK_EQ(rota_group_fini(&q.group), -EINVAL);
	CHECK_EQ(rota_completions_reap(q.cq, NULL, 0), -EOWNERDEAD);
}

/* With new things of each kind, which may lie where the old ones did. */
static void use_all(struct rota_pool *pool)
{
	memset(&q, 0, sizeof(q));
	atomic_store(&nr_ran, 0);
	queue_all(pool);
	CHECK_EQ(rota_group_wait(&q.group), 0);
	CHECK_EQ(rota_group_fini(&q.group), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&nr_ran), q.nr);
	for (unsigned i = 0; i < NR; i++) {
		CHECK_EQ(rota_handle_poll(q.handles[i], NULL), 0);
		rota_handle_unref(q.handles[i]);
	}
}

static void check_things_of_parent(void)
{
	struct rota_completion completions[NR];

	CHECK_EQ(rota_group_wait(&q.group), 0);
	check_rest(q.pool);
	CHECK_EQ(atomic_load(&nr_ran), q.nr);
	CHECK_EQ(atomic_load(&nr_dropped), 0);
	CHECK_EQ(rota_group_fini(&q.group), 0);
	for (unsigned i = 0; i < NR; i++) {
		CHECK_EQ(q.works[i].nr, 1);
		CHECK_EQ(rota_handle_poll(q.handles[i], NULL), 0);
		rota_handle_unref(q.handles[i]);
	}
	CHECK_EQ(rota_completions_reap(q.cq, completions, NR), NR);
	CHECK_EQ(completions[0].result, 5);
	CHECK_EQ(rota_completions_destroy(q.cq), 0);
}

static void fork_all(bool is_paused_before)
{
	struct rota_pool *pool = make(3, 0);
	pid_t pid;

	CHECK_EQ(rota_pool_pause(pool, ROTA_NO_DEADLINE), 0);
	if (!is_paused_before) {
		CHECK_EQ(rota_fork_prepare(pool, ROTA_NO_DEADLINE), 0);
		queue_all(pool);
		pid = TEST_TSAN ? -1 : fork();
		if (pid)
			CHECK_EQ(rota_fork_parent(pool), 0);
		else
			CHECK_EQ(rota_fork_child(pool), 0);
	} else {
		queue_all(pool);
		pid = TEST_TSAN ? -1 : fork_with(pool);
	}
	if (!pid) {
		alarm(15 * TEST_SLOW);
		check_new(pool, q.nr - q.nr_silent);
		CHECK_EQ(stats_of(pool).dropped, q.nr);
		check_things_of_child();
		CHECK_EQ(rota_pool_resume(pool), 0);
		use_all(pool);
		CHECK_EQ(rota_pool_destroy(pool), 0);
		_exit(0);
	}
	if (pid > 0)
		check_child(pid);
	CHECK_EQ(rota_pool_resume(pool), 0);
	check_things_of_parent();
	end_pool(pool);
}

TEST(each_kind_of_job_that_a_pause_holds_is_dropped_once)
{
	fork_all(true);
}

TEST(each_kind_of_job_that_is_submitted_while_prepared_is_dropped_once)
{
	fork_all(false);
}

static void queue_delayed(struct rota_pool *pool, struct rota_timer **timers)
{
	for (unsigned i = 0; i < NR; i++) {
		uint64_t when_ns = in_ms(1000000 + i * 7919 % NR);

		CHECK_EQ(rota_submit_at(pool, count_run, &nr_ran, when_ns), 0);
		CHECK_EQ(rota_timer_start(pool, count_run, &nr_ran, when_ns,
					 NS_PER_MS, &timers[i]),
				0);
		if (i % 3 == 0)
			CHECK_EQ(rota_timer_stop(timers[i], 0), 0);
	}
}

TEST(delayed_jobs_are_dropped_and_timers_may_be_stopped)
{
	struct rota_pool *pool = make(2, 0);
	struct rota_timer *timers[NR];
	pid_t pid;

	need_threads_after_fork();
	queue_delayed(pool, timers);
	pid = fork_with(pool);
	if (!pid)
		check_new(pool, NR);
	for (unsigned i = 0; i < NR; i++)
		if (i % 3)
			CHECK_EQ(rota_timer_stop(timers[i], ROTA_NO_DEADLINE),
					0);
	if (!pid) {
		CHECK_EQ(rota_submit_at(pool, count_run, &nr_ran, in_ms(1)), 0);
		CHECK(wait_until(atomic_load(&nr_ran) == 1, TEST_WAIT_MS));
		use_up(pool);
	}
	check_child(pid);
	expected = ROTA_DROP_SHUTDOWN;
	end_pool(pool);
	CHECK_EQ(atomic_load(&nr_dropped), NR);
}

TEST(a_beat_goes_on_in_the_parent_alone)
{
	struct rota_pool *pool = make(2, 0);
	struct rota_timer *timer;
	pid_t pid;

	need_threads_after_fork();
	CHECK_EQ(rota_timer_start(pool, count_run, &nr_ran, 0, NS_PER_MS / 10,
				 &timer),
			0);
	for (unsigned round = 0; round < 20; round++) {
		pid = fork_with(pool);
		if (!pid) {
			atomic_store(&nr_ran, 0);
			CHECK_EQ(rota_timer_stop(timer, ROTA_NO_DEADLINE), 0);
			use(pool);
			sleep_ns(NS_PER_MS);
			CHECK_EQ(atomic_load(&nr_ran), 100);
			CHECK_EQ(rota_pool_destroy(pool), 0);
			_exit(0);
		}
		check_child(pid);
		atomic_store(&nr_ran, 0);
		CHECK(wait_until(atomic_load(&nr_ran) > 1, TEST_WAIT_MS));
	}
	CHECK_EQ(rota_timer_stop(timer, ROTA_NO_DEADLINE), 0);
	end_pool(pool);
}

TEST(due_jobs_that_wait_for_room_are_dropped_too)
{
	struct rota_options options = options_of(1, 2);
	struct rota_pool *pool;
	struct rota_timer *timer;
	unsigned before;
	pid_t pid;

	need_threads_after_fork();
	options.full_policy = ROTA_FULL_BLOCK;
	pool = make_pool_with(&options);
	CHECK_EQ(rota_pool_pause(pool, ROTA_NO_DEADLINE), 0);
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(rota_submit_at(pool, count_run, &nr_ran, 1 + i), 0);
	CHECK_EQ(rota_timer_start(pool, count_run, &nr_ran, 5, 0, &timer), 0);
	CHECK(wait_until(stats_of(pool).submit_waits > 0, TEST_WAIT_MS));
	for (unsigned round = 0; round < 3; round++) {
		pid = fork_with(pool);
		if (!pid) {
			/* the timer's run is a job if it was queued */
			before = atomic_load(&nr_dropped);
			CHECK(before == 10 || before == 11);
			check_new(pool, before);
			CHECK_EQ(rota_timer_stop(timer, ROTA_NO_DEADLINE), 0);
			CHECK_EQ(rota_pool_resume(pool), 0);
			use_up(pool);
		}
		check_child(pid);
	}
	CHECK_EQ(rota_pool_resume(pool), 0);
	CHECK(wait_until(atomic_load(&nr_ran) == 11, TEST_WAIT_MS));
	CHECK_EQ(rota_timer_stop(timer, ROTA_NO_DEADLINE), 0);
	check_rest(pool);
	end_pool(pool);
}
