/* SPDX-License-Identifier: MIT */
/* The submit family: once each, in order, refused with the right code. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../support.h"

enum { NR_JOBS = 20000 };

TEST(every_accepted_job_runs_exactly_once)
{
	struct rota_pool *pool = make_pool(4, 0, ROTA_FULL_FAIL);
	atomic_uint *counts = calloc(NR_JOBS, sizeof(*counts));
	int i;

	for (i = 0; i < NR_JOBS; i++)
		CHECK_EQ(rota_submit(pool, count_run, &counts[i]), 0);
	check_rest(pool);
	for (i = 0; i < NR_JOBS; i++)
		CHECK_EQ(atomic_load(&counts[i]), 1);
	CHECK_EQ(stats_of(pool).ran, NR_JOBS);
	CHECK_EQ(stats_of(pool).dropped, 0);
	end_pool(pool);
	free(counts);
}

struct ordered {
	unsigned next; /* plain: one worker writes, rest is read after drain */
};

struct place {
	struct ordered *ordered;
	unsigned place;
};

static void ordered_run(void *arg)
{
	struct place *place = arg;

	CHECK_EQ(place->ordered->next, place->place);
	place->ordered->next++;
}

TEST(one_worker_starts_jobs_in_order_while_the_queue_grows)
{
	enum { NR = 100000 };
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct place *places = calloc(NR, sizeof(*places));
	struct ordered ordered = {0};
	struct blocker blocker;
	unsigned i;

	blocker_hold(&blocker, pool);
	for (i = 0; i < NR; i++) {
		places[i] = (struct place){&ordered, i};
		CHECK_EQ(rota_submit(pool, ordered_run, &places[i]), 0);
	}
	CHECK_EQ(stats_of(pool).queued, NR);
	CHECK_EQ(stats_of(pool).running, 1);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(ordered.next, NR);
	end_pool(pool);
	free(places);
}

struct message {
	unsigned char bytes[200]; /* plain: submit and drain must order them */
	unsigned sum;
};

static void message_run(void *arg)
{
	struct message *message = arg;
	size_t i;

	for (i = 0; i < sizeof(message->bytes); i++)
		message->sum += message->bytes[i];
}

TEST(writes_before_submit_reach_the_job_and_its_writes_reach_the_drainer)
{
	static struct message messages[2000];
	struct rota_pool *pool = make_pool(4, 0, ROTA_FULL_FAIL);
	size_t i;

	for (i = 0; i < 2000; i++) {
		memset(messages[i].bytes, (int)(i & 0xff), 200);
		CHECK_EQ(rota_submit(pool, message_run, &messages[i]), 0);
	}
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
	for (i = 0; i < 2000; i++)
		CHECK_EQ(messages[i].sum, 200 * (i & 0xff));
	end_pool(pool);
}

TEST(submit_without_a_pool_or_a_function_is_refused)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_job jobs[2] = {{nothing_run, NULL}, {NULL, NULL}};
	size_t accepted = 77;

	CHECK_EQ(rota_submit(pool, NULL, NULL), -EINVAL);
	CHECK_EQ(rota_try_submit(pool, NULL, NULL), -EINVAL);
	CHECK_EQ(rota_submit_until(pool, NULL, NULL, 0), -EINVAL);
	CHECK_EQ(rota_submit_copy(pool, NULL, NULL, "x", 1), -EINVAL);
	CHECK_EQ(rota_submit_many(pool, jobs, 2, &accepted), -EINVAL);
	CHECK_EQ(accepted, 77);
	CHECK_EQ(rota_submit(NULL, nothing_run, NULL), -EINVAL);
	CHECK_EQ(rota_try_submit(NULL, nothing_run, NULL), -EINVAL);
	CHECK_EQ(rota_submit_until(NULL, nothing_run, NULL, 0), -EINVAL);
	CHECK_EQ(rota_submit_copy(NULL, nothing_run, NULL, "x", 1), -EINVAL);
	CHECK_EQ(rota_submit_many(NULL, jobs, 1, &accepted), -EINVAL);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).submitted, 0);
	end_pool(pool);
}

TEST(submit_after_close_is_refused_and_what_is_queued_runs)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	atomic_uint count = 0, never = 0;
	struct rota_job job = {count_run, &never};
	struct blocker blocker;
	size_t accepted = 77;
	int i;

	blocker_hold(&blocker, pool);
	for (i = 0; i < 10; i++)
		CHECK_EQ(rota_submit(pool, count_run, &count), 0);
	CHECK_EQ(rota_pool_close(pool), 0);
	CHECK_EQ(rota_pool_close(pool), 0);
	CHECK_EQ(rota_submit(pool, count_run, &never), -ESHUTDOWN);
	CHECK_EQ(rota_try_submit(pool, count_run, &never), -ESHUTDOWN);
	CHECK_EQ(rota_submit_until(pool, count_run, &never, ROTA_NO_DEADLINE),
			-ESHUTDOWN);
	CHECK_EQ(rota_submit_copy(pool, count_run, NULL, "x", 1), -ESHUTDOWN);
	CHECK_EQ(rota_submit_many(pool, &job, 1, &accepted), -ESHUTDOWN);
	CHECK_EQ(accepted, 77);
	CHECK_EQ(stats_of(pool).queued, 10);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(atomic_load(&count), 10);
	CHECK_EQ(atomic_load(&never), 0);
	CHECK_EQ(stats_of(pool).submitted, 11);
	end_pool(pool);
	CHECK_EQ(rota_pool_close(NULL), -EINVAL);
}

TEST(submit_leaves_errno_alone)
{
	struct rota_pool *pool = make_pool(2, 1, ROTA_FULL_FAIL);
	int i;

	for (i = 0; i < 1000; i++) {
		errno = EXDEV;
		(void)rota_submit(pool, nothing_run, NULL);
		CHECK_EQ(errno, EXDEV);
	}
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
	CHECK_EQ(errno, EXDEV);
	end_pool(pool);
}
