/* SPDX-License-Identifier: MIT */
#ifndef ROTA_CHANNEL_H
#define ROTA_CHANNEL_H
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

struct channel {
	/* A: the ring that is popped from; moves on when closed and empty */
	alignas(CACHELINE) _Atomic(struct ring *) head;
	/* A: the ring that is pushed to, or one before it */
	alignas(CACHELINE) _Atomic(struct ring *) tail;
	struct ring *first; /* I: where the chain begins */
	bool is_bounded;    /* I */
};

enum channel_result {
	CHANNEL_OK,
	CHANNEL_IS_FULL,
	CHANNEL_IS_CLOSED,
	CHANNEL_NO_MEMORY,
};

enum channel_state {
	CHANNEL_HAS_WORK,
	CHANNEL_IS_EMPTY,
	CHANNEL_IS_FINISHED, /* closed and drained: stays so */
};

int channel_init(struct channel *channel, unsigned capacity);
void channel_fini(struct channel *channel);

/* Push the jobs, or as many from the front as fit; at least one on OK. */
enum channel_result channel_push(struct channel *channel,
		const struct rota_job *jobs, size_t nr_jobs,
		size_t *ret_pushed);
/* The common case for one job: true, or false and nothing happened; then
 * channel_push() knows why. Never waits. */
bool channel_push_one(struct channel *channel, struct rota_job job);
/* Take the oldest job; false: none was to be had. */
bool channel_pop(struct channel *channel, struct rota_job *ret_job);
enum channel_state channel_look(struct channel *channel);
/* Refuse jobs from now on. Idempotent. */
void channel_close(struct channel *channel);

/* A number that goes up by one with each job, and wraps. Cheap after a push. */
unsigned channel_ticket(struct channel *channel);
/* Jobs ever accepted; jobs waiting now. */
uint64_t channel_accepted(struct channel *channel);
uint64_t channel_queued(struct channel *channel);

#endif
