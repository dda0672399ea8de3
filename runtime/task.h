/* SPDX-License-Identifier: MIT */
#ifndef ROTA_TASK_H
#define ROTA_TASK_H
/*
 * A job with more than run and arg: what rota_submit_with() makes. The job in
 * the channel is { task_run, task }. Whoever changes the state from QUEUED has
 * it: a worker, a canceller, a waiter that runs it itself; the others find it
 * taken. The task lies in a box, or for a handle in memory that outlives the
 * pool.
 *
 *	QUEUED -> RUNNING -> RAN
 *	       |         \-> DROPPED (expired)
 *	       |-> DROPPING -> DROPPED (cancelled, discarded, no room)
 *	       \-> REFUSED (pushed for a key, then the ticket was refused)
 */
#include "box.h"

enum task_state {
	TASK_QUEUED,
	TASK_RUNNING,
	TASK_RAN,
	TASK_DROPPING,
	TASK_DROPPED,
	TASK_REFUSED,
};

struct task {
	_Atomic uint32_t state;	       /* A: TASK_*, a futex */
	_Atomic uint32_t refs;	       /* A: the channel's, and the handle's */
	_Atomic uint32_t nr_waiters;   /* A */
	_Atomic uint32_t is_cancelled; /* A: asked to give up */
	struct rota_pool *pool;	       /* I */
	rota_run_fn run;	       /* I */
	void *arg;		       /* I */
	rota_drop_fn drop;	       /* I: NULL: the pool's on_drop */
	uint64_t deadline_ns;	       /* I */
	intptr_t result; /* of who has it: the result, or the reason */
	bool is_keyed;	 /* I */
	_Atomic(struct task *) next; /* A: see strand.c */
	uint64_t pool_id; /* of the handle: see fork.c; another in a child */
};

static_assert(sizeof(struct task) <= ROTA_COPY_INLINE, "fits into a box");

/* The run of every such job. */
void task_run(void *task);
/* Instead of task_run(). */
void task_drop(struct task *task, enum rota_drop_reason reason);
void task_unref(struct task *task);
/* From QUEUED to this state, by this thread? */
bool task_claim(struct task *task, enum task_state state);
/* Claimed as RUNNING: run it, or drop it if it is too late. False: dropped. */
bool task_finish(struct task *task);
/* Claimed as DROPPING: call its drop. */
void task_finish_drop(struct task *task, enum rota_drop_reason reason);

#endif
