/* SPDX-License-Identifier: MIT */
/* Blocked submitters when few jobs are taken: nobody waits beside free room. */
#include <errno.h>

#include "../support.h"

enum { CAPACITY = 4, WAITERS = 3 };

struct submitter {
	struct rota_pool *pool;
	atomic_uint *ran;
	int result;
};

static void *submit_one(void *arg)
{
	struct submitter *submitter = arg;

	submitter->result = rota_submit_until(submitter->pool, count_run,
			submitter->ran, in_ms(TEST_WAIT_MS));
	return NULL;
}

/* The only worker takes all that is queued in one go, the last of which holds
 * it: room for all waiters, and no further pop that could tell them. */
TEST(each_waiter_gets_in_although_the_worker_is_stuck)
{
	for (unsigned round = 0; round < 50; round++) {
		struct rota_pool *pool =
				make_pool(1, CAPACITY, ROTA_FULL_BLOCK);
		struct submitter submitters[WAITERS];
		struct blocker first, last;
		pthread_t threads[WAITERS];
		atomic_uint ran = 0;

		blocker_hold(&first, pool);
		for (unsigned i = 0; i < CAPACITY - 1; i++)
			CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		blocker_init(&last);
		CHECK_EQ(rota_submit(pool, blocker_run, &last), 0);
		for (unsigned i = 0; i < WAITERS; i++) {
			submitters[i] = (struct submitter){pool, &ran, 1};
			threads[i] = thread_start(submit_one, &submitters[i]);
		}
		CHECK(wait_until(stats_of(pool).submit_waits >= WAITERS,
				TEST_WAIT_MS));
		blocker_release(&first);
		latch_wait(&last.entered);
		for (unsigned i = 0; i < WAITERS; i++) {
			thread_join(threads[i]);
			CHECK_EQ(submitters[i].result, 0);
		}
		CHECK_EQ(stats_of(pool).queued, WAITERS);
		blocker_release(&last);
		check_rest(pool);
		CHECK_EQ(atomic_load(&ran), CAPACITY - 1 + WAITERS);
		end_pool(pool);
	}
}
