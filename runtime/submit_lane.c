/* SPDX-License-Identifier: MIT */
/* Handing jobs over by a lane: which one is this thread's, what if it is full,
 * and what if the pool closes meanwhile. */
#include "pool.h"
#include <errno.h>

/* A thread that found none once keeps to the chain where it has none, so that its
 * jobs stay in order. */
static struct lane *claim(struct rota_pool *pool)
{
	struct lanes *lanes = &pool->channel.lanes;
	uintptr_t owner = (uintptr_t)&os_local;
	struct lane *lane = NULL;

	if (os_local.laneless_id == pool_id(pool))
		return NULL;
	if (os_local.laneless_id)
		lane = lanes_find(lanes, owner);
	else if (os_at_thread_end(live_thread_ended))
		lane = lanes_claim(lanes, owner);
	if (!lane)
		os_local.laneless_id = pool_id(pool);
	return lane;
}

/* This thread's lane; NULL: it has none. */
static struct lane *own_lane(struct rota_pool *pool)
{
	struct worker *worker;
	struct lane *lane;

	if (os_local.pool_id == pool_id(pool))
		return os_local.lane;
	worker = frame_worker(pool);
	lane = worker ? &pool->channel.lanes.takers[worker->index].nested.lane
		      : claim(pool);
	if (lane) {
		os_local.pool_id = pool_id(pool);
		os_local.lane = lane;
	}
	return lane;
}

int lane_pushed(struct rota_pool *pool, struct lane *lane, uint64_t word,
		size_t nr_jobs, size_t *ret_accepted)
{
	if (ec_is_closed(word)) {
		/* relaxed: its own */
		uint64_t first = atomic_load_explicit(&lane->tail,
						 memory_order_relaxed) -
				 nr_jobs;

		nr_jobs = lanes_withdraw(&pool->channel.lanes, lane, first,
				(unsigned)nr_jobs);
		/* full fence: as [pool.F1], for drains */
		fence_full();
		pool_check_rest(pool);
		if (!nr_jobs)
			return -ESHUTDOWN;
	}
	*ret_accepted = nr_jobs;
	if (ec_has_waiters(word))
		pool_tell(pool, word, lane, nr_jobs);
	return 0;
}

int lane_submit(struct rota_pool *pool, const struct rota_job *jobs,
		size_t nr_jobs, size_t *ret_accepted)
{
	struct lanes *lanes = &pool->channel.lanes;
	struct lane *lane = own_lane(pool);
	unsigned nr, yields = 0;
	uint64_t word;

	if (!lane)
		return LANE_CANNOT;
	while (!(nr = lane_push(lane, jobs, nr_jobs))) {
		if (lanes_reopen(lanes, lane))
			continue;
		if (lanes_is_closed(lanes))
			return -ESHUTDOWN;
		if (lane->worker)
			return LANE_CANNOT; /* it does not grow */
		if (yields++ < GROW_YIELDS)
			os_yield();
		else if (!lane_grow(lane))
			return -ENOMEM;
	}
	lanes_pushed(lanes, lane);
	word = pool_published(pool);
	*ret_accepted = nr;
	return ec_is_calm(word) ? 0
				: lane_pushed(pool, lane, word, nr,
						  ret_accepted);
}
