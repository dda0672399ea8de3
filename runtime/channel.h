/* SPDX-License-Identifier: MIT */
#ifndef ROTA_CHANNEL_H
#define ROTA_CHANNEL_H
/*
 * The way of a job from submitters to workers: all that the pool knows of it.
 *
 *	ring	one chain of shared rings: global FIFO, bounded or growing
 *	lanes	a lane for each submitter, and the chain for those that found
 *		no free one; FIFO for each submitter
 */
#include "chain.h"
#include "lanes.h"

enum channel_class { CLASS_HIGH, CLASS_LOW, NR_CLASSES };

struct channel {
	struct chain chain;
	struct lanes lanes; /* without takers: the channel is `ring` */
	/* Jobs that go before all others, and those that wait for all others.
	 * Not in a bounded channel, whose capacity is exact. */
	struct chain classes[NR_CLASSES];
	bool has_classes;
};

/* nr_lane_workers 0: `ring`. 0 or -ENOMEM. */
int channel_init(struct channel *channel, unsigned capacity,
		unsigned nr_lane_workers);
void channel_fini(struct channel *channel);

static inline bool channel_has_lanes(struct channel *channel)
{
	return channel->lanes.takers != NULL;
}

enum channel_state {
	CHANNEL_HAS_WORK,
	CHANNEL_IS_EMPTY,
	CHANNEL_IS_FINISHED, /* closed and drained: stays so */
};

enum channel_state channel_look(struct channel *channel);
bool channel_has_classes_queued(struct channel *channel);
/* Take a job of this class; false: there is none. */
bool channel_take_class(struct channel *channel, enum channel_class class,
		struct rota_job *ret_job);
/* Take a job to drop it; false: none was to be had. */
bool channel_take_as_guest(struct channel *channel, struct rota_job *ret_job);
/* The oldest job of each queue, to look at: it may be taken meanwhile. */
void channel_see_first(struct channel *channel,
		void (*see)(void *with, const struct rota_job *first),
		void *with);
/* Refuse jobs from now on. Idempotent. */
void channel_close(struct channel *channel);

/* Jobs ever accepted; jobs waiting now. */
uint64_t channel_accepted(struct channel *channel);
uint64_t channel_queued(struct channel *channel);

#endif
