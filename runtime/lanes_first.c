/* SPDX-License-Identifier: MIT */
/* What is first in each lane, for somebody who only looks. */
#include "lanes.h"

/* The oldest job; false: it is empty, or a taker was faster. The caller is a
 * guest, so that no ring is freed meanwhile. */
static bool first_of(struct lane *lane, struct rota_job *ret_job)
{
	/* acquire, fence, acquire: as in lane_move(), [lane.F2], [lane.A1] */
	uint64_t head = atomic_load_explicit(&lane->head, memory_order_acquire);
	struct lane_ring *ring;
	uint64_t tail;

	fence_full();
	tail = atomic_load_explicit(&lane->tail, memory_order_acquire);
	if (head >= tail)
		return false;
	/* acquire: as [lane.A3] */
	ring = atomic_load_explicit(&lane->ring, memory_order_acquire);
	/* relaxed: as in lane_grow(); a ring that ends has a next */
	while (head >= atomic_load_explicit(&ring->end, memory_order_relaxed))
		ring = atomic_load_explicit(&ring->next, memory_order_relaxed);
	copy_words(ret_job, &ring->slots[head & ring->mask], sizeof(*ret_job));
	/* the slot before head again: else the job may be of any time */
	fence_full();
	return atomic_load_explicit(&lane->head, memory_order_relaxed) == head;
}

void lanes_see_first(struct lanes *lanes,
		void (*see)(void *with, const struct rota_job *first),
		void *with)
{
	struct rota_job first;

	if (!lanes->takers)
		return;
	atomic_fetch_add_explicit(&lanes->nr_guests, 1, memory_order_relaxed);
	/* as [lanes.F1] */
	fence_after_rmw();
	for (unsigned i = lanes_nr(lanes); i--;)
		if (first_of(lanes_at(lanes, i), &first))
			see(with, &first);
	for (unsigned i = lanes_nr_takers(lanes); i--;) {
		if (first_of(&lanes->takers[i].nested.lane, &first))
			see(with, &first);
		if (first_of(&lanes->takers[i].moved.lane, &first))
			see(with, &first);
	}
	/* release: as [lanes.R4] */
	atomic_fetch_sub_explicit(&lanes->nr_guests, 1, memory_order_release);
}
