/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a group. A job of the group's pool runs the group's jobs while it
 * waits, and no others: so nested waits end, with one worker too. It sleeps only
 * when all that is left is running elsewhere, or handed over later.
 *
 *	waiter				last job		submit
 *	nr_waiters+1, fence		done+1 (RMW)		job into the queue
 *	nr_helpers+1, heavy fence	nr_waiters? complete?	light fence
 *	turns; help; complete?		turns+1, wake		nr_helpers?
 *	sleep while turns is the same				turns+1, wake
 */
#include "group.h"
#include "pool.h"
#include <errno.h>
#include <limits.h>

/* This thread runs a job of the group, which would wait for itself. */
static bool is_member(struct group *group)
{
	for (struct frame *frame = os_local.innermost; frame;
			frame = frame->outer)
		if (frame->group == group)
			return true;
	return false;
}

struct wait {
	struct group *group; /* while it lasts */
	bool is_helper;
};

static inline void end_wait(struct group *group, bool is_helper)
{
	if (is_helper)
		atomic_fetch_sub_explicit(
				&group->nr_helpers, 1, memory_order_relaxed);
	/* release: rota_group_fini() may follow, as [group.A3] */
	atomic_fetch_sub_explicit(&group->nr_waiters, 1, memory_order_release);
}

/* A job that was run meanwhile has ended the thread. */
static inline void wait_lost(struct wait *wait)
{
	if (wait->group)
		end_wait(wait->group, wait->is_helper);
}

static int sleep_until(
		struct group *group, bool is_helper, uint64_t deadline_ns)
{
	struct wait wait ON_LEAVE(wait_lost) = {group, is_helper};
	struct eventcount *ec = &group->pool->eventcount;
	int error = 0;

	atomic_fetch_add_explicit(&group->nr_waiters, 1, memory_order_relaxed);
	/* [group.F2] full fence; pairs with [group.F1]. Orders nr_waiters before
	 * the look at what is done. */
	fence_after_rmw();
	if (is_helper) {
		atomic_fetch_add_explicit(
				&group->nr_helpers, 1, memory_order_relaxed);
		/* [group.F3] heavy fence; pairs with [pool.F1]. Orders
		 * nr_helpers before the look at the queue. Forbids: the
		 * submitter sees no helper and the helper sees no job. */
		ec_heavy_fence(ec);
	}
	for (;;) {
		/* [group.A3] acquire; pairs with [group.R1], by the wake. */
		uint32_t turns = atomic_load_explicit(
				&group->turns, memory_order_acquire);

		if (is_helper && group_help(group))
			continue;
		if (group_is_complete(group)) {
			error = 0;
			break;
		}
		if (error)
			break;
		error = os_futex_wait(&group->turns, turns, deadline_ns);
	}
	wait.group = NULL;
	end_wait(group, is_helper);
	return error;
}

static bool is_too_deep(struct group *group)
{
	return frame_has(group->pool) &&
	       os_local.innermost->helps >= ROTA_HELP_DEPTH;
}

int group_wait_for(struct group *group, uint64_t deadline_ns)
{
	bool is_helper = frame_has(group->pool);

	if (is_helper)
		group_help(group);
	if (group_is_complete(group))
		return 0;
	return deadline_ns ? sleep_until(group, is_helper, deadline_ns)
			   : -ETIMEDOUT;
}

int rota_group_wait_until(struct rota_group *user_group, uint64_t deadline_ns)
{
	struct group *group;
	int error = group_of(user_group, &group);

	if (error)
		return error;
	if (is_member(group))
		return -EDEADLK;
	if (group_is_complete(group))
		return 0;
	return is_too_deep(group) ? -EDEADLK
				  : group_wait_for(group, deadline_ns);
}

int rota_group_wait(struct rota_group *group)
{
	return rota_group_wait_until(group, ROTA_NO_DEADLINE);
}

int rota_group_help(struct rota_group *user_group)
{
	struct group *group;
	int error = group_of(user_group, &group);
	unsigned nr;

	if (error)
		return error;
	if (is_too_deep(group))
		return -EDEADLK;
	nr = group_help(group);
	return nr < INT_MAX ? (int)nr : INT_MAX;
}

int rota_group_cancel(struct rota_group *user_group)
{
	struct group *group;
	int error = group_of(user_group, &group);

	if (error)
		return error;
	/* [group.R3] release; pairs with [group.A4]: what came before. */
	atomic_store_explicit(&group->is_cancelled, 1, memory_order_release);
	group_help(group); /* they are dropped now, see run_member() */
	return 0;
}

bool group_is_cancelled_here(void)
{
	for (struct frame *frame = os_local.innermost; frame;
			frame = frame->outer)
		/* [group.A4] acquire; pairs with [group.R3]. */
		if (frame->group && atomic_load_explicit(
						    &frame->group->is_cancelled,
						    memory_order_acquire))
			return true;
	return false;
}
