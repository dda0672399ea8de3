/* SPDX-License-Identifier: MIT */
#include "channel.h"

int channel_init(struct channel *channel, unsigned capacity,
		unsigned nr_lane_workers)
{
	int error = chain_init(&channel->chain, capacity);

	if (!error && nr_lane_workers) {
		error = lanes_init(&channel->lanes, nr_lane_workers);
		if (error)
			chain_fini(&channel->chain);
	}
	return error;
}

void channel_fini(struct channel *channel)
{
	lanes_fini(&channel->lanes);
	chain_fini(&channel->chain);
}

enum channel_state channel_look(struct channel *channel)
{
	if (lanes_have_work(&channel->lanes))
		return CHANNEL_HAS_WORK;
	switch (chain_look(&channel->chain)) {
	case CHAIN_HAS_WORK:
		return CHANNEL_HAS_WORK;
	case CHAIN_IS_EMPTY:
		return CHANNEL_IS_EMPTY;
	case CHAIN_IS_FINISHED: /* so the lanes are closed: they are first */
		break;
	}
	return lanes_are_finished(&channel->lanes) ? CHANNEL_IS_FINISHED
						   : CHANNEL_HAS_WORK;
}

bool channel_take_as_guest(struct channel *channel, struct rota_job *ret_job)
{
	return lanes_take_as_guest(&channel->lanes, ret_job) ||
	       chain_pop(&channel->chain, ret_job);
}

void channel_close(struct channel *channel)
{
	lanes_close(&channel->lanes);
	chain_close(&channel->chain);
}

uint64_t channel_accepted(struct channel *channel)
{
	return lanes_accepted(&channel->lanes) +
	       chain_accepted(&channel->chain);
}

uint64_t channel_queued(struct channel *channel)
{
	return lanes_queued(&channel->lanes) + chain_queued(&channel->chain);
}
