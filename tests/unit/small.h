/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_SMALL_H
#define TESTS_UNIT_SMALL_H
#include <string.h>

#include "../../runtime/lanes.h"
#include "../harness.h"

/* A lane of one ring, as that of a worker, with any number of slots. */
struct small {
	struct lane lane;
	struct lane_ring ring;
	struct rota_job slots[LANE_OWN_SLOTS];
};

static inline void go_to(struct lane *lane, uint64_t ticket)
{
	atomic_store(&lane->head, ticket);
	atomic_store(&lane->tail, ticket);
	lane->last->first = ticket;
	CHECK(lane_make_room(lane));
}

static inline void small_init(
		struct small *small, uint64_t ticket, unsigned nr_slots)
{
	memset(small, 0, sizeof(*small));
	lane_ring_init(&small->ring, ticket, nr_slots, small->slots);
	lane_init(&small->lane, &small->ring);
	go_to(&small->lane, ticket);
}

static inline bool push(struct lane *lane, uintptr_t id)
{
	return lane_push_one(lane, NULL, (void *)id);
}

/* The oldest; 0: empty. */
static inline uintptr_t take(struct small *own)
{
	struct rota_job job;

	return lane_take_oldest(&own->lane, own->slots, own->ring.mask, &job)
			       ? (uintptr_t)job.arg
			       : 0;
}

static inline uintptr_t take_newest(struct small *own)
{
	struct rota_job job;

	return lane_take_newest(&own->lane, own->slots, own->ring.mask, &job)
			       ? (uintptr_t)job.arg
			       : 0;
}

/* A signal handler: the thread stops for a moment wherever it is. */
static inline void stumble(int sig)
{
	struct timespec pause = {0, 300000};

	(void)sig;
	nanosleep(&pause, NULL);
}

#endif
