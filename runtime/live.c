/* SPDX-License-Identifier: MIT */
/*
 * Which pools are alive in this process? The one list that pools share: create
 * adds, destroy removes, so that of several destroys one wins and a second one
 * is told -EINVAL before it touches freed memory. The lock word is the holder's
 * pid: a forked child that inherits it held by a thread it does not have
 * takes it over. Nothing that waits is done under it.
 */
#include "pool.h"
#include <errno.h>

static _Atomic uint32_t lock;
static struct rota_pool *pools;

static void take(uint32_t pid)
{
	unsigned waits = 0;

	for (;;) {
		uint32_t holder = atomic_load_explicit(
				&lock, memory_order_relaxed);

		/* [live.A1] acquire; pairs with [live.R1]: the list. */
		if (holder != pid && atomic_compare_exchange_weak_explicit(
						     &lock, &holder, pid,
						     memory_order_acquire,
						     memory_order_relaxed))
			return;
		os_step_aside(&waits);
	}
}

static void release(void)
{
	/* [live.R1] release; pairs with [live.A1]. */
	atomic_store_explicit(&lock, 0, memory_order_release);
}

void live_name(struct rota_pool *pool)
{
	static _Atomic uint64_t last_id = OS_NO_POOL;

	atomic_init(&pool->id, 1 + atomic_fetch_add_explicit(&last_id, 1,
						   memory_order_relaxed));
}

void live_thread_ended(void)
{
	take(os_pid());
	for (struct rota_pool *pool = pools; pool; pool = pool->live_next)
		if (pool_is_ours(pool))
			lanes_release(&pool->channel.lanes,
					(uintptr_t)&os_local);
	release();
	os_local.pool_id = OS_NO_POOL; /* it may submit once more */
}

void live_add(struct rota_pool *pool)
{
	take(os_pid());
	pool->live_next = pools;
	pools = pool;
	release();
}

int live_remove(struct rota_pool *pool)
{
	int result = -EINVAL;

	take(os_pid());
	for (struct rota_pool **at = &pools; *at; at = &(*at)->live_next) {
		if (*at != pool)
			continue;
		result = -EOWNERDEAD;
		if (pool_is_ours(pool))
			result = pool_is_prepared_here(pool) ? -EDEADLK : 0;
		if (!result)
			*at = pool->live_next;
		break;
	}
	release();
	return result;
}
