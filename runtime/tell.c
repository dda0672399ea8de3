/* SPDX-License-Identifier: MIT */
/* Jobs were published while workers sleep or search: how many to tell? */
#include "pool.h"

/* Enough workers search. Unless they do not keep up: to know is to fetch a line
 * that workers write, so it is not asked each time. */
static size_t backlog(struct rota_pool *pool, struct lane *lane)
{
	struct chain *chain = &pool->channel.chain;
	/* relaxed: its owner asks */
	uint64_t ticket = lane ? atomic_load_explicit(&lane->tail,
						 memory_order_relaxed)
			       : chain_ticket(chain);

	if (ticket % BACKLOG_LOOK_EVERY)
		return 0;
	return 1 + (lane ? lane_count(lane) : chain_queued(chain)) /
				   BACKLOG_PER_WORKER;
}

/* The job right behind one that woke a worker: that one has not had the time to
 * see to it, so wake another if there is a CPU for it. */
static bool begins_burst(
		struct rota_pool *pool, struct lane *lane, unsigned searchers)
{
	return lane && searchers < pool->nr_cpus &&
	       /* relaxed: its owner asks */
	       atomic_load_explicit(&lane->tail, memory_order_relaxed) ==
			       lane->told + 1;
}

void pool_tell(struct rota_pool *pool, uint64_t word, struct lane *lane,
		size_t nr_jobs)
{
	unsigned searchers = ec_searchers(word);

	if (nr_jobs <= searchers) {
		nr_jobs = begins_burst(pool, lane, searchers)
					  ? searchers + 1
					  : backlog(pool, lane);
		if (nr_jobs <= searchers)
			return;
	}
	if (nr_jobs > pool->nr_workers)
		nr_jobs = pool->nr_workers;
	if (lane)
		lane->told = atomic_load_explicit(
				&lane->tail, memory_order_relaxed);
	ec_notify(&pool->eventcount, (unsigned)nr_jobs);
}
