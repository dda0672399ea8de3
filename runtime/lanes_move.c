/* SPDX-License-Identifier: MIT */
/* Where workers find jobs, and when the rings that lanes left are freed. */
#include "chain.h"
#include "lanes.h"
#include "sys/os.h"

void lanes_free_left(struct lane_ring *ring)
{
	while (ring) {
		struct lane_ring *next = ring->left_next;

		lane_ring_free(ring);
		ring = next;
	}
}

static void enter(struct taker *self)
{
	/* relaxed: its own, and the fence follows */
	uint64_t visits = atomic_load_explicit(
			&self->visits, memory_order_relaxed);

	atomic_store_explicit(&self->visits, visits + 1, memory_order_relaxed);
	/* [lanes.F1] full fence; pairs with [lanes.F2] and [lanes.F6]. Orders the visit before
	 * the look at a lane's ring. Forbids: the ring is freed meanwhile. */
	fence_full();
}

static void leave(struct taker *self)
{
	/* relaxed: its own */
	uint64_t visits = atomic_load_explicit(
			&self->visits, memory_order_relaxed);

	/* [lanes.R4] release; pairs with [lanes.A4]: the ring was read, and
	 * jobs were moved, before. */
	atomic_store_explicit(&self->visits, visits + 1, memory_order_release);
}

uint64_t lanes_visits(struct lanes *lanes)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < lanes_nr_takers(lanes); i++) {
		/* [lanes.A4] acquire; pairs with [lanes.R4]. */
		uint64_t visits = atomic_load_explicit(
				&lanes->takers[i].visits, memory_order_acquire);

		if (visits % 2)
			return LANES_BUSY;
		sum += visits;
	}
	return sum;
}

static bool is_anybody_inside(struct lanes *lanes)
{
	/* [lanes.F2] full fence; pairs with [lanes.F1]. Orders the rings that
	 * were left before the look for takers. */
	fence_full();
	/* acquire: as [lanes.A4] */
	return atomic_load_explicit(&lanes->nr_guests, memory_order_acquire) ||
	       lanes_visits(lanes) == LANES_BUSY;
}

static void put_left(struct lanes *lanes, struct lane_ring *first)
{
	struct lane_ring *last = first;
	struct lane_ring *top = atomic_load_explicit(
			&lanes->left, memory_order_relaxed);

	while (last->left_next)
		last = last->left_next;
	do {
		last->left_next = top;
		/* [lanes.R5] release; pairs with [lanes.A5]: the list. */
	} while (!atomic_compare_exchange_weak_explicit(&lanes->left, &top,
			first, memory_order_release, memory_order_relaxed));
}

/* Free what was left, or keep it for the next one to come by. */
static void reclaim(struct lanes *lanes)
{
	struct lane_ring *rings;

	/* relaxed: a look that spares the RMW */
	if (!atomic_load_explicit(&lanes->left, memory_order_relaxed))
		return;
	/* [lanes.A5] acquire; pairs with [lanes.R5]. Taken whole: no ABA. */
	rings = atomic_exchange_explicit(
			&lanes->left, NULL, memory_order_acquire);
	if (!rings)
		return;
	if (is_anybody_inside(lanes))
		put_left(lanes, rings);
	else
		lanes_free_left(rings);
}

/* Jobs one by one, for they cannot be had otherwise. */
static unsigned move_chain(struct chain *chain, struct lane *to, unsigned max)
{
	struct rota_job job;
	unsigned moved = 0;

	while (moved < max && chain_pop(chain, &job)) {
		lane_append(to, &job);
		moved++;
	}
	return moved;
}

/* How many to take of so many: half, to leave the others something. */
static unsigned share(struct lanes *lanes, uint64_t count, unsigned max)
{
	if (lanes_nr_takers(lanes) > 1)
		count = (count + 1) / 2;
	return count < max ? (unsigned)count : max;
}

/* From this place of the round. */
static unsigned move_from(struct lanes *lanes, struct chain *chain,
		struct taker *self, unsigned place, unsigned max,
		struct lane_ring **ret_left)
{
	unsigned nr = lanes_nr(lanes);
	struct lane *to = &self->moved.lane, *lane;
	struct taker *other;

	if (place == 0)
		return move_chain(chain, to,
				share(lanes, chain_queued(chain), max));
	if (place <= nr) {
		lane = lanes_at(lanes, place - 1);
		return lane_move(lane, share(lanes, lane_count(lane), max), to,
				ret_left);
	}
	other = &lanes->takers[(place - nr - 1) % lanes_nr_takers(lanes)];
	if (other == self)
		return 0;
	lane = &other->moved.lane;
	nr = lane_move(lane, share(lanes, lane_count(lane), max), to, ret_left);
	return nr ? nr : lane_move(&other->nested.lane, 1, to, ret_left);
}

unsigned lanes_move(struct lanes *lanes, struct chain *chain, unsigned worker,
		bool is_by_workers, unsigned max)
{
	struct taker *self = &lanes->takers[worker];
	unsigned nr_places = 1 + lanes_nr(lanes) +
			     (is_by_workers ? lanes_nr_takers(lanes) : 0);
	uint64_t room = LANE_OWN_SLOTS - lane_count(&self->moved.lane);
	struct lane_ring *left = NULL;
	unsigned moved = 0;

	if (room < max)
		max = (unsigned)room;
	if (!max)
		return 0;
	enter(self);
	for (unsigned i = 0; i <= nr_places && !moved; i++) {
		if (!self->quota || self->place >= nr_places) {
			self->quota = LANE_QUOTA;
			if (++self->place >= nr_places)
				self->place = 0;
		}
		moved = move_from(lanes, chain, self, self->place, max, &left);
		self->quota = moved && moved < self->quota ? self->quota - moved
							   : 0;
	}
	leave(self);
	if (left)
		put_left(lanes, left);
	reclaim(lanes);
	return moved;
}

bool lanes_take_as_guest(struct lanes *lanes, struct rota_job *ret_job)
{
	struct rota_job slots[4]; /* a lane of its own, for one job */
	struct lane_ring *left = NULL, ring;
	struct lane own = {0};
	unsigned nr = 0;

	if (!lanes->takers)
		return false;
	lane_ring_init(&ring, 0, 4, slots);
	lane_init(&own, &ring);
	atomic_fetch_add_explicit(&lanes->nr_guests, 1, memory_order_relaxed);
	/* as [lanes.F1] */
	fence_after_rmw();
	for (unsigned i = lanes_nr(lanes); i-- && !nr;)
		nr = lane_move(lanes_at(lanes, i), 1, &own, &left);
	for (unsigned i = lanes_nr_takers(lanes); i-- && !nr;) {
		nr = lane_move(&lanes->takers[i].moved.lane, 1, &own, &left);
		if (!nr)
			nr = lane_move(&lanes->takers[i].nested.lane, 1, &own,
					&left);
	}
	/* release: as [lanes.R4] */
	atomic_fetch_sub_explicit(&lanes->nr_guests, 1, memory_order_release);
	if (left)
		put_left(lanes, left);
	reclaim(lanes);
	return nr && lane_take_oldest(&own, slots, 3, ret_job);
}
