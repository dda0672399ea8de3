/* SPDX-License-Identifier: MIT */
/* Taking jobs out of groups and running them: by ticket, or to help. */
#include "group.h"
#include "pool.h"

static struct rota_job ticket_of(struct group *group)
{
	return (struct rota_job){group_ticket, group};
}

bool group_take(struct group *group, struct rota_job *ret_job)
{
	struct own_lane *queue = &group->queue;
	struct chain *more;

	if (lane_take_oldest(&queue->lane, queue->slots, LANE_OWN_SLOTS - 1,
			    ret_job))
		return true;
	/* [group.A2] acquire; pairs with [group.R2]. */
	more = atomic_load_explicit(&group->more, memory_order_acquire);
	return more && chain_pop(more, ret_job);
}

/* Jobs that were ever put into the queue, or never will be. */
static uint64_t pushed(struct group *group)
{
	/* [group.A5] acquire; pairs with [group.R4]. The tail: as [lane.A1] */
	return atomic_load_explicit(
			       &group->queue.lane.tail, memory_order_acquire) +
	       atomic_load_explicit(&group->pushed, memory_order_acquire);
}

/* For one who has a ticket: false: the ticket is stale. */
static bool take_by_ticket(struct group *group, struct rota_job *ret_job)
{
	unsigned waits = 0;

	for (;;) {
		uint64_t before, promised;

		if (group_take(group, ret_job))
			return true;
		before = pushed(group);
		/* relaxed: the promise of this ticket came with it */
		promised = atomic_load_explicit(&group->promised,
					   memory_order_relaxed) +
			   atomic_load_explicit(&group->promised_by_others,
					   memory_order_relaxed);
		/* what was promised by now had been pushed before */
		if (before >= promised)
			return group_take(group, ret_job);
		os_step_aside(&waits);
	}
}

void group_wake(struct group *group)
{
	/* release: as [group.R1] */
	atomic_fetch_add_explicit(&group->turns, 1, memory_order_release);
	os_futex_wake(&group->turns, UINT32_MAX);
}

void group_done(struct group *group, unsigned nr)
{
	/* [group.R1] release; pairs with [group.A1]. */
	atomic_fetch_add_explicit(&group->done, nr, memory_order_release);
	/* [group.F1] full fence; pairs with [group.F2]. Orders done before the
	 * look for waiters. Forbids: the last job sees no waiter and the waiter
	 * sees it not done. */
	fence_after_rmw();
	if (atomic_load_explicit(&group->nr_waiters, memory_order_relaxed) &&
			group_is_complete(group))
		group_wake(group);
}

/* Inside a frame of this group. */
static void run_member(struct group *group, struct rota_job *job)
{
	if (atomic_load_explicit(&group->is_cancelled, memory_order_relaxed)) {
		job_drop(group->pool, job, ROTA_DROP_CANCELLED);
		pool_count_as_dropped(group->pool, 1);
	} else {
		job->run(job->arg);
	}
}

static bool is_discarding(struct rota_pool *pool)
{
	/* relaxed: as in the worker's loop */
	return atomic_load_explicit(&pool->mood, memory_order_relaxed) &
	       MOOD_DISCARDING;
}

/* Is a ticket of this group the next job of this worker anyway? Then it has it. */
static bool take_next_ticket(struct worker *self, struct group *group)
{
	struct channel *channel = &self->pool->channel;
	struct taker *own;

	if (!channel_has_lanes(channel))
		return false;
	own = &channel->lanes.takers[self->index];
	return lane_take_newest_if(&own->nested.lane, own->nested.slots,
			       LANE_OWN_SLOTS - 1, ticket_of(group)) ||
	       (lane_seems_empty(&own->nested.lane) &&
			       lane_take_oldest_if(&own->moved.lane,
					       own->moved.slots,
					       LANE_OWN_SLOTS - 1,
					       ticket_of(group)));
}

/* Jobs of one group in a row are done with one RMW. */
void group_ticket(void *arg)
{
	struct group *group = arg;
	struct rota_pool *pool = group->pool;
	struct frame *outer = os_local.innermost, frame;
	struct worker *self =
			outer && !outer->outer ? frame_worker(pool) : NULL;
	struct rota_job job;
	unsigned nr = 0, tickets = 0;

	frame_push(&frame, pool, frame_index_in(pool));
	frame.depth = outer ? outer->depth : 0;
	frame.group = group;
	while (take_by_ticket(group, &job)) {
		run_member(group, &job);
		if (++nr == GROUP_TURN || !self || is_discarding(pool) ||
				!take_next_ticket(self, group))
			break;
		tickets++;
	}
	frame_pop(&frame);
	if (tickets)
		/* release: as [worker.R1]; this ticket is the caller's */
		add_alone(&self->ran, tickets, memory_order_release);
	if (nr)
		group_done(group, nr);
}

void group_drop(struct group *group, enum rota_drop_reason reason)
{
	struct rota_job job;

	if (!take_by_ticket(group, &job)) {
		pool_count_as_dropped(group->pool, -1);
		return;
	}
	job_drop(group->pool, &job, reason);
	group_done(group, 1);
}

unsigned group_help(struct group *group)
{
	struct rota_pool *pool = group->pool;
	struct worker *self = frame_worker(pool);
	unsigned nr = 0, tickets = 0;
	struct rota_job job;
	struct frame frame;

	pool_help_enter(pool);
	frame_push(&frame, pool, frame_index_in(pool));
	frame.depth--;
	frame.helps++;
	frame.group = group;
	while (!is_discarding(pool)) {
		if (self && take_next_ticket(self, group))
			tickets++;
		if (!group_take(group, &job))
			break;
		run_member(group, &job);
		nr++;
	}
	frame_pop(&frame);
	if (tickets)
		/* release: as [worker.R1] */
		add_alone(&self->ran, tickets, memory_order_release);
	if (nr)
		group_done(group, nr);
	pool_help_leave(pool);
	return nr;
}
