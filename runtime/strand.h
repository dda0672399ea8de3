/* SPDX-License-Identifier: MIT */
#ifndef ROTA_STRAND_H
#define ROTA_STRAND_H
/*
 * Jobs of one key run in the order of their submits, one at a time, and no
 * worker waits for another: a strand is a queue of tasks that any submitter
 * pushes to, and only its runner takes from. Each task has a ticket in the
 * channel. Who takes a ticket adds it to what is owed: if nothing was, it is the
 * runner now, and runs one task for each ticket that is owed; else it leaves its
 * task to the runner.
 *
 * Keys share STRANDS strands: two keys may wait for one another.
 *
 * The queue is D. Vyukov's intrusive MPSC queue: push is one exchange. A pusher
 * that was preempted between the exchange and the link is waited for.
 */
#include "task.h"

enum { STRANDS = 64 };

struct strand {
	alignas(CACHELINE) _Atomic(struct task *) tail; /* A */
	alignas(CACHELINE) struct task *head;		/* R: runner's; taken */
	struct rota_pool *pool;				/* I */
	_Atomic uint64_t owed;				/* A */
	struct task stub;
};

/* 0, or what rota_submit() returns. */
int strand_submit(struct rota_pool *pool, uint64_t key, struct task *task);
/* The run of each ticket, and the drop. */
void strand_ticket(void *strand);
void strand_drop(struct strand *strand, enum rota_drop_reason reason);
/* In a forked child, which has no other threads: drop what is queued, or was about
 * to be; how many. */
size_t strands_drop_all(struct rota_pool *pool, enum rota_drop_reason reason);
/* At the end of the pool. */
void strands_free(struct rota_pool *pool);

#endif
