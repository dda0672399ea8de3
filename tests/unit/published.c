/* SPDX-License-Identifier: MIT */
/* What one side wrote, the other one sees. What must be ordered is plain memory,
 * and what only says how far a case is is relaxed: so a race detector sees each
 * order that the library owes and does not keep. */
#include <errno.h>
#include <sched.h>

#include "../../runtime/pool.h"
#include "../support.h"

enum { NR = 100 }; /* a lane holds them */

/* Says nothing but that it is so. */
static void say(atomic_uint *word)
{
	atomic_fetch_add_explicit(word, 1, memory_order_relaxed);
}

static void await(atomic_uint *word, unsigned nr)
{
	uint64_t end = in_ms(TEST_WAIT_MS);

	while (atomic_load_explicit(word, memory_order_relaxed) < nr) {
		CHECK(now_ns() < end);
		sched_yield();
	}
}

/* A job that holds a worker, awake and on no lock. */
struct hold {
	atomic_uint begun, may_end;
};

static void hold_run(void *arg)
{
	struct hold *hold = arg;

	say(&hold->begun);
	await(&hold->may_end, 1);
}

static void hold_worker(struct hold *hold, struct rota_pool *pool)
{
	*hold = (struct hold){0};
	CHECK_EQ(rota_submit(pool, hold_run, hold), 0);
	await(&hold->begun, 1);
}

struct message {
	unsigned number, answer;
};

static atomic_uint nr_answers;

static void answer_run(void *arg)
{
	struct message *message = arg;

	message->answer = message->number + 1;
	say(&nr_answers);
}

static void write_messages(struct message *messages)
{
	for (unsigned i = 0; i < NR; i++)
		messages[i] = (struct message){i, 0};
}

static void check_answers(const struct message *messages)
{
	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(messages[i].answer, i + 1);
}

static void let_all_answer(struct hold *hold, struct rota_pool *pool,
		struct message *messages)
{
	say(&hold->may_end);
	await(&nr_answers, NR); /* a close would order it */
	end_pool(pool);
	check_answers(messages);
}

TEST(a_job_sees_what_was_written_before_its_submit)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	static struct message messages[NR];
	struct hold hold;

	hold_worker(&hold, pool);
	for (unsigned i = 0; i < NR; i++) {
		messages[i] = (struct message){i, 0};
		CHECK_EQ(rota_submit(pool, answer_run, &messages[i]), 0);
	}
	let_all_answer(&hold, pool, messages);
}

TEST(jobs_see_what_was_written_before_they_were_submitted_at_once)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	static struct message messages[NR];
	static struct rota_job jobs[NR];
	struct hold hold;
	size_t accepted;

	hold_worker(&hold, pool);
	write_messages(messages);
	for (unsigned i = 0; i < NR; i++)
		jobs[i] = (struct rota_job){answer_run, &messages[i]};
	CHECK_EQ(rota_submit_many(pool, jobs, NR, &accepted), 0);
	CHECK_EQ(accepted, NR);
	let_all_answer(&hold, pool, messages);
}

TEST(who_sees_that_jobs_have_run_sees_what_they_wrote)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	static struct message messages[NR];
	uint64_t end = in_ms(TEST_WAIT_MS);

	write_messages(messages);
	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(rota_submit(pool, answer_run, &messages[i]), 0);
	while (!pool_is_at_rest(pool)) { /* as a drain looks */
		CHECK(now_ns() < end);
		sched_yield();
	}
	check_answers(messages);
	end_pool(pool);
}

TEST(who_sees_that_a_group_is_over_sees_what_its_members_wrote)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	static struct message messages[NR];
	struct hold before, after;
	struct rota_group group;

	CHECK_EQ(rota_group_init(&group, pool), 0);
	hold_worker(&before, pool);
	write_messages(messages);
	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(rota_group_submit(&group, answer_run, &messages[i]),
				0);
	after = (struct hold){0};
	CHECK_EQ(rota_submit(pool, hold_run, &after), 0);
	say(&before.may_end);
	await(&after.begun, 1);
	CHECK_EQ(rota_group_wait_until(&group, 0), 0);
	check_answers(messages);
	CHECK_EQ(rota_group_fini(&group), 0);
	say(&after.may_end);
	end_pool(pool);
}

struct adder {
	struct rota_group *group;
	struct message *message;
	atomic_uint done;
};

static void *add_member(void *arg)
{
	struct adder *adder = arg;

	CHECK_EQ(rota_group_submit(adder->group, answer_run, adder->message),
			0);
	say(&adder->done);
	return NULL;
}

/* The one that has a ticket of another member finds it in a queue that is new. */
TEST(a_queue_of_a_group_is_seen_as_it_was_made)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct message first = {0}, second = {1, 0};
	struct rota_group group;
	struct adder adder = {&group, &second, 0};
	struct hold hold = {0};
	pthread_t thread;

	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_group_submit(&group, hold_run, &hold), 0);
	CHECK_EQ(rota_group_submit(&group, answer_run, &first), 0);
	await(&hold.begun, 1);
	CHECK(rota_group_help(&group) >= 0);
	thread = thread_start(add_member, &adder);
	await(&adder.done, 1);
	say(&hold.may_end);
	CHECK_EQ(rota_group_wait_until(&group, in_ms(TEST_WAIT_MS)), 0);
	CHECK_EQ(second.answer, 2);
	thread_join(thread);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}

struct timed {
	atomic_uint begun, may_end;
	unsigned nr_runs; /* plain */
};

static void timed_run(void *arg)
{
	struct timed *timed = arg;

	say(&timed->begun);
	await(&timed->may_end, 1);
	timed->nr_runs++;
}

TEST(who_stopped_a_timer_sees_what_its_last_run_wrote)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);

	for (unsigned i = 0; i < 100; i++) {
		struct timed timed = {0};
		struct rota_timer *timer;

		CHECK_EQ(rota_timer_start(pool, timed_run, &timed, 0,
					 3600000 * NS_PER_MS, &timer),
				0);
		await(&timed.begun, 1);
		CHECK_EQ(rota_timer_stop(timer, 0), -EBUSY);
		say(&timed.may_end);
		CHECK_EQ(rota_timer_stop(timer, in_ms(TEST_WAIT_MS)), 0);
		CHECK_EQ(timed.nr_runs, 1);
	}
	end_pool(pool);
}

struct again {
	struct rota_work work;
	struct hold hold;
	atomic_uint nr_runs;
};

static void run_second(struct rota_work *work)
{
	(void)work;
}

static void run_again(struct rota_work *work)
{
	struct again *again = (struct again *)work;

	if (atomic_fetch_add_explicit(
			    &again->nr_runs, 1, memory_order_relaxed)) {
		work->run = run_second; /* nobody else may have it now */
		return;
	}
	hold_run(&again->hold);
}

TEST(a_run_that_changes_its_job_is_after_who_read_it_before)
{
	struct rota_pool *pool = make_pool(1, 1, ROTA_FULL_CALLER_RUNS);
	struct again again = {.work = {.run = run_again}};

	CHECK_EQ(rota_submit_job(pool, &again.work), 0);
	await(&again.hold.begun, 1);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0); /* it is full */
	CHECK_EQ(rota_submit_job(pool, &again.work), 0);
	CHECK(again.work.run == run_second);
	say(&again.hold.may_end);
	end_pool(pool);
}

struct inline_job {
	struct rota_pool *pool;
	atomic_uint begun;
	unsigned nr_done; /* plain */
};

static void inline_run(void *arg)
{
	struct inline_job *job = arg;

	say(&job->begun);
	sleep_ns(20 * NS_PER_MS);
	job->nr_done++;
}

static void *submit_inline(void *arg)
{
	struct inline_job *job = arg;

	CHECK_EQ(rota_submit(job->pool, inline_run, job), 0);
	return NULL;
}

TEST(who_destroyed_a_pool_sees_what_its_last_caller_did)
{
	struct inline_job job = {
			.pool = make_pool(1, 1, ROTA_FULL_CALLER_RUNS)};
	struct hold hold;
	pthread_t thread;

	hold_worker(&hold, job.pool);
	CHECK_EQ(rota_submit(job.pool, nothing_run, NULL), 0);
	thread = thread_start(submit_inline, &job);
	await(&job.begun, 1);
	say(&hold.may_end);
	end_pool(job.pool);
	CHECK_EQ(job.nr_done, 1);
	thread_join(thread);
}
