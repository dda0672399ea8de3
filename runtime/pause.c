/* SPDX-License-Identifier: MIT */
/*
 * A paused pool: each worker is held before its next job, or, if there is none,
 * where it would have gone to sleep.
 *
 *	pause				worker
 *	is_paused, MOOD_PAUSED		job in hand, or PRE+1 in the eventcount
 *	wake all that announced		MOOD_PAUSED?
 *	or sleep			then hold, under the lock
 */
#include "pool.h"
#include <errno.h>

/* Under the lock. */
static bool is_complete(struct crew *crew)
{
	/* relaxed: who ends tells, see crew_ended() */
	return !crew->nr_blocked &&
	       crew->nr_held + atomic_load_explicit(&crew->nr_ended,
					       memory_order_relaxed) ==
			       crew->nr_active;
}

static void turn(_Atomic uint32_t *word)
{
	/* relaxed: who is woken takes the lock */
	atomic_fetch_add_explicit(word, 1, memory_order_relaxed);
	os_futex_wake(word, UINT32_MAX);
}

void crew_tell_pause(struct rota_pool *pool)
{
	if (is_complete(&pool->crew))
		turn(&pool->crew.holds);
}

static uint32_t mood_of(struct rota_pool *pool)
{
	/* relaxed: whoever sees a change late runs one job more */
	return atomic_load_explicit(&pool->mood, memory_order_relaxed);
}

bool crew_is_paused(struct rota_pool *pool)
{
	return mood_of(pool) & MOOD_PAUSED;
}

bool crew_is_held(struct rota_pool *pool)
{
	return mood_of(pool) & MOOD_HELD;
}

void crew_resume(struct rota_pool *pool)
{
	struct crew *crew = &pool->crew;

	crew->is_paused = false;
	atomic_fetch_and_explicit(&pool->mood, ~(uint32_t)MOOD_PAUSED,
			memory_order_relaxed);
	turn(&crew->resumes);
	turn(&crew->holds);
}

void crew_end_fork(struct rota_pool *pool)
{
	struct crew *crew = &pool->crew;

	if (--crew->nr_forks)
		return;
	atomic_fetch_and_explicit(&pool->mood, ~(uint32_t)MOOD_FORKING,
			memory_order_relaxed);
	turn(&crew->resumes);
}

void crew_hold(struct worker *self)
{
	struct crew *crew = &self->pool->crew;

	lock_take(&crew->lock);
	while (crew->is_paused || crew->nr_forks) {
		/* relaxed: a resume is under the lock */
		uint32_t resumes = atomic_load_explicit(
				&crew->resumes, memory_order_relaxed);

		crew->nr_held++;
		crew_tell_pause(self->pool);
		lock_release(&crew->lock);
		os_futex_wait(&crew->resumes, resumes, OS_NO_DEADLINE);
		lock_take(&crew->lock);
		crew->nr_held--; /* until now it counts, even if not for long */
	}
	lock_release(&crew->lock);
}

static int begin_pause(struct rota_pool *pool)
{
	struct crew *crew = &pool->crew;
	bool is_ending;

	lock_take(&crew->lock);
	is_ending = crew->is_ending;
	if (!is_ending) {
		crew->is_paused = true;
		atomic_fetch_or_explicit(
				&pool->mood, MOOD_PAUSED, memory_order_relaxed);
	}
	lock_release(&crew->lock);
	if (is_ending)
		return -ESHUTDOWN;
	ec_notify_all(&pool->eventcount);
	/* [pause.F1] full fence; pairs with [rest.F1]. Orders the mood before
	 * the look for drains. Forbids: a drain waits for a pool that was paused
	 * meanwhile. */
	fence_full();
	pool_tell_drains(pool);
	return 0;
}

int crew_await_holds(struct rota_pool *pool, bool is_fork, uint64_t deadline_ns)
{
	struct crew *crew = &pool->crew;
	int result = 0;

	for (;;) {
		/* relaxed: under the lock */
		uint32_t holds = atomic_load_explicit(
				&crew->holds, memory_order_relaxed);

		if (crew->is_ending)
			return -ESHUTDOWN;
		if (!is_fork && !crew->is_paused)
			return -ECANCELED;
		if (is_complete(crew))
			return 0;
		if (result)
			return result;
		lock_release(&crew->lock);
		result = os_futex_wait(&crew->holds, holds, deadline_ns);
		lock_take(&crew->lock);
	}
}

static int wait_for_holds(struct rota_pool *pool, uint64_t deadline_ns)
{
	struct crew *crew = &pool->crew;
	int result;

	lock_take(&crew->lock);
	result = crew_await_holds(pool, false, deadline_ns);
	lock_release(&crew->lock);
	return result;
}

int rota_pool_pause(struct rota_pool *pool, uint64_t deadline_ns)
{
	int result;

	if (!pool)
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	if ((deadline_ns && frame_has(pool)) || pool_is_prepared_here(pool))
		return -EDEADLK;
	pool_callers_enter(pool);
	result = begin_pause(pool);
	if (!result && deadline_ns)
		result = wait_for_holds(pool, deadline_ns);
	pool_callers_leave(pool);
	return result;
}

int rota_pool_resume(struct rota_pool *pool)
{
	if (!pool)
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	if (pool_is_prepared_here(pool))
		return -EDEADLK;
	lock_take(&pool->crew.lock);
	crew_resume(pool);
	lock_release(&pool->crew.lock);
	return 0;
}
