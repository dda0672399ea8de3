/* SPDX-License-Identifier: MIT */
/* Pools are independent of each other and leave nothing behind. */
#include <errno.h>

#include "../support.h"

TEST(destroying_one_pool_leaves_the_other_working)
{
	struct rota_pool *a = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_pool *b = make_pool(2, 0, ROTA_FULL_FAIL);
	atomic_uint ran = 0;
	struct blocker blocker;
	int i;

	blocker_hold(&blocker, b);
	for (i = 0; i < 100; i++)
		CHECK_EQ(rota_submit(b, count_run, &ran), 0);
	end_pool(a);
	blocker_release(&blocker);
	check_rest(b);
	CHECK_EQ(atomic_load(&ran), 100);
	for (i = 0; i < 1000; i++) {
		CHECK_EQ(rota_submit(b, count_run, &ran), 0);
		if (i % 50 == 0)
			wait_all_parked(b); /* and wakes again */
	}
	check_rest(b);
	CHECK_EQ(atomic_load(&ran), 1100);
	end_pool(b);
}

struct relay {
	struct rota_pool *from;
	struct rota_pool *to;
	atomic_uint nr;
};

static void arrive_run(void *arg)
{
	struct relay *relay = arg;

	CHECK(rota_self() == relay->to);
	CHECK(rota_worker_index() >= 0);
	atomic_fetch_add(&relay->nr, 1);
}

static void relay_run(void *arg)
{
	struct relay *relay = arg;

	CHECK(rota_self() == relay->from);
	CHECK_EQ(rota_submit(relay->to, arrive_run, relay), 0);
	CHECK(rota_self() == relay->from);
}

TEST(a_job_of_one_pool_submits_to_another)
{
	struct relay relay = {
			.from = make_pool(2, 0, ROTA_FULL_FAIL),
			.to = make_pool(2, 4, ROTA_FULL_BLOCK),
	};
	int i;

	for (i = 0; i < 5000; i++)
		CHECK_EQ(rota_submit(relay.from, relay_run, &relay), 0);
	check_rest(relay.from);
	check_rest(relay.to);
	CHECK_EQ(atomic_load(&relay.nr), 5000);
	end_pool(relay.from);
	end_pool(relay.to);
}

static void own_pool_run(void *arg)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	int i;

	for (i = 0; i < 20; i++)
		CHECK_EQ(rota_submit(pool, count_run, arg), 0);
	CHECK(rota_self() != pool);
	end_pool(pool);
}

TEST(a_job_may_create_and_destroy_a_pool_of_its_own)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	atomic_uint ran = 0;
	int i;

	for (i = 0; i < 20; i++)
		CHECK_EQ(rota_submit(pool, own_pool_run, &ran), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), 400);
	end_pool(pool);
}

static void live_once(unsigned workers)
{
	struct rota_pool *pool = make_pool(workers, 0, ROTA_FULL_FAIL);
	atomic_uint ran = 0;
	int i;

	for (i = 0; i < 20; i++) {
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		CHECK_EQ(rota_submit_copy(pool, nothing_run, NULL, "x", 1), 0);
	}
	end_pool(pool);
	CHECK_EQ(atomic_load(&ran), 20);
}

TEST(a_thousand_pools_leave_no_thread_no_file_and_no_memory)
{
	unsigned threads, fds, maps;
	long resident;
	int i;

	for (i = 0; i < 100; i++)
		live_once(1 + (unsigned)i % 4);
	threads = nr_threads();
	fds = nr_fds();
	maps = nr_maps();
	resident = resident_bytes();
	for (i = 0; i < 1000; i++)
		live_once(1 + (unsigned)i % 4);
	CHECK(wait_until(nr_threads() <= threads, 2000));
	CHECK_EQ(nr_fds(), fds);
	if (TEST_ASAN || TEST_TSAN)
		return; /* their own memory grows; LeakSanitizer watches */
	CHECK(nr_maps() <= maps + 16);
	CHECK(resident_bytes() <= resident + (1 << 20));
}

TEST(the_memory_of_a_burst_is_given_back)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct blocker blocker;
	long before;
	int i;

	before = resident_bytes();
	blocker_hold(&blocker, pool);
	for (i = 0; i < 1000000; i++)
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	blocker_release(&blocker);
	check_rest(pool);
	end_pool(pool);
	if (TEST_ASAN || TEST_TSAN)
		return;
	CHECK(resident_bytes() <= before + (4 << 20));
}
