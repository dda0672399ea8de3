/* SPDX-License-Identifier: MIT */
/* A full bounded pool: its exact capacity, and who waits for room. */
#include <errno.h>

#include "../support.h"

TEST(the_capacity_is_exactly_usable_again_and_again)
{
	static const unsigned capacities[] = {1, 2, 3, 4, 5, 7, 8, 100};
	struct rng rng;
	size_t c;

	rng_init(&rng, 1);
	for (c = 0; c < sizeof(capacities) / sizeof(*capacities); c++) {
		unsigned capacity = capacities[c], round, i, extra;
		struct rota_pool *pool = make_pool(1, capacity, ROTA_FULL_FAIL);

		for (round = 0; round < 20; round++) {
			atomic_uint ran = 0;
			struct blocker blocker;

			blocker_hold(&blocker, pool);
			for (i = 0; i < capacity; i++)
				CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
			CHECK_EQ(stats_of(pool).queued, capacity);
			for (i = 0; i < 3; i++)
				CHECK_EQ(rota_submit(pool, count_run, &ran),
						-EAGAIN);
			blocker_release(&blocker);
			check_rest(pool);
			CHECK_EQ(atomic_load(&ran), capacity);
			/* start the next round at another slot */
			extra = rng_below(&rng, capacity + 1);
			for (i = 0; i < extra; i++) {
				CHECK_EQ(rota_submit(pool, nothing_run, NULL),
						0);
				check_rest(pool);
			}
		}
		end_pool(pool);
	}
}

TEST(one_slot_freed_takes_exactly_one_more_job)
{
	struct rota_pool *pool = make_pool(1, 3, ROTA_FULL_FAIL);
	struct blocker blockers[40];
	unsigned i;

	blocker_hold(&blockers[0], pool);
	for (i = 1; i <= 3; i++) {
		blocker_init(&blockers[i]);
		CHECK_EQ(rota_submit(pool, blocker_run, &blockers[i]), 0);
	}
	for (i = 0; i + 4 < 40; i++) {
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), -EAGAIN);
		blocker_release(&blockers[i]);
		latch_wait(&blockers[i + 1].entered);
		blocker_init(&blockers[i + 4]);
		CHECK_EQ(rota_submit(pool, blocker_run, &blockers[i + 4]), 0);
	}
	for (; i < 40; i++)
		blocker_release(&blockers[i]);
	check_rest(pool);
	end_pool(pool);
}

TEST(try_submit_never_waits_whatever_the_policy)
{
	int policy;

	for (policy = ROTA_FULL_BLOCK; policy <= ROTA_FULL_DROP_OLDEST;
			policy++) {
		struct rota_pool *pool =
				make_pool(1, 2, (enum rota_full_policy)policy);
		atomic_uint ran = 0;
		struct blocker blocker;

		blocker_hold(&blocker, pool);
		CHECK_EQ(rota_try_submit(pool, count_run, &ran), 0);
		CHECK_EQ(rota_try_submit(pool, count_run, &ran), 0);
		CHECK_EQ(rota_try_submit(pool, count_run, &ran), -EAGAIN);
		CHECK_EQ(atomic_load(&ran), 0);
		blocker_release(&blocker);
		check_rest(pool);
		CHECK_EQ(atomic_load(&ran), 2);
		CHECK_EQ(stats_of(pool).dropped, 0);
		end_pool(pool);
	}
}

TEST(submit_until_times_out_at_the_deadline_and_not_before)
{
	int policy;

	for (policy = ROTA_FULL_BLOCK; policy <= ROTA_FULL_DROP_OLDEST;
			policy++) {
		struct rota_pool *pool =
				make_pool(1, 1, (enum rota_full_policy)policy);
		atomic_uint never = 0;
		struct blocker blocker;
		uint64_t deadline;

		blocker_hold(&blocker, pool);
		/* room: no need to wait, even if the deadline is long past */
		CHECK_EQ(rota_submit_until(pool, nothing_run, NULL, 0), 0);
		CHECK_EQ(rota_submit_until(pool, count_run, &never, 0),
				-ETIMEDOUT);
		deadline = in_ms(30);
		CHECK_EQ(rota_submit_until(pool, count_run, &never, deadline),
				-ETIMEDOUT);
		CHECK(now_ns() >= deadline);
		blocker_release(&blocker);
		check_rest(pool);
		CHECK_EQ(atomic_load(&never), 0);
		CHECK_EQ(stats_of(pool).submitted, 2);
		CHECK_EQ(stats_of(pool).dropped, 0);
		end_pool(pool);
	}
}

enum { NR_WAITERS = 8 };

struct waiter {
	struct rota_pool *pool;
	atomic_uint *ran;
	uint64_t deadline_ns; /* 0: rota_submit() */
	int error;
	pthread_t thread;
};

static atomic_uint nr_returned;

static void *waiter_run(void *arg)
{
	struct waiter *waiter = arg;

	if (waiter->deadline_ns)
		waiter->error = rota_submit_until(waiter->pool, count_run,
				waiter->ran, waiter->deadline_ns);
	else
		waiter->error = rota_submit(
				waiter->pool, count_run, waiter->ran);
	atomic_fetch_add(&nr_returned, 1);
	return NULL;
}

static void start_waiters(struct waiter *waiters, struct rota_pool *pool,
		atomic_uint *ran)
{
	int i;

	atomic_store(&nr_returned, 0);
	for (i = 0; i < NR_WAITERS; i++) {
		waiters[i] = (struct waiter){.pool = pool, .ran = ran};
		if (i % 3 == 1)
			waiters[i].deadline_ns = ROTA_NO_DEADLINE;
		else if (i % 3 == 2)
			waiters[i].deadline_ns = in_ms(TEST_WAIT_MS);
		waiters[i].thread = thread_start(waiter_run, &waiters[i]);
	}
	CHECK(wait_until(stats_of(pool).submit_waits >= NR_WAITERS,
			TEST_WAIT_MS));
	CHECK_EQ(atomic_load(&nr_returned), 0);
}

static void join_waiters(struct waiter *waiters, int expected)
{
	int i;

	for (i = 0; i < NR_WAITERS; i++) {
		thread_join(waiters[i].thread);
		CHECK_EQ(waiters[i].error, expected);
	}
}

TEST(blocked_submitters_all_get_in_as_room_comes)
{
	struct rota_pool *pool = make_pool(1, 2, ROTA_FULL_BLOCK);
	struct waiter waiters[NR_WAITERS];
	atomic_uint ran = 0;
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	start_waiters(waiters, pool, &ran);
	blocker_release(&blocker);
	join_waiters(waiters, 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), NR_WAITERS + 2);
	end_pool(pool);
}

TEST(close_releases_all_blocked_submitters_and_their_jobs_never_run)
{
	struct rota_pool *pool = make_pool(1, 2, ROTA_FULL_BLOCK);
	struct waiter waiters[NR_WAITERS];
	atomic_uint ran = 0, never = 0;
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	start_waiters(waiters, pool, &never);
	CHECK_EQ(rota_pool_close(pool), 0);
	join_waiters(waiters, -ESHUTDOWN);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), 2);
	CHECK_EQ(atomic_load(&never), 0);
	CHECK_EQ(stats_of(pool).submitted, 3);
	end_pool(pool);
}

TEST(discard_releases_blocked_submitters_while_a_job_is_stuck)
{
	struct rota_pool *pool = make_pool(1, 2, ROTA_FULL_BLOCK);
	struct waiter waiters[NR_WAITERS];
	struct rota_report report;
	atomic_uint never = 0;
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit(pool, count_run, &never), 0);
	CHECK_EQ(rota_submit(pool, count_run, &never), 0);
	start_waiters(waiters, pool, &never);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, in_ms(20), &report),
			-ETIMEDOUT);
	join_waiters(waiters, -ESHUTDOWN);
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DISCARD, ROTA_NO_DEADLINE, &report),
			0);
	CHECK_EQ(report.ran, 1);
	CHECK_EQ(report.dropped, 2);
	CHECK_EQ(atomic_load(&never), 0);
	end_pool(pool);
}
