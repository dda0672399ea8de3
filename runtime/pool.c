/* SPDX-License-Identifier: MIT */
/* The life of a pool: create with full unwind, close, destroy. */
#include "group.h"
#include "measure.h"
#include "pool.h"
#include "options.h"
#include "strand.h"
#include "watch.h"
#include <errno.h>

/* One mapping: pool, workers, their waiters. */
static size_t pool_bytes(unsigned nr_workers)
{
	return sizeof(struct rota_pool) +
	       nr_workers * (sizeof(struct worker) + sizeof(struct ec_waiter));
}

static struct ec_waiter *waiters_of(struct rota_pool *pool)
{
	return (struct ec_waiter *)&pool->workers[pool->nr_workers];
}

void pool_unbuild(struct rota_pool *pool)
{
	watch_fini(pool);
	measure_fini(pool);
	crew_fini(pool);
	channel_fini(&pool->channel);
	strands_free(pool);
	boxes_fini(&pool->boxes, NULL);
	boxes_fini(&pool->groups, group_free);
}

static void pool_free(struct rota_pool *pool)
{
	pool_unbuild(pool);
	os_pages_unmap(pool, pool->bytes);
}

/* What lies outside of the pool's own pages. */
static int build_parts(
		struct rota_pool *pool, const struct rota_options *options)
{
	int error;

	if (channel_init(&pool->channel, options->capacity,
			    options->channel == ROTA_CHANNEL_LANES
					    ? options->max_workers
					    : 0))
		return -ENOMEM;
	pool->nr_workers = options->max_workers;
	error = crew_init(pool, options);
	if (!error && options->measure)
		error = measure_init(pool);
	if (!error && options->watchdog_ns)
		error = watch_init(pool, options);
	if (!error)
		error = os_pages_wipe_on_fork(pool, OS_PAGE_MAX);
	if (error)
		pool_unbuild(pool);
	return error;
}

int pool_build(struct rota_pool *pool, size_t bytes,
		const struct rota_options *options)
{
	int error = build_parts(pool, options);

	if (error)
		return error;
	pool->bytes = bytes;
	/* what the caller's pointers are to may be gone later */
	pool->options = *options;
	pool->options.name = pool->crew.name;
	pool->options.cpu_set = pool->crew.cpu_set;
	pool->boxes.bytes = ROTA_COPY_INLINE;
	pool->groups.bytes = group_bytes();
	pool->nr_cpus = os_cpus_usable();
	pool->capacity = options->capacity;
	pool->full_policy = options->full_policy;
	pool->spin_ns = options->spin_ns;
	pool->on_start = options->on_start;
	pool->on_stop = options->on_stop;
	pool->on_drop = options->on_drop;
	pool->hook_arg = options->hook_arg;
	os_signal_mask(&pool->signal_mask);
	ec_init(&pool->eventcount, waiters_of(pool), pool->nr_workers,
			os_heavy_fence_init());
	atomic_init(&pool->mood,
			MOOD_PLAIN | (pool->capacity ? MOOD_BOUNDED : 0) |
					(pool->measure ? MOOD_MEASURED : 0));
	pool->goes_round = channel_has_lanes(&pool->channel) || pool->measure;
	timers_init(&pool->timers, options->name);
	live_name(pool);
	return 0;
}

/* Until each started worker went through on_start. */
static int wait_for_starts(struct rota_pool *pool)
{
	uint32_t nr_started;

	/* [pool.A1] acquire; pairs with [worker.R2]. */
	while ((nr_started = atomic_load_explicit(&pool->nr_started,
				memory_order_acquire)) < pool->nr_threads)
		os_futex_wait(&pool->nr_started, nr_started, OS_NO_DEADLINE);
	return atomic_load_explicit(&pool->start_error, memory_order_relaxed);
}

int pool_start(struct rota_pool *pool, unsigned nr_workers)
{
	int error = 0;

	pool->nr_threads = nr_workers;
	lock_take(&pool->crew.lock);
	for (unsigned i = 0; i < nr_workers && !error; i++)
		error = crew_start(pool);
	pool->crew.is_made = true;
	lock_release(&pool->crew.lock);
	if (!error)
		error = wait_for_starts(pool);
	if (!error)
		error = watch_start(pool);
	if (error)
		rota_pool_shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE, NULL);
	return error;
}

static int create(const struct rota_options *user_options,
		struct rota_pool **ret_pool)
{
	struct rota_options options;
	struct rota_pool *pool;
	size_t bytes;
	int error;

	error = options_read(user_options, &options);
	if (error)
		return error;
	bytes = pool_bytes(options.max_workers);
	pool = os_pages_map(bytes);
	if (!pool)
		return -ENOMEM;
	error = pool_build(pool, bytes, &options);
	if (error) {
		os_pages_unmap(pool, bytes);
		return error;
	}
	error = pool_start(pool, options.workers);
	if (error) {
		pool_free(pool);
		return error;
	}
	live_add(pool);
	*ret_pool = pool;
	return 0;
}

int rota_pool_create(
		const struct rota_options *options, struct rota_pool **ret_pool)
{
	int saved = errno; /* files are read, threads started: see rota.h */
	int error = ret_pool ? create(options, ret_pool) : -EINVAL;

	errno = saved;
	return error;
}

int rota_pool_close(struct rota_pool *pool)
{
	if (!pool)
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	atomic_store_explicit(&pool->is_closing, 1, memory_order_relaxed);
	ec_close(&pool->eventcount);
	channel_close(&pool->channel);
	/* [pool.F3] full fence; pairs with [ec.F3], [room.F2] and [timers.F2].
	 * Orders the closing before the look for sleepers. Forbids: a worker or
	 * submitter goes to sleep on an open channel and is not told. */
	fence_full();
	ec_notify_all(&pool->eventcount);
	room_notify_all(&pool->room);
	timers_close(pool);
	return 0;
}

int rota_pool_destroy(struct rota_pool *pool)
{
	int error;

	if (!pool)
		return 0;
	if (frame_has(pool))
		return pool_is_ours(pool) ? -EDEADLK : -EOWNERDEAD;
	error = live_remove(pool);
	if (error)
		return error;
	rota_pool_shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE, NULL);
	pool_free(pool);
	return 0;
}
