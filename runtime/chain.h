/* SPDX-License-Identifier: MIT */
#ifndef ROTA_CHAIN_H
#define ROTA_CHAIN_H
/*
 * The way of a job from submitters to workers: all that the pool knows of it.
 * This one is `ring`: a chain of gated MPMC rings, global FIFO. A bounded
 * channel has one ring of exactly its capacity; an unbounded one closes a
 * full ring and links one of twice the size. Closing the channel closes the
 * last ring and links nothing more, so "closed and drained" is a fact that
 * stays true, and the worker that sees it may go.
 *
 * Rings that were left stay mapped, without their pages, until the end: who
 * still holds a pointer to one reads a closed, empty ring. They add up to
 * less than the ring in use, and their slots cost no memory.
 */
#include "rota.h"
#include "sys/atomic.h"
#include <stdbool.h>

struct ring;

struct chain {
	/* A: the ring that is popped from; moves on when closed and empty */
	alignas(CACHELINE) _Atomic(struct ring *) head;
	/* A: the ring that is pushed to, or one before it */
	alignas(CACHELINE) _Atomic(struct ring *) tail;
	struct ring *first; /* I: where the chain begins */
	bool is_bounded;    /* I */
};

enum chain_result {
	CHAIN_OK,
	CHAIN_IS_FULL,
	CHAIN_IS_CLOSED,
	CHAIN_NO_MEMORY,
};

enum chain_state {
	CHAIN_HAS_WORK,
	CHAIN_IS_EMPTY,
	CHAIN_IS_FINISHED, /* closed and drained: stays so */
};

/* capacity 0: it grows. */
int chain_init(struct chain *chain, unsigned capacity);
/* It grows, from this power of two on. */
int chain_init_small(struct chain *chain, unsigned first_slots);
void chain_fini(struct chain *chain);

/* Push the jobs, or as many from the front as fit; at least one on OK. */
enum chain_result chain_push(struct chain *chain, const struct rota_job *jobs,
		size_t nr_jobs, size_t *ret_pushed);
/* The common case for one job: true, or false and nothing happened; then
 * chain_push() knows why. Never waits. */
bool chain_push_one(struct chain *chain, struct rota_job job);
/* Take the oldest job; false: none was to be had. */
bool chain_pop(struct chain *chain, struct rota_job *ret_job);
/* The oldest job, to look at: it may be taken meanwhile. */
bool chain_first(struct chain *chain, struct rota_job *ret_job);
enum chain_state chain_look(struct chain *chain);
/* Refuse jobs from now on. Idempotent. */
void chain_close(struct chain *chain);

/* A number that goes up by one with each job, and wraps. Cheap after a push. */
unsigned chain_ticket(struct chain *chain);
/* Jobs ever accepted; jobs waiting now. */
uint64_t chain_accepted(struct chain *chain);
uint64_t chain_queued(struct chain *chain);

#endif
