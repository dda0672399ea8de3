/* SPDX-License-Identifier: MIT */
/* Which lanes there are, who has which, and what is in them. */
#include "lanes.h"
#include "sys/os.h"
#include <errno.h>

void own_lane_init(struct own_lane *own)
{
	lane_ring_init(&own->ring, 0, LANE_OWN_SLOTS, own->slots);
	lane_init(&own->lane, &own->ring);
}

int lanes_init(struct lanes *lanes, unsigned max_workers)
{
	struct taker *takers = os_pages_map(max_workers * sizeof(*takers));

	if (!takers)
		return -ENOMEM;
	lanes->takers = takers;
	lanes->max_takers = max_workers;
	return 0;
}

void lanes_use_taker(struct lanes *lanes, unsigned i, struct worker *worker)
{
	struct taker *taker;

	if (!lanes->takers || i < lanes_nr_takers(lanes))
		return; /* it goes on where the one before it stopped */
	taker = &lanes->takers[i];
	own_lane_init(&taker->nested);
	own_lane_init(&taker->moved);
	taker->nested.lane.worker = worker;
	/* [lanes.R8] release; pairs with [lanes.A8]: a taker is seen initialised.
	 * What it does comes after this, so that who sees any of it sees the
	 * place. */
	atomic_store_explicit(&lanes->nr_takers, i + 1, memory_order_release);
	lanes_reopen(lanes, &taker->nested.lane); /* not if it is closed */
	lanes_pushed(lanes, &taker->nested.lane);
}

void lanes_fini(struct lanes *lanes)
{
	if (!lanes->takers)
		return;
	for (unsigned i = 0; i < LANES_MAX && lanes_at(lanes, i); i++) {
		lane_free_rings(lanes_at(lanes, i));
		os_pages_unmap(lanes_at(lanes, i), sizeof(struct lane));
	}
	lanes_free_left(atomic_load_explicit(
			&lanes->left, memory_order_relaxed));
	os_pages_unmap(lanes->takers,
			lanes->max_takers * sizeof(*lanes->takers));
}

void lanes_go_round(struct lanes *lanes)
{
	lanes->is_roomless = true;
}

static struct lane *lane_create(void)
{
	struct lane *lane = os_pages_map(sizeof(*lane));
	struct lane_ring *ring =
			lane ? lane_ring_map(0, LANE_FIRST_SLOTS) : NULL;

	if (ring)
		lane_init(lane, ring);
	else if (lane)
		os_pages_unmap(lane, sizeof(*lane));
	return ring ? lane : NULL;
}

/* The lane at place i, made if it does not exist yet. */
static struct lane *lane_made(struct lanes *lanes, unsigned i)
{
	struct lane *lane = lanes_at(lanes, i), *none = NULL;
	uint32_t nr = i;

	if (!lane) {
		struct lane *made = lane_create();

		if (!made)
			return NULL;
		/* [lanes.R2] release; pairs with [lanes.A2]: a lane is seen
		 * initialised. Acquire: another was faster, see theirs. */
		if (atomic_compare_exchange_strong_explicit(&lanes->at[i],
				    &none, made, memory_order_acq_rel,
				    memory_order_acquire)) {
			lane = made;
		} else {
			lane_free_rings(made);
			os_pages_unmap(made, sizeof(*made));
			lane = none;
		}
	}
	/* [lanes.R1] release; pairs with [lanes.A1]: the lanes below. Who
	 * comes second finds it done: places are filled in order. */
	atomic_compare_exchange_strong_explicit(&lanes->nr_lanes, &nr, i + 1,
			memory_order_acq_rel, memory_order_relaxed);
	return lane;
}

static bool lane_claim(struct lane *lane, uintptr_t owner)
{
	uintptr_t nobody = 0;

	/* [lanes.A3] acquire; pairs with [lanes.R3]: what the owner before
	 * left. The relaxed look spares the RMW. */
	return !atomic_load_explicit(&lane->owner, memory_order_relaxed) &&
	       atomic_compare_exchange_strong_explicit(&lane->owner, &nobody,
			       owner, memory_order_acquire,
			       memory_order_relaxed);
}

struct lane *lanes_find(struct lanes *lanes, uintptr_t owner)
{
	for (unsigned i = lanes_nr(lanes); i--;)
		/* relaxed: if it is ours, we wrote it */
		if (atomic_load_explicit(&lanes_at(lanes, i)->owner,
				    memory_order_relaxed) == owner)
			return lanes_at(lanes, i);
	return NULL;
}

struct lane *lanes_claim(struct lanes *lanes, uintptr_t owner)
{
	struct lane *lane = lanes_find(lanes, owner);

	for (unsigned i = 0; i < LANES_MAX && !lane; i++) {
		lane = lane_made(lanes, i);
		if (!lane)
			return NULL;
		if (!lane_claim(lane, owner))
			lane = NULL;
		else
			lanes_reopen(lanes, lane); /* not if it is closed */
	}
	return lane;
}

void lanes_release(struct lanes *lanes, uintptr_t owner)
{
	struct lane *lane = lanes->takers ? lanes_find(lanes, owner) : NULL;

	if (lane)
		/* [lanes.R3] release; pairs with [lanes.A3]. */
		atomic_store_explicit(&lane->owner, 0, memory_order_release);
}

bool lanes_have_work(struct lanes *lanes)
{
	for (unsigned i = lanes_nr(lanes); i--;)
		if (lane_count(lanes_at(lanes, i)))
			return true;
	for (unsigned i = lanes_nr_takers(lanes); i--;)
		if (lane_count(&lanes->takers[i].nested.lane) ||
				lane_count(&lanes->takers[i].moved.lane))
			return true;
	return false;
}

uint64_t lanes_accepted(struct lanes *lanes)
{
	uint64_t sum = 0;

	for (unsigned i = lanes_nr(lanes); i--;)
		sum += lane_accepted(lanes_at(lanes, i));
	for (unsigned i = lanes_nr_takers(lanes); i--;)
		/* what was moved was counted where it came from */
		sum += lane_accepted(&lanes->takers[i].nested.lane);
	return sum;
}

uint64_t lanes_queued(struct lanes *lanes)
{
	uint64_t sum = 0;

	for (unsigned i = lanes_nr(lanes); i--;)
		sum += lane_count(lanes_at(lanes, i));
	for (unsigned i = lanes_nr_takers(lanes); i--;)
		sum += lane_count(&lanes->takers[i].nested.lane) +
		       lane_count(&lanes->takers[i].moved.lane);
	return sum;
}
