/* SPDX-License-Identifier: MIT */
#ifndef ROTA_GROUP_H
#define ROTA_GROUP_H
/*
 * Jobs that belong together. A group has a queue of its own; what goes through
 * the channel is a ticket { group_ticket, group }: whoever takes one takes a job
 * from the group's queue. So a job that waits for its group may run the group's
 * jobs, wherever their tickets are, and a ticket that finds none is stale and
 * harmless.
 *
 *	submit				who takes a ticket
 *	promised+1			job from the queue? run it
 *	ticket into the channel		promised but not there yet? wait for it
 *	job into the queue		else: somebody helped, the ticket is stale
 *
 * The ticket goes first, because only that can be refused. Each job has one
 * ticket, so the pool counts tickets and gets the number of jobs.
 *
 * The queue is a lane for the thread that made the group, whose rings double to
 * LANE_MAX_SLOTS and are kept, and a chain for what does not fit and for other
 * threads. A group lies in memory of
 * the pool, which is used for other groups later: its counters go on, and a
 * stale ticket of an earlier group does no harm. All of its jobs are over when
 * as many are done as were promised.
 */
#include "pool.h"
#include <errno.h>

/* Legend: O who made it; A shared; I constant while the group is in use. */
struct group {
	struct own_lane queue;
	struct rota_pool *pool;	       /* I */
	uint64_t pool_id;	       /* I: another in a child: see fork.c */
	struct box *box;	       /* I: where it lies */
	uintptr_t owner;	       /* I: who made it */
	_Atomic(struct chain *) more;  /* A: NULL: not needed yet */
	_Atomic uint32_t is_cancelled; /* A */
	_Atomic uint32_t nr_helpers;   /* A: waiters that run jobs of it */
	_Atomic uint64_t pushed;       /* A: into `more`, or run at once */
	/* A: by the owner, who alone writes: at each submit, so that what
	 * workers read lies elsewhere */
	alignas(2 * CACHELINE) _Atomic uint64_t promised;
	alignas(2 * CACHELINE) _Atomic uint64_t promised_by_others; /* A */
	alignas(2 * CACHELINE) _Atomic uint64_t done;		    /* A */
	_Atomic uint32_t nr_waiters;				    /* A */
	_Atomic uint32_t turns; /* A: futex; counts wake-ups */
};

/* 0, or why a call for it may not be made. */
static inline int group_of(
		struct rota_group *user_group, struct group **ret_group)
{
	if (!user_group || !user_group->state)
		return -EINVAL;
	*ret_group = user_group->state;
	return pool_id((*ret_group)->pool) == (*ret_group)->pool_id
			       ? 0
			       : -EOWNERDEAD;
}

size_t group_bytes(void); /* of a box for one */
void group_free(void *payload);

static inline bool group_is_complete(struct group *group)
{
	/* [group.A1] acquire; pairs with [group.R1]: what the jobs wrote. Read
	 * first: if it is equal to what was promised, nothing was in flight. */
	uint64_t done = atomic_load_explicit(
			&group->done, memory_order_acquire);

	/* relaxed: who waits for a submit has seen it */
	return done ==
	       atomic_load_explicit(&group->promised, memory_order_relaxed) +
			       atomic_load_explicit(&group->promised_by_others,
					       memory_order_relaxed);
}

/* group_run.c: a ticket is taken: its job is run, or dropped. */
void group_ticket(void *group);
void group_drop(struct group *group, enum rota_drop_reason reason);
/* In a forked child, which has nobody else: false: the ticket has no job. */
bool group_take_in_child(struct group *group, struct rota_job *ret_job);
/* Run what is queued, until nothing is; how many. */
unsigned group_help(struct group *group);
/* So many jobs are over: tell who waits. */
void group_done(struct group *group, unsigned nr);
void group_wake(struct group *group);

/* group_wait.c: 0 or -ETIMEDOUT. */
int group_wait_for(struct group *group, uint64_t deadline_ns);
/* Does this thread run a member of a group that was cancelled? */
bool group_is_cancelled_here(void);

#endif
