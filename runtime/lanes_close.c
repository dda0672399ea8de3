/* SPDX-License-Identifier: MIT */
/*
 * The end of all lanes, which have no lock that a submitter passes.
 *
 *	submitter			close, then a worker
 *	push: tail+1			CLOSED in the eventcount
 *	light fence			heavy fence
 *	CLOSED? then withdraw		is_closed; no room any more
 *					all lanes empty? seal them, look again
 *
 * Who does not see CLOSED has pushed before, so workers see the job before they
 * end. Who does see it asks the seal: of submitter and worker one is first. If
 * the worker was, the lane was empty but for the jobs that were just pushed, and
 * the submitter takes back what nobody took.
 */
#include "lanes.h"
#include "sys/os.h"

bool lanes_is_closed(struct lanes *lanes)
{
	/* [lanes.A6] acquire; pairs with [lanes.R6]. */
	return atomic_load_explicit(&lanes->is_closed, memory_order_acquire);
}

void lanes_close(struct lanes *lanes)
{
	if (!lanes->takers)
		return;
	/* [lanes.R6] release; pairs with [lanes.A6]: who sees it closed sees
	 * the eventcount closed. */
	atomic_store_explicit(&lanes->is_closed, 1, memory_order_release);
	/* [lanes.F3] full fence; pairs with [lanes.F4]. Orders is_closed before
	 * the end of room, which an owner sets the other way round. Forbids: a
	 * lane that is open after this returned. */
	fence_full();
	for (unsigned i = lanes_nr(lanes); i--;)
		atomic_store_explicit(&lanes_at(lanes, i)->room_end, 0,
				memory_order_relaxed);
	for (unsigned i = lanes_nr_takers(lanes); i--;)
		atomic_store_explicit(&lanes->takers[i].nested.lane.room_end, 0,
				memory_order_relaxed);
}

bool lanes_reopen(struct lanes *lanes, struct lane *lane)
{
	bool has_room = lane_make_room(lane);

	/* [lanes.F4] full fence; pairs with [lanes.F3]. Orders the room before
	 * the look at is_closed. */
	fence_full();
	if (!lanes_is_closed(lanes))
		return has_room;
	atomic_store_explicit(&lane->room_end, 0, memory_order_relaxed);
	return false;
}

/* Empty for ever: what was accepted is run, or on a worker that runs it. */
static bool seal_all(struct lanes *lanes)
{
	for (unsigned i = lanes_nr(lanes); i--;) {
		struct lane *lane = lanes_at(lanes, i);

		/* a sealed lane holds nothing that was accepted before */
		if (lane_count(lane))
			return false;
		/* [lanes.R7] release; pairs with [lanes.A7], which is this one
		 * too: of owner and taker one is first. */
		atomic_exchange_explicit(
				&lane->is_sealed, 1, memory_order_acq_rel);
		if (lane_count(lane))
			return false;
	}
	return true;
}

/* Called after a look that found every lane empty; but it was before the fence,
 * and jobs may have been on their way from one lane to another. */
bool lanes_are_finished(struct lanes *lanes)
{
	unsigned waits = 0;
	uint64_t visits;

	if (!lanes->takers)
		return true;
	if (!lanes_is_closed(lanes))
		return false;
	/* [lanes.F5] full fence; pairs with [lanes.F4] and [pool.F1]. Orders
	 * is_closed before the look at lanes. Forbids: a lane that was opened,
	 * or a job that was pushed, by somebody who did not see the close. */
	fence_full();
	/* If nobody came by meanwhile nothing was moved: a worker that ends has
	 * left no job to another who needs two. Who waits here does not come
	 * by, so this ends. */
	for (;; os_step_aside(&waits)) {
		visits = lanes_visits(lanes);
		if (visits == LANES_BUSY)
			continue;
		if (!seal_all(lanes) || lanes_have_work(lanes))
			return false;
		/* [lanes.F6] full fence; pairs with [lanes.F1]. Orders the look
		 * at lanes before the second one at visits. */
		fence_full();
		if (lanes_visits(lanes) == visits)
			return true;
	}
}

/* A worker's job pushed them: the worker would run them before it ends, but the
 * job may wait for them, and the other workers may be gone. */
static unsigned take_back(struct lane *lane, unsigned nr)
{
	struct rota_job job;
	unsigned taken = 0;

	while (taken < nr &&
			lane_take_newest(lane, lane->slots, lane->mask, &job))
		taken++;
	/* release: as [lane.R5] */
	add_alone(&lane->uncounted, taken, memory_order_release);
	return taken;
}

unsigned lanes_withdraw(struct lanes *lanes, struct lane *lane, uint64_t first,
		unsigned nr)
{
	uint64_t end = first + nr, head;

	/* release: as [lanes.R6] */
	atomic_store_explicit(&lanes->is_closed, 1, memory_order_release);
	atomic_store_explicit(&lane->room_end, 0, memory_order_relaxed);
	if (lane->worker)
		return nr - take_back(lane, nr);
	/* [lanes.A7] acquire; pairs with [lanes.R7]. */
	if (!atomic_exchange_explicit(
			    &lane->is_sealed, 1, memory_order_acq_rel))
		return nr; /* no worker ends without a look at this lane */
	/* A worker that saw every ticket below `first` taken sealed the lane:
	 * nobody may be left to run these. */
	head = atomic_load_explicit(&lane->head, memory_order_acquire);
	while (head != end)
		/* acq_rel: as [lane.R2] */
		if (atomic_compare_exchange_weak_explicit(&lane->head, &head,
				    end, memory_order_acq_rel,
				    memory_order_acquire)) {
			/* release: as [lane.R5] */
			add_alone(&lane->uncounted, end - head,
					memory_order_release);
			break;
		}
	return (unsigned)(head - first);
}
