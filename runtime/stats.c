/* SPDX-License-Identifier: MIT */
/* Counters: each worker writes its own, nobody locks, a reader adds up. */
#include "measure.h"
#include "pool.h"
#include "watch.h"
#include <errno.h>
#include <string.h>

/* [stats.A1] acquire; pairs with [worker.R1]: who sees a job counted as
 * finished sees it accepted, and what it did. */
static uint64_t read_counter(_Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_acquire);
}

/* Modulo 2^64. */
static void add_here(struct worker *self, _Atomic uint64_t *own,
		_Atomic uint64_t *shared, int nr)
{
	/* release: as [worker.R1] */
	if (self)
		add_alone(own, (uint64_t)nr, memory_order_release);
	else
		atomic_fetch_add_explicit(
				shared, (uint64_t)nr, memory_order_release);
}

void pool_count_as_dropped(struct rota_pool *pool, int nr)
{
	struct worker *self = frame_worker(pool);

	add_here(self, self ? &self->as_dropped : NULL, &pool->as_dropped, nr);
}

void pool_count_late(struct rota_pool *pool, int nr)
{
	struct worker *self = frame_worker(pool);

	add_here(self, self ? &self->late : NULL, &pool->late, nr);
}

void pool_count(struct rota_pool *pool, struct pool_counts *ret_counts)
{
	struct pool_counts counts = {0};
	uint64_t as_dropped = read_counter(&pool->as_dropped);

	counts.ran_inline = read_counter(&pool->ran_inline);
	counts.dropped = read_counter(&pool->dropped);
	for (unsigned i = 0; i < pool->nr_workers; i++) {
		counts.ran += read_counter(&pool->workers[i].ran);
		counts.dropped += read_counter(&pool->workers[i].dropped);
		as_dropped += read_counter(&pool->workers[i].as_dropped);
	}
	counts.ran += counts.ran_inline;
	/* after `ran`: what was counted too early is taken off before that */
	counts.ran += read_counter(&pool->late);
	for (unsigned i = 0; i < pool->nr_workers; i++)
		counts.ran += read_counter(&pool->workers[i].late);
	/* for a moment it may be ahead of what is counted */
	if ((int64_t)as_dropped > (int64_t)counts.ran)
		as_dropped = counts.ran;
	if ((int64_t)(counts.dropped + as_dropped) < 0)
		as_dropped = -counts.dropped;
	counts.ran -= as_dropped;
	counts.dropped += as_dropped;
	counts.submitted = read_counter(&pool->submitted_inline) +
			   channel_accepted(&pool->channel);
	*ret_counts = counts;
}

#define FIRST_VERSION offsetof(struct rota_stats, start_failures)

static void count_crew(struct rota_pool *pool, struct rota_stats *stats)
{
	/* relaxed: statistics, and so is the state */
	stats->start_failures = atomic_load_explicit(
			&pool->crew.start_failures, memory_order_relaxed);
	stats->threads_lost = atomic_load_explicit(
			&pool->crew.threads_lost, memory_order_relaxed);
	for (unsigned i = 0; i < pool->nr_workers; i++) {
		uint32_t state = atomic_load_explicit(
				&pool->workers[i].state, memory_order_relaxed);

		stats->threads += state == CREW_ACTIVE ||
				  state == CREW_BLOCKED || state == CREW_SPARE;
		stats->threads_blocked += state == CREW_BLOCKED;
		stats->threads_spare += state == CREW_SPARE;
	}
}

int rota_pool_stats(struct rota_pool *pool, struct rota_stats *ret_stats)
{
	struct pool_counts counts;
	struct rota_stats stats = {0};

	if (!pool || !ret_stats)
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	stats.size = ret_stats->size ? ret_stats->size : FIRST_VERSION;
	if (stats.size < FIRST_VERSION)
		return -EINVAL;
	pool_count(pool, &counts);
	stats.submitted = counts.submitted;
	stats.ran = counts.ran;
	stats.dropped = counts.dropped;
	stats.ran_inline = counts.ran_inline;
	stats.running = counts.submitted - counts.ran - counts.dropped;
	stats.queued = channel_queued(&pool->channel);
	if (stats.queued > stats.running)
		stats.queued = stats.running;
	stats.running -= stats.queued;
	/* relaxed: statistics */
	stats.wakes = atomic_load_explicit(
			&pool->eventcount.wakes, memory_order_relaxed);
	stats.submit_waits = atomic_load_explicit(
			&pool->room.waits, memory_order_relaxed);
	for (unsigned i = 0; i < pool->nr_workers; i++)
		stats.parks += atomic_load_explicit(
				&pool->eventcount.waiters[i].parks,
				memory_order_relaxed);
	stats.workers = atomic_load_explicit(
			&pool->crew.wanted, memory_order_relaxed);
	stats.workers_parked = ec_parked(&pool->eventcount);
	count_crew(pool, &stats);
	stats.oldest_wait_ns = measure_oldest_ns(pool);
	watch_stats(pool, &stats);
	memcpy(ret_stats, &stats,
			stats.size < sizeof(stats) ? stats.size
						   : sizeof(stats));
	return 0;
}
