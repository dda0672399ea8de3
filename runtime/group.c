/* SPDX-License-Identifier: MIT */
/* The life of a group, and handing jobs to it. */
#include "group.h"
#include "pool.h"
#include <errno.h>
#include <string.h>

size_t group_bytes(void)
{
	return sizeof(struct group) + alignof(struct group);
}

static struct group *group_in(void *payload)
{
	uintptr_t mask = alignof(struct group) - 1;

	return (struct group *)(((uintptr_t)payload + mask) & ~mask);
}

void group_free(void *payload)
{
	/* acquire: as [group.A2] */
	struct chain *more = atomic_load_explicit(
			&group_in(payload)->more, memory_order_acquire);

	/* the first ring is the group's, and leads to all others */
	lane_free_rings_from(atomic_load_explicit(
			&group_in(payload)->queue.ring.next,
			memory_order_relaxed));
	if (!more)
		return;
	chain_fini(more);
	os_pages_unmap(more, sizeof(*more));
}

int rota_group_init(struct rota_group *ret_group, struct rota_pool *pool)
{
	struct group *group;
	struct box *box;

	if (!ret_group || !pool)
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	box = box_get(&pool->groups, pool->groups.bytes);
	if (!box)
		return -ENOMEM;
	group = group_in(box->payload);
	if (!group->pool) {
		own_lane_init(&group->queue);
		group->pool = pool;
		group->box = box;
	}
	group->pool_id = pool_id(pool);
	group->owner = (uintptr_t)&os_local;
	atomic_store_explicit(&group->is_cancelled, 0, memory_order_relaxed);
	ret_group->state = group;
	return 0;
}

/* From before a fork: whoever used it does not exist. */
static int fini_in_child(struct rota_group *user_group, struct group *group)
{
	struct box *box = group->box;

	if (!pool_is_ours(group->pool))
		return -EOWNERDEAD;
	group_free(box->payload);
	memset(group, 0, sizeof(*group));
	user_group->state = NULL;
	box_put(box);
	return 0;
}

int rota_group_fini(struct rota_group *user_group)
{
	struct group *group;
	int error = group_of(user_group, &group);

	if (error == -EOWNERDEAD)
		return fini_in_child(user_group, group);
	if (error)
		return error;
	if (!group_is_complete(group) ||
			/* acquire: waiters have left, as [group.A1] */
			atomic_load_explicit(&group->nr_waiters,
					memory_order_acquire))
		return -EBUSY;
	user_group->state = NULL;
	box_put(group->box);
	return 0;
}

static struct chain *more_of(struct group *group)
{
	/* acquire: as [group.A2] */
	struct chain *more = atomic_load_explicit(
			&group->more, memory_order_acquire);
	struct chain *mine;

	if (more)
		return more;
	mine = os_pages_map(sizeof(*mine));
	if (!mine)
		return NULL;
	if (chain_init_small(mine, GROUP_FIRST_SLOTS)) {
		os_pages_unmap(mine, sizeof(*mine));
		return NULL;
	}
	/* [group.R2] release; pairs with [group.A2]: an initialised chain. */
	if (atomic_compare_exchange_strong_explicit(&group->more, &more, mine,
			    memory_order_acq_rel, memory_order_acquire))
		return mine;
	chain_fini(mine);
	os_pages_unmap(mine, sizeof(*mine));
	return more;
}

static bool push_own(struct group *group, const struct rota_job *job)
{
	struct chain *more = atomic_load_explicit(
			&group->more, memory_order_relaxed);
	struct lane *lane = &group->queue.lane;

	if (more && chain_queued(more))
		return false; /* they are older */
	for (unsigned yields = 0; !lane_push_one(lane, job->run, job->arg);) {
		if (lane_make_room(lane))
			continue;
		if (yields++ < GROW_YIELDS)
			os_yield();
		else if (lane->mask + 1 >= LANE_MAX_SLOTS || !lane_grow(lane))
			return false;
	}
	return true;
}

static bool push(struct group *group, const struct rota_job *job, bool is_owner)
{
	struct chain *more;
	size_t pushed;

	if (is_owner && push_own(group, job))
		return true;
	more = more_of(group);
	if (!more || chain_push(more, job, 1, &pushed) != CHAIN_OK)
		return false;
	/* [group.R4] release; pairs with [group.A5]: the job is in the chain,
	 * whose own count goes up before that. */
	atomic_fetch_add_explicit(&group->pushed, 1, memory_order_release);
	return true;
}

/* A job was queued: a waiter that helps may sleep and has to know. */
static inline void tell_helpers(struct group *group)
{
	/* light fence: as [pool.F1], with [group.F3] */
	pool_published(group->pool);
	if (atomic_load_explicit(&group->nr_helpers, memory_order_relaxed))
		group_wake(group);
}

static inline void promise(struct group *group, bool is_owner, int nr)
{
	/* relaxed: published by the ticket */
	if (is_owner)
		add_alone(&group->promised, (uint64_t)nr, memory_order_relaxed);
	else
		atomic_fetch_add_explicit(&group->promised_by_others,
				(uint64_t)nr, memory_order_relaxed);
}

/* The ticket was refused. */
__attribute__((noinline)) static int withdraw(
		struct group *group, bool is_owner, int error)
{
	promise(group, is_owner, -1);
	/* full fence: as [group.F1] */
	fence_full();
	if (atomic_load_explicit(&group->nr_waiters, memory_order_relaxed))
		group_wake(group);
	return error;
}

/* The job has ended the thread. */
static inline void here_lost(struct group **group)
{
	if (!*group)
		return;
	frame_lost();
	group_done(*group, 1);
}

/* Run it on this thread; it is done when this returns. */
static void run_here(struct group *group, const struct rota_job *job)
{
	struct group *running ON_LEAVE(here_lost) = group;
	struct frame frame;

	frame_push(&frame, group->pool, frame_index_in(group->pool));
	frame.group = group;
	job->run(job->arg);
	running = NULL;
	frame_pop(&frame);
	group_done(group, 1);
}

struct member {
	struct group *group;
	struct rota_job job;
};

static void run_member(void *arg)
{
	struct member *member = arg;

	run_here(member->group, &member->job);
}

/* No ticket, no queue: this thread runs it or drops it, as the pool says. */
static int finish_here(struct group *group, struct rota_job job, bool is_owner)
{
	struct member member = {group, job};
	int error;

	if (group->pool->full_policy == ROTA_FULL_DROP_NEWEST)
		return pool_drop_here(group->pool, &job);
	promise(group, is_owner, 1);
	atomic_fetch_add_explicit(&group->pushed, 1, memory_order_relaxed);
	error = pool_run_here(
			group->pool, &(struct rota_job){run_member, &member});
	if (!error)
		return 0;
	atomic_fetch_sub_explicit(&group->pushed, 1, memory_order_relaxed);
	return withdraw(group, is_owner, error);
}

/* What to do next, since the pool is full: 0 try again, 1 it is finished. */
static int make_room(struct group *group, struct rota_job job, bool is_owner)
{
	struct rota_pool *pool = group->pool;
	int error;

	switch (pool->full_policy) {
	case ROTA_FULL_FAIL:
		return -EAGAIN;
	case ROTA_FULL_DROP_OLDEST:
		return pool_drop_oldest(pool);
	case ROTA_FULL_BLOCK:
		if (!frame_has(pool))
			return pool_wait_for_room(pool);
		/* a worker never waits for itself */
		__attribute__((fallthrough));
	default:
		error = finish_here(group, job, is_owner);
		return error ? error : 1;
	}
}

/* While a promise is open others may wait for it: nothing here blocks. */
static inline int submit_ticket(struct group *group, bool is_owner)
{
	int error;

	promise(group, is_owner, 1);
	error = rota_try_submit(group->pool, group_ticket, group);
	return __builtin_expect(error, 0) ? withdraw(group, is_owner, error)
					  : 0;
}

static inline void leave_help(struct rota_pool **pool)
{
	pool_help_leave(*pool);
}

static void run_as_helper(struct group *group, const struct rota_job *job)
{
	struct rota_pool *pool ON_LEAVE(leave_help) = group->pool;

	pool_help_enter(pool);
	run_here(group, job);
}

/* The ticket is out. */
static void put(struct group *group, struct rota_job job, bool is_owner)
{
	if (push(group, &job, is_owner)) {
		tell_helpers(group);
		return;
	}
	/* no memory for the queue */
	atomic_fetch_add_explicit(&group->pushed, 1, memory_order_relaxed);
	run_as_helper(group, &job);
}

/* The pool is full, or the job has to go another way than the straight one. */
__attribute__((noinline)) static int submit_otherwise(struct group *group,
		struct rota_job job, bool is_owner, int error)
{
	while (error == -EAGAIN) {
		error = make_room(group, job, is_owner);
		if (error)
			return error < 0 ? error : 0;
		error = submit_ticket(group, is_owner);
	}
	if (!error)
		put(group, job, is_owner);
	return error;
}

int rota_group_submit(struct rota_group *user_group, rota_run_fn run, void *arg)
{
	struct group *group;
	int error = group_of(user_group, &group);
	bool is_owner;

	if (error || !run)
		return error ? error : -EINVAL;
	if (atomic_load_explicit(&group->is_cancelled, memory_order_relaxed))
		return -ECANCELED;
	is_owner = group->owner == (uintptr_t)&os_local;
	error = submit_ticket(group, is_owner);
	/* the straight path: nothing in the chain, room in the lane */
	if (error || !is_owner ||
			atomic_load_explicit(
					&group->more, memory_order_relaxed) ||
			!lane_push_one(&group->queue.lane, run, arg))
		return submit_otherwise(group, (struct rota_job){run, arg},
				is_owner, error);
	tell_helpers(group);
	return 0;
}
