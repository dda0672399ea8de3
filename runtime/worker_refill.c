/* SPDX-License-Identifier: MIT */
/* A worker whose own lanes are empty moves jobs there: when, and how many. */
#include "pool.h"

/* After a stream of short jobs that now come one by one: let some gather, each
 * look at an almost empty lane fetches lines from its submitter. */
static void let_gather(struct worker *self)
{
	uint64_t now_ns = self->batch.from_ns, end_ns = now_ns + GATHER_NS;

	if (!self->moved || self->moved >= GATHER_BELOW ||
			worker_streak(self) < GATHER_STREAK)
		return;
	/* if it was not just here, the jobs are long or few: no delay */
	while (now_ns < end_ns &&
			end_ns - self->gathered_ns < 3ull * GATHER_NS) {
		os_yield();
		now_ns = os_now_ns();
	}
	self->gathered_ns = now_ns;
	self->batch.from_ns = now_ns; /* not the time of a job */
}

/* How many? */
static unsigned move_here(struct worker *self)
{
	struct channel *channel = &self->pool->channel;
	/* relaxed: its own */
	uint64_t ran = atomic_load_explicit(&self->ran, memory_order_relaxed);
	bool goes_on = self->moved == LANE_BATCH &&
		       batch_goes_on(&self->batch, ran);

	if (!goes_on) {
		batch_look(&self->batch, os_now_ns(), ran);
		let_gather(self);
	}
	self->moved = lanes_move(&channel->lanes, &channel->chain, self->index,
			true, batch_size(&self->batch));
	if (goes_on && !self->moved) /* before it looks elsewhere, or sleeps */
		batch_look(&self->batch, os_now_ns(), ran);
	return self->moved;
}

bool worker_take_in_turn(struct worker *self, struct taker *own, uint64_t ran,
		struct rota_job *ret_job)
{
	struct channel *channel = &self->pool->channel;
	bool is_deep = !(ran / OWN_TURN % DEEP_TURN);

	/* as many as nested ones, however long they take */
	if (lanes_move(&channel->lanes, &channel->chain, self->index, is_deep,
			    LANE_BATCH))
		worker_tell_others(self, true);
	return is_deep && own_lane_take_oldest(&own->nested, ret_job);
}

struct rota_job worker_refill(struct worker *self, struct taker *own)
{
	struct rota_job job;
	unsigned moved;

	do {
		moved = move_here(self);
		if (!moved)
			return (struct rota_job){NULL, NULL};
		/* again: others were faster */
	} while (!own_lane_take_oldest(&own->moved, &job));
	worker_tell_others(self, moved > 1);
	return job;
}
