/* SPDX-License-Identifier: MIT */
/*
 * When is a pool at rest: nothing queued, nothing running? Submitters and busy
 * workers pay nothing for the answer: a worker that runs out of jobs asks, on
 * its way to park, whether somebody waits for it.
 *
 *	worker				drain
 *	ran+1				nr_waiters+1 (RMW)
 *	prepare (RMW), fence		fence
 *	nr_waiters? at rest? wake	turns, at rest? else sleep
 */
#include "pool.h"
#include <errno.h>

bool pool_is_at_rest(struct rota_pool *pool)
{
	struct pool_counts counts;

	/* finished is read before accepted: if they are equal, nothing was in
	 * flight at the moment between */
	pool_count(pool, &counts);
	/* whoever took a job out of a group is counted before the ticket of
	 * that job is finished; acquire: as [stats.A1] */
	return counts.ran + counts.dropped == counts.submitted &&
	       !atomic_load_explicit(&pool->nr_helping, memory_order_acquire);
}

void pool_tell_drains(struct rota_pool *pool)
{
	if (!atomic_load_explicit(&pool->rest.nr_waiters, memory_order_relaxed))
		return;
	/* [rest.R1] release; pairs with [rest.A1]. */
	atomic_fetch_add_explicit(&pool->rest.turns, 1, memory_order_release);
	os_futex_wake(&pool->rest.turns, UINT32_MAX);
}

void pool_check_rest(struct rota_pool *pool)
{
	if (atomic_load_explicit(
			    &pool->rest.nr_waiters, memory_order_relaxed) &&
			pool_is_at_rest(pool))
		pool_tell_drains(pool);
}

void pool_callers_enter(struct rota_pool *pool)
{
	atomic_fetch_add_explicit(&pool->nr_callers, 1, memory_order_relaxed);
	/* [pool.F2] full fence; pairs with [shutdown.F1]. Orders the entry
	 * before the look at is_closing. */
	fence_after_rmw();
}

void pool_callers_leave(struct rota_pool *pool)
{
	_Atomic uint32_t *word = &pool->nr_callers;

	/* [pool.R1] release; pairs with [shutdown.A1]: what the caller did to
	 * the pool comes before its end. After this the pool may be gone; the
	 * futex call only uses the address. */
	if (atomic_fetch_sub_explicit(word, 1, memory_order_release) == 1)
		os_futex_wake(word, UINT32_MAX);
}

void pool_help_enter(struct rota_pool *pool)
{
	if (frame_has(pool))
		return; /* a job that is not over keeps the pool from rest */
	pool_callers_enter(pool);
	/* acq_rel: before a job is taken, see pool_is_at_rest() */
	atomic_fetch_add_explicit(&pool->nr_helping, 1, memory_order_acq_rel);
}

void pool_help_leave(struct rota_pool *pool)
{
	if (frame_has(pool))
		return;
	atomic_fetch_sub_explicit(&pool->nr_helping, 1, memory_order_release);
	/* full fence: as [submit.F1] */
	fence_after_rmw();
	pool_check_rest(pool);
	pool_callers_leave(pool);
}

void pool_lose_inline(struct rota_pool *pool)
{
	frame_lost();
	/* release: as [submit.R1] */
	atomic_fetch_add_explicit(&pool->ran_inline, 1, memory_order_release);
	/* full fence: as [submit.F1] */
	fence_after_rmw();
	pool_check_rest(pool);
	pool_callers_leave(pool);
}

static int wait_for_rest(struct rota_pool *pool, uint64_t deadline_ns)
{
	struct rest *rest = &pool->rest;
	int result = 0;

	atomic_fetch_add_explicit(&rest->nr_waiters, 1, memory_order_relaxed);
	/* [rest.F1] full fence; pairs with [ec.F3], [crew.F2] and [pause.F1].
	 * Orders nr_waiters before the counters and the mood. Forbids: the last
	 * worker sees no waiter and this thread sees its job unfinished. */
	fence_after_rmw();
	for (;;) {
		/* [rest.A1] acquire; pairs with [rest.R1]. */
		uint32_t turns = atomic_load_explicit(
				&rest->turns, memory_order_acquire);

		if (pool_is_at_rest(pool)) {
			result = 0;
			break;
		}
		if (!result && crew_is_paused(pool))
			result = -EBUSY;
		if (result)
			break;
		result = os_futex_wait(&rest->turns, turns, deadline_ns);
	}
	atomic_fetch_sub_explicit(&rest->nr_waiters, 1, memory_order_relaxed);
	return result;
}

int rota_pool_drain(struct rota_pool *pool, uint64_t deadline_ns)
{
	int result;

	if (!pool)
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	if (frame_has(pool) || pool_is_prepared_here(pool))
		return -EDEADLK;
	if (pool_is_at_rest(pool))
		return 0;
	pool_callers_enter(pool);
	result = wait_for_rest(pool, deadline_ns);
	pool_callers_leave(pool);
	return result;
}
