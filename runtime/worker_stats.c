/* SPDX-License-Identifier: MIT */
/* What one worker did, and does now. */
#include "measure.h"
#include "pool.h"
#include <errno.h>

enum rota_worker_state worker_state(struct rota_pool *pool, unsigned index)
{
	struct worker *worker = &pool->workers[index];
	/* relaxed: a moment's truth */
	enum rota_worker_state state = atomic_load_explicit(
			&worker->doing, memory_order_relaxed);

	switch (atomic_load_explicit(&worker->state, memory_order_relaxed)) {
	case CREW_ACTIVE:
		break;
	case CREW_BLOCKED:
		return ROTA_WORKER_BLOCKED;
	case CREW_SPARE:
		return ROTA_WORKER_SPARE;
	default:
		return ROTA_WORKER_ENDED;
	}

	if (state == ROTA_WORKER_SEARCHING &&
			atomic_load_explicit(
					&pool->eventcount.waiters[index].park,
					memory_order_relaxed) == PARK_SLEEPING)
		return ROTA_WORKER_PARKED;
	return state;
}

int rota_worker_stats(struct rota_pool *pool, unsigned index,
		struct rota_worker_stats *ret_stats)
{
	struct rota_worker_stats stats = {.size = sizeof(stats)};
	struct worker *worker;

	if (!pool || !ret_stats ||
			(ret_stats->size && ret_stats->size < sizeof(stats)))
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	if (index >= pool->nr_workers)
		return -EINVAL;
	worker = &pool->workers[index];
	if (ret_stats->size)
		stats.size = ret_stats->size;
	/* acquire: as [stats.A1] */
	stats.ran = atomic_load_explicit(&worker->ran, memory_order_acquire);
	stats.dropped = atomic_load_explicit(
			&worker->dropped, memory_order_acquire);
	/* relaxed: statistics */
	stats.parks = atomic_load_explicit(
			&pool->eventcount.waiters[index].parks,
			memory_order_relaxed);
	stats.running_ns = measure_running_ns(pool, index);
	stats.state = worker_state(pool, index);
	*ret_stats = stats;
	return 0;
}
