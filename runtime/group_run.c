/* SPDX-License-Identifier: MIT */
/* Taking jobs out of groups and running them: by ticket, or to help. */
#include "group.h"
#include "pool.h"

static struct rota_job ticket_of(struct group *group)
{
	return (struct rota_job){group_ticket, group};
}

static bool take_more(struct group *group, struct rota_job *ret_job)
{
	/* [group.A2] acquire; pairs with [group.R2]. */
	struct chain *more = atomic_load_explicit(
			&group->more, memory_order_acquire);

	return more && chain_pop(more, ret_job);
}

/* Take a job; false: none is queued. */
static bool take(struct group *group, struct rota_job *ret_job)
{
	uint64_t seen = 0;

	return lane_take_one(&group->queue.lane, &seen, ret_job) ||
	       take_more(group, ret_job);
}

bool group_take_in_child(struct group *group, struct rota_job *ret_job)
{
	return take(group, ret_job);
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
__attribute__((noinline)) static bool take_by_ticket(
		struct group *group, struct rota_job *ret_job)
{
	unsigned waits = 0;

	for (;;) {
		uint64_t before, promised;

		if (take(group, ret_job))
			return true;
		before = pushed(group);
		/* relaxed: the promise of this ticket came with it */
		promised = atomic_load_explicit(&group->promised,
					   memory_order_relaxed) +
			   atomic_load_explicit(&group->promised_by_others,
					   memory_order_relaxed);
		/* what was promised by now had been pushed before */
		if (before >= promised)
			return take(group, ret_job);
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
static inline void run_member(struct group *group, struct rota_job *job)
{
	if (atomic_load_explicit(&group->is_cancelled, memory_order_relaxed)) {
		job_drop(group->pool, job, ROTA_DROP_CANCELLED);
		pool_count_as_dropped(group->pool, 1);
	} else {
		job->run(job->arg);
	}
}

static uint32_t mood_of(struct rota_pool *pool)
{
	/* relaxed: as in the worker's loop */
	return atomic_load_explicit(&pool->mood, memory_order_relaxed);
}

/* Is a ticket of this group the next job of this worker anyway? Then it has it. */
static inline bool take_next_ticket(struct taker *own, struct group *group)
{
	if (lane_seems_empty(&own->nested.lane))
		return lane_take_oldest_if(&own->moved.lane, own->moved.slots,
				LANE_OWN_SLOTS - 1, ticket_of(group));
	return lane_take_newest_if(&own->nested.lane, own->nested.slots,
			LANE_OWN_SLOTS - 1, ticket_of(group));
}

/* The lanes of the worker that this thread is, or NULL. */
static struct taker *own_lanes(struct worker *self)
{
	struct taker *takers = self ? self->pool->channel.lanes.takers : NULL;

	return takers ? &takers[self->index] : NULL;
}

/* What is to be counted of jobs that a thread runs in a row. */
struct turn {
	struct group *group; /* while it does */
	struct worker *self;
	unsigned nr, tickets;
	uint64_t credit; /* see goes_on() */
};

/*
 * Is a ticket the next job of this worker anyway? Then it runs a member at once.
 * A ticket in its lane of nested jobs it takes. Those in the other one it leaves
 * there for now, up to `credit`, and takes them all with one RMW afterwards:
 * who takes one meanwhile gets another member, or finds the ticket stale.
 */
static inline bool goes_on(struct turn *turn, struct taker *own)
{
	struct rota_job ticket = ticket_of(turn->group);

	if (lane_seems_empty(&own->nested.lane))
		return lane_oldest_are(&own->moved.lane, own->moved.slots,
				LANE_OWN_SLOTS - 1, &turn->credit, ticket);
	if (!lane_take_newest_if(&own->nested.lane, own->nested.slots,
			    LANE_OWN_SLOTS - 1, ticket))
		return false;
	turn->tickets++;
	return true;
}

/* The last one has ended the thread. */
static inline void turn_lost(struct turn *turn)
{
	if (!turn->group)
		return;
	frame_lost();
	if (turn->tickets)
		/* release: as [worker.R1] */
		add_alone(&turn->self->ran, turn->tickets,
				memory_order_release);
	group_done(turn->group, turn->nr + 1);
}

/* Jobs of one group in a row are done with one RMW. */
void group_ticket(void *arg)
{
	struct group *group = arg;
	struct rota_pool *pool = group->pool;
	struct frame *outer = os_local.innermost, frame;
	struct worker *self =
			outer && !outer->outer ? frame_worker(pool) : NULL;
	struct taker *own = own_lanes(self);
	struct turn turn ON_LEAVE(turn_lost) = {.self = self};
	struct rota_job job;
	uint64_t seen = 0;

	frame_push(&frame, pool, frame_index_in(pool));
	frame.depth = outer ? outer->depth : 0;
	frame.group = group;
	turn.group = group;
	while (lane_take_one(&group->queue.lane, &seen, &job) ||
			take_by_ticket(group, &job)) {
		run_member(group, &job);
		if (++turn.nr == GROUP_TURN || !own ||
				mood_of(pool) != MOOD_PLAIN ||
				!goes_on(&turn, own))
			break;
	}
	turn.group = NULL;
	frame_pop(&frame);
	if (turn.credit)
		turn.tickets += lane_take_until(&own->moved.lane, turn.credit);
	if (turn.tickets)
		/* release: as [worker.R1]; this ticket is the caller's */
		add_alone(&self->ran, turn.tickets, memory_order_release);
	if (turn.nr)
		group_done(group, turn.nr);
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

static inline void help_lost(struct turn *turn)
{
	if (!turn->group)
		return;
	turn_lost(turn);
	pool_help_leave(turn->group->pool);
}

unsigned group_help(struct group *group)
{
	struct rota_pool *pool = group->pool;
	struct worker *self = frame_worker(pool);
	struct taker *own = own_lanes(self);
	struct turn turn ON_LEAVE(help_lost) = {.self = self};
	struct rota_job job;
	struct frame frame;

	pool_help_enter(pool);
	frame_push(&frame, pool, frame_index_in(pool));
	frame.depth--;
	frame.helps++;
	frame.group = group;
	turn.group = group;
	while (!(mood_of(pool) & MOOD_DISCARDING)) {
		if (own && take_next_ticket(own, group))
			turn.tickets++;
		if (!take(group, &job))
			break;
		run_member(group, &job);
		turn.nr++;
	}
	turn.group = NULL;
	frame_pop(&frame);
	if (turn.tickets)
		/* release: as [worker.R1] */
		add_alone(&self->ran, turn.tickets, memory_order_release);
	if (turn.nr)
		group_done(group, turn.nr);
	pool_help_leave(pool);
	return turn.nr;
}
