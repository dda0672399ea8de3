/* SPDX-License-Identifier: MIT */
#include "channel.h"
#include <errno.h>

static void classes_fini(struct channel *channel, unsigned nr)
{
	while (nr--)
		chain_fini(&channel->classes[nr]);
}

static int classes_init(struct channel *channel)
{
	for (unsigned i = 0; i < NR_CLASSES; i++)
		if (chain_init_small(&channel->classes[i], CLASS_FIRST_SLOTS)) {
			classes_fini(channel, i);
			return -ENOMEM;
		}
	channel->has_classes = true;
	return 0;
}

int channel_init(struct channel *channel, unsigned capacity,
		unsigned nr_lane_workers)
{
	int error = chain_init(&channel->chain, capacity);

	if (error)
		return error;
	if (nr_lane_workers)
		error = lanes_init(&channel->lanes, nr_lane_workers);
	if (!error && !capacity)
		error = classes_init(channel);
	if (error)
		channel_fini(channel);
	return error;
}

void channel_fini(struct channel *channel)
{
	if (channel->has_classes)
		classes_fini(channel, NR_CLASSES);
	lanes_fini(&channel->lanes);
	chain_fini(&channel->chain);
}

/* What is queued in some chains; true: all are finished. */
static bool look_at_classes(struct channel *channel, bool *ret_has_work)
{
	bool finished = true;

	for (unsigned i = 0; channel->has_classes && i < NR_CLASSES; i++)
		switch (chain_look(&channel->classes[i])) {
		case CHAIN_HAS_WORK:
			*ret_has_work = true;
			return false;
		case CHAIN_IS_EMPTY:
			finished = false;
			break;
		case CHAIN_IS_FINISHED:
			break;
		}
	return finished;
}

enum channel_state channel_look(struct channel *channel)
{
	bool has_work = false, are_finished;

	if (lanes_have_work(&channel->lanes))
		return CHANNEL_HAS_WORK;
	switch (chain_look(&channel->chain)) {
	case CHAIN_HAS_WORK:
		return CHANNEL_HAS_WORK;
	case CHAIN_IS_EMPTY:
		look_at_classes(channel, &has_work);
		return has_work ? CHANNEL_HAS_WORK : CHANNEL_IS_EMPTY;
	case CHAIN_IS_FINISHED: /* so all others are closed: it is last */
		break;
	}
	are_finished = look_at_classes(channel, &has_work);
	return are_finished && lanes_are_finished(&channel->lanes)
			       ? CHANNEL_IS_FINISHED
			       : CHANNEL_HAS_WORK;
}

static uint64_t sum_of_classes(
		struct channel *channel, uint64_t (*of)(struct chain *chain))
{
	uint64_t sum = 0;

	for (unsigned i = 0; channel->has_classes && i < NR_CLASSES; i++)
		sum += of(&channel->classes[i]);
	return sum;
}

bool channel_has_classes_queued(struct channel *channel)
{
	return sum_of_classes(channel, chain_queued);
}

bool channel_take_class(struct channel *channel, enum channel_class class,
		struct rota_job *ret_job)
{
	return channel->has_classes &&
	       chain_pop(&channel->classes[class], ret_job);
}

bool channel_take_as_guest(struct channel *channel, struct rota_job *ret_job)
{
	return lanes_take_as_guest(&channel->lanes, ret_job) ||
	       chain_pop(&channel->chain, ret_job) ||
	       channel_take_class(channel, CLASS_HIGH, ret_job) ||
	       channel_take_class(channel, CLASS_LOW, ret_job);
}

void channel_see_first(struct channel *channel,
		void (*see)(void *with, const struct rota_job *first),
		void *with)
{
	struct rota_job first;

	lanes_see_first(&channel->lanes, see, with);
	if (chain_first(&channel->chain, &first))
		see(with, &first);
	for (unsigned i = 0; channel->has_classes && i < NR_CLASSES; i++)
		if (chain_first(&channel->classes[i], &first))
			see(with, &first);
}

void channel_close(struct channel *channel)
{
	for (unsigned i = 0; channel->has_classes && i < NR_CLASSES; i++)
		chain_close(&channel->classes[i]);
	lanes_close(&channel->lanes);
	chain_close(&channel->chain);
}

uint64_t channel_accepted(struct channel *channel)
{
	return lanes_accepted(&channel->lanes) +
	       chain_accepted(&channel->chain) +
	       sum_of_classes(channel, chain_accepted);
}

uint64_t channel_queued(struct channel *channel)
{
	return lanes_queued(&channel->lanes) + chain_queued(&channel->chain) +
	       sum_of_classes(channel, chain_queued);
}
