/* SPDX-License-Identifier: MIT */
/* The eventcount, from the inside: whom a notify tells, and version wrap. */
#include <stdlib.h>
#include <string.h>

#include "../../runtime/eventcount.h"
#include "../harness.h"

enum { MAX = 16 };

struct fixture {
	struct eventcount ec;
	struct ec_waiter waiters[MAX];
	pthread_t threads[MAX];
	_Atomic unsigned nr_back; /* returned from commit */
	_Atomic unsigned nr_begun;
};

static struct fixture *make(unsigned nr, uint64_t version)
{
	struct fixture *f = aligned_alloc(128, sizeof(*f));

	CHECK(f != NULL);
	memset(f, 0, sizeof(*f));
	ec_init(&f->ec, f->waiters, nr, true);
	for (unsigned i = 0; i < nr; i++)
		f->waiters[i].version = version;
	return f;
}

static uint64_t word(struct fixture *f)
{
	return atomic_load_explicit(&f->ec.word, memory_order_relaxed);
}

static void *sleep_once(void *arg)
{
	struct fixture *f = arg;
	unsigned me = atomic_fetch_add(&f->nr_begun, 1);

	ec_prepare(&f->ec, &f->waiters[me]);
	ec_commit(&f->ec, &f->waiters[me]);
	CHECK(f->waiters[me].is_searcher);
	ec_leave_search(&f->ec, &f->waiters[me]);
	atomic_fetch_add(&f->nr_back, 1);
	return NULL;
}

static void park_all(struct fixture *f, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		f->threads[i] = thread_start(sleep_once, f);
	CHECK(wait_until(ec_parked(&f->ec) == nr, TEST_WAIT_MS));
}

TEST(a_notify_with_nobody_to_tell_writes_nothing)
{
	struct fixture *f = make(4, 0);

	ec_notify(&f->ec, 4);
	ec_notify_all(&f->ec);
	CHECK_EQ(word(f), 0);
	CHECK_EQ(atomic_load(&f->ec.wakes), 0);
	free(f);
}

TEST(an_announced_worker_is_granted_without_a_wake)
{
	struct fixture *f = make(2, 0);

	ec_prepare(&f->ec, &f->waiters[0]);
	CHECK(ec_has_waiters(word(f)));
	ec_notify(&f->ec, 1);
	CHECK_EQ(ec_searchers(word(f)), 1);
	ec_notify(&f->ec, 1);		   /* the grant is trusted */
	ec_commit(&f->ec, &f->waiters[0]); /* returns at once */
	CHECK(f->waiters[0].is_searcher);
	CHECK_EQ(atomic_load(&f->ec.wakes), 0);
	ec_leave_search(&f->ec, &f->waiters[0]);
	CHECK_EQ(word(f) & 0x1fffffffffull, 0);
	free(f);
}

TEST(a_cancel_takes_its_grant_along)
{
	struct fixture *f = make(2, 0);

	ec_prepare(&f->ec, &f->waiters[0]);
	ec_notify(&f->ec, 1);
	ec_cancel(&f->ec, &f->waiters[0]);
	CHECK_EQ(ec_searchers(word(f)), 1);
	ec_leave_search(&f->ec, &f->waiters[0]);
	CHECK_EQ(word(f), 0);
	/* one of two announced cancels: the grant stays for the other */
	ec_prepare(&f->ec, &f->waiters[0]);
	ec_prepare(&f->ec, &f->waiters[1]);
	ec_notify(&f->ec, 1);
	ec_cancel(&f->ec, &f->waiters[0]);
	ec_commit(&f->ec, &f->waiters[1]);
	CHECK_EQ(ec_searchers(word(f)), 2);
	ec_leave_search(&f->ec, &f->waiters[0]);
	ec_leave_search(&f->ec, &f->waiters[1]);
	CHECK_EQ(word(f) & 0x1fffffffffull, 0);
	free(f);
}

TEST(a_quit_takes_its_grant_along)
{
	struct fixture *f = make(1, 0);

	ec_prepare(&f->ec, &f->waiters[0]);
	ec_notify_all(&f->ec);
	ec_quit(&f->ec, &f->waiters[0]);
	CHECK_EQ(word(f), 0);
	free(f);
}

TEST(there_is_one_searcher_at_a_time)
{
	struct fixture *f = make(2, 0);

	CHECK(ec_try_search(&f->ec, &f->waiters[0]));
	CHECK(!ec_try_search(&f->ec, &f->waiters[1]));
	ec_leave_search(&f->ec, &f->waiters[0]);
	CHECK(ec_try_search(&f->ec, &f->waiters[1]));
	ec_leave_search(&f->ec, &f->waiters[1]);
	CHECK_EQ(word(f), 0);
	free(f);
}

TEST(a_notify_leaves_the_waking_to_a_searcher)
{
	struct fixture *f = make(3, 0);
	uint64_t before;

	park_all(f, 2);
	CHECK(ec_try_search(&f->ec, &f->waiters[2]));
	before = word(f);
	ec_notify(&f->ec, 1);
	CHECK_EQ(word(f), before);
	ec_leave_search(&f->ec, &f->waiters[2]);
	ec_notify(&f->ec, 2);
	for (unsigned i = 0; i < 2; i++)
		thread_join(f->threads[i]);
	free(f);
}

TEST(one_notify_wakes_one_of_sixteen)
{
	struct fixture *f = make(MAX, 0);

	park_all(f, MAX);
	ec_notify(&f->ec, 1);
	CHECK(wait_until(atomic_load(&f->nr_back) == 1, TEST_WAIT_MS));
	CHECK_EQ(atomic_load(&f->ec.wakes), 1);
	CHECK_EQ(ec_parked(&f->ec), MAX - 1);
	ec_notify_all(&f->ec);
	for (unsigned i = 0; i < MAX; i++)
		thread_join(f->threads[i]);
	CHECK_EQ(atomic_load(&f->nr_back), MAX);
	CHECK_EQ(atomic_load(&f->ec.wakes), MAX);
	free(f);
}

/* Each size of the tree that a bulk notify wakes, with versions that wrap. */
TEST(a_bulk_notify_wakes_exactly_so_many)
{
	for (unsigned nr = 1; nr <= MAX; nr++) {
		for (unsigned wanted = 1; wanted <= nr; wanted++) {
			struct fixture *f = make(MAX, (1ull << 28) - 1);

			park_all(f, nr);
			ec_notify(&f->ec, wanted);
			CHECK(wait_until(atomic_load(&f->nr_back) == wanted,
					TEST_WAIT_MS));
			CHECK_EQ(ec_parked(&f->ec), nr - wanted);
			CHECK_EQ(atomic_load(&f->ec.wakes), wanted);
			ec_notify_all(&f->ec);
			for (unsigned i = 0; i < nr; i++)
				thread_join(f->threads[i]);
			/* nobody parked, announced, granted or searching */
			CHECK_EQ(word(f) & 0x1fffffffffull, 0);
			free(f);
		}
	}
}

TEST(the_last_parked_is_woken_first)
{
	struct fixture *f = make(2, 0);

	f->threads[0] = thread_start(sleep_once, f);
	CHECK(wait_until(ec_parked(&f->ec) == 1, TEST_WAIT_MS));
	f->threads[1] = thread_start(sleep_once, f);
	CHECK(wait_until(ec_parked(&f->ec) == 2, TEST_WAIT_MS));
	ec_notify(&f->ec, 1);
	thread_join(f->threads[1]);
	CHECK_EQ(ec_parked(&f->ec), 1);
	ec_notify(&f->ec, 1);
	thread_join(f->threads[0]);
	free(f);
}
