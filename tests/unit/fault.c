/* SPDX-License-Identifier: MIT */
/* The k-th thread or allocation fails, for each k: an error and no trace. */
#include <errno.h>
#include <string.h>

#include "../support.h"
#include "counting.h"

enum { NR_WORKERS = 8, ENOUGH = 2000 };

TEST(whichever_thread_cannot_start_create_fails_and_leaves_nothing)
{
	struct rota_options o = {.workers = NR_WORKERS};
	unsigned before = nr_threads();
	unsigned long k;

	for (k = 1; k <= NR_WORKERS + 1; k++) {
		struct rota_pool *mark = (struct rota_pool *)(void *)&o;
		struct rota_pool *pool = mark;
		int error;

		fail_thread(k);
		error = rota_pool_create(&o, &pool);
		fail_thread(0);
		if (k <= NR_WORKERS) {
			CHECK_EQ(error, -EAGAIN);
			CHECK(pool == mark);
			CHECK(wait_until(nr_threads() == before, 2000));
		} else {
			CHECK_EQ(error, 0);
			end_pool(pool);
		}
		CHECK_EQ(nr_live(), 0);
	}
}

static atomic_uint nr_starts, nr_stops;

static int started(void *hook_arg, unsigned worker)
{
	(void)hook_arg;
	(void)worker;
	atomic_fetch_add(&nr_starts, 1);
	return 0;
}

static void stopped(void *hook_arg, unsigned worker)
{
	(void)hook_arg;
	(void)worker;
	atomic_fetch_add(&nr_stops, 1);
}

TEST(workers_that_did_start_are_stopped_when_a_later_one_cannot)
{
	struct rota_options o = {
			.workers = NR_WORKERS,
			.on_start = started,
			.on_stop = stopped,
	};
	struct rota_pool *pool;
	unsigned long k;

	for (k = 1; k <= NR_WORKERS; k++) {
		fail_thread(k);
		CHECK_EQ(rota_pool_create(&o, &pool), -EAGAIN);
		fail_thread(0);
		CHECK_EQ(atomic_load(&nr_starts), atomic_load(&nr_stops));
	}
}

/* One life of a pool; counts what was accepted, dropped and ran. */
struct life {
	unsigned capacity;
	unsigned copy_bytes;
	atomic_uint ran;
	atomic_uint nr_errors;
};

static void life_copy_run(void *arg)
{
	struct life *life;

	memcpy(&life, arg, sizeof(life));
	atomic_fetch_add(&life->ran, 1);
}

static int live(struct life *life)
{
	struct rota_options o = {
			.workers = 2,
			.capacity = life->capacity,
			.full_policy = ROTA_FULL_FAIL, /* we hold all workers */
			.name = "fault",
	};
	unsigned char payload[8192] = {0};
	struct rota_job jobs[300];
	struct rota_pool *pool = NULL;
	struct rota_report report;
	struct blocker a, b;
	unsigned accepted = 2, i;
	size_t nr = 0;
	int error = rota_pool_create(&o, &pool);

	if (error) {
		CHECK(pool == NULL);
		return error;
	}
	memcpy(payload, &life, sizeof(life));
	blocker_init(&a);
	blocker_init(&b);
	/* the first submits may need memory too: try until they got it */
	while ((error = rota_submit(pool, blocker_run, &a)) != 0)
		CHECK_EQ(error, -ENOMEM);
	while ((error = rota_submit(pool, blocker_run, &b)) != 0)
		CHECK_EQ(error, -ENOMEM);
	latch_wait(&a.entered);
	latch_wait(&b.entered);
	for (i = 0; i < 300; i++) {
		jobs[i] = (struct rota_job){count_run, &life->ran};
		error = rota_try_submit(pool, count_run, &life->ran);
		accepted += error == 0;
		CHECK(error == 0 || error == -ENOMEM || error == -EAGAIN);
		error = rota_submit_copy(pool, life_copy_run, NULL, payload,
				life->copy_bytes);
		accepted += error == 0;
		CHECK(error == 0 || error == -ENOMEM || error == -EAGAIN);
	}
	error = rota_submit_many(pool, jobs, 300, &nr);
	CHECK(error == 0 || error == -ENOMEM || error == -EAGAIN);
	accepted += (unsigned)nr;
	blocker_release(&a);
	blocker_release(&b);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).submitted, accepted);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DRAIN, ROTA_NO_DEADLINE, &report),
			0);
	CHECK_EQ(report.ran, accepted);
	CHECK_EQ(atomic_load(&life->ran), accepted - 2);
	end_pool(pool);
	return 0;
}

/* Fails each allocation of a life in turn, until one life needs no more. */
static void fail_each_allocation(unsigned capacity, unsigned copy_bytes)
{
	unsigned before = nr_threads();
	unsigned long k;
	int error;

	for (k = 1; k < ENOUGH; k++) {
		struct life life = {
				.capacity = capacity,
				.copy_bytes = copy_bytes,
		};

		fail_allocation(k);
		error = live(&life);
		CHECK(error == 0 || error == -ENOMEM || error == -EAGAIN);
		CHECK(wait_until(nr_threads() == before, 2000));
		CHECK_EQ(nr_live(), 0);
		if (!has_failed()) {
			CHECK_EQ(error, 0);
			break;
		}
		fail_allocation(0);
	}
	CHECK(k > 1 && k < ENOUGH);
	test_note("%lu allocations, each failed once", k - 1);
}

TEST_WITHIN(whichever_allocation_fails_an_unbounded_pool_stays_balanced, 60)
{
	fail_each_allocation(0, ROTA_COPY_INLINE);
}

TEST_WITHIN(whichever_allocation_fails_a_bounded_pool_stays_balanced, 60)
{
	fail_each_allocation(40, ROTA_COPY_INLINE);
}

TEST_WITHIN(whichever_allocation_fails_large_copies_stay_balanced, 60)
{
	fail_each_allocation(10, 8192);
}
