/* SPDX-License-Identifier: MIT */
/* Handing jobs over by a lane: which one is this thread's, what if it is full,
 * and what if the pool closes meanwhile. */
#include "pool.h"
#include <errno.h>

/* The worker of this pool that this thread is, or NULL. */
static struct worker *self_as_worker(struct rota_pool *pool)
{
	struct frame *frame = os_local.innermost;

	if (!frame)
		return NULL;
	while (frame->outer)
		frame = frame->outer;
	if (frame->pool != pool || frame->worker_index < 0)
		return NULL;
	return &pool->workers[frame->worker_index];
}

static struct lane *own_lane(struct rota_pool *pool)
{
	struct worker *worker = self_as_worker(pool);
	struct lane *lane;

	if (os_local.pool_id == pool_id(pool))
		return os_local.lane;
	if (worker)
		lane = &pool->channel.lanes.takers[worker->index].lane;
	else if (os_at_thread_end(live_thread_ended))
		lane = lanes_claim(&pool->channel.lanes, (uintptr_t)&os_local);
	else
		lane = NULL;
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

int lane_submit_nested(struct worker *self, rota_run_fn run, void *arg)
{
	struct rota_pool *pool = self->pool;
	struct lanes *lanes = &pool->channel.lanes;
	struct lane *lane = &lanes->takers[self->index].lane;
	struct frame frame;

	if (lanes_is_closed(lanes))
		return -ESHUTDOWN;
	if (!pool->is_nested_inline || lane_count(lane) < LANE_OWN_SLOTS ||
			frame_depth() >= ROTA_INLINE_DEPTH)
		return LANE_CANNOT;
	/* accepted, as if it had had a ticket; relaxed: before [worker.R1] */
	add_alone(&lane->uncounted, UINT64_MAX, memory_order_relaxed);
	frame_push(&frame, pool, (int)self->index);
	run(arg);
	frame_pop(&frame);
	/* release: as [worker.R1] */
	add_alone(&self->ran_inline, 1, memory_order_release);
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
		if (lane->worker) {
			*ret_accepted = 1;
			return lane_submit_nested(
					lane->worker, jobs->run, jobs->arg);
		}
		if (yields++ < GROW_YIELDS)
			os_yield();
		else if (!lane_grow(lane))
			return -ENOMEM;
	}
	word = pool_published(pool);
	*ret_accepted = nr;
	return ec_is_calm(word) ? 0
				: lane_pushed(pool, lane, word, nr,
						  ret_accepted);
}
