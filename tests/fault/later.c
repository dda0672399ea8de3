/* SPDX-License-Identifier: MIT */
/* What jobs for later need is not there: at the start, or when they are due. */
#include "../support.h"
#include "inject.h"

TEST(a_timer_thread_that_cannot_start_is_an_error_and_leaves_nothing)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_timer *mark = (struct rota_timer *)(void *)pool;
	struct rota_timer *timer = mark;
	unsigned before = nr_threads();
	long live = inject_nr_live();
	atomic_uint ran = 0;

	errno = 77;
	inject(INJECT_pthread_create, 1, 2, EAGAIN);
	CHECK_EQ(rota_submit_at(pool, count_run, &ran, 0), -EAGAIN);
	CHECK_EQ(rota_timer_start(pool, count_run, &ran, 0, 1, &timer),
			-EAGAIN);
	inject(INJECT_malloc, 1, 2, ENOMEM);
	CHECK_EQ(rota_submit_at(pool, count_run, &ran, 0), -ENOMEM);
	CHECK_EQ(rota_timer_start(pool, count_run, &ran, 0, 1, &timer),
			-ENOMEM);
	CHECK_EQ(errno, 77);
	CHECK(timer == mark);
	CHECK_EQ(nr_threads(), before);
	CHECK_EQ(inject_nr_live(), live);
	CHECK_EQ(rota_submit_at(pool, count_run, &ran, 0), 0);
	CHECK(wait_until(atomic_load(&ran) == 1, TEST_WAIT_MS));
	CHECK_EQ(nr_threads(), before + 1);
	end_pool(pool);
	CHECK_EQ(inject_nr_live(), 0);
}

/* 600 jobs that are due at once; does the k-th call of this kind, and some behind
 * it, fail meanwhile? */
static bool due_without(enum inject_kind kind, unsigned k)
{
	enum { NR = 600 };
	struct rota_options o = {.workers = 1, .channel = ROTA_CHANNEL_LANES};
	struct rota_pool *pool = make_pool_with(&o);
	uint64_t when_ns = in_ms(20 * TEST_SLOW);
	struct blocker blocker;
	atomic_uint ran = 0;
	bool has_failed;

	blocker_hold(&blocker, pool);
	for (unsigned i = 0; i < NR; i++)
		CHECK_EQ(rota_submit_at(pool, count_run, &ran, when_ns), 0);
	inject_reset();
	inject(kind, k, 3, ENOMEM);
	CHECK(wait_until(stats_of(pool).queued == NR, TEST_WAIT_MS));
	has_failed = inject_failures(kind);
	inject_reset();
	blocker_release(&blocker);
	CHECK(wait_until(atomic_load(&ran) == NR, TEST_WAIT_MS));
	check_rest(pool);
	CHECK_EQ(stats_of(pool).ran, NR + 1);
	end_pool(pool);
	CHECK_EQ(inject_nr_live(), 0);
	return has_failed;
}

/* The timer thread needs memory for its lane, and when that is full. */
TEST(jobs_that_find_no_memory_when_they_are_due_come_again)
{
	unsigned nr = 0, k;

	for (k = 1; due_without(INJECT_malloc, k); k++)
		nr++;
	for (k = 1; due_without(INJECT_mmap, k); k++)
		nr++;
	CHECK(nr >= 3);
	test_note("%u failures", nr);
}
