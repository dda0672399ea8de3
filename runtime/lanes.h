/* SPDX-License-Identifier: MIT */
#ifndef ROTA_LANES_H
#define ROTA_LANES_H
/*
 * All lanes of a pool. One for each thread that submits from outside, claimed
 * at its first submit and given back when the thread ends; such lanes live as
 * long as the pool and are claimed again by others. And two for each worker:
 *
 *	nested	what its jobs submit; the worker takes the newest, others the
 *		oldest, which bounds the memory of jobs that spread like a tree
 *	moved	what it took from elsewhere, in order
 *
 * A worker that is out of jobs goes round: the lanes of submitters, the shared
 * chain, the lanes of other workers. It moves a batch to its own lane, where
 * the others may take it: what is not started never waits behind a slow job
 * while a worker is free. It stays at one place for LANE_QUOTA jobs at most, so
 * no lane waits for ever.
 *
 * Rings that a growing lane left are freed when no taker is inside: a taker
 * says so on its own cache line before it looks at a ring.
 */
#include "lane.h"
#include "tune.h"

struct chain;

/* A lane that does not grow. */
struct own_lane {
	struct lane lane;
	struct lane_ring ring;
	alignas(CACHELINE) struct rota_job slots[LANE_OWN_SLOTS];
};

void own_lane_init(struct own_lane *own);

/* Anybody; false: there is none. */
static inline bool own_lane_take_oldest(
		struct own_lane *own, struct rota_job *ret_job)
{
	return lane_take_oldest(
			&own->lane, own->slots, LANE_OWN_SLOTS - 1, ret_job);
}

/* A worker as one who takes. */
struct taker {
	struct own_lane nested;
	struct own_lane moved;
	/* A: odd: inside, it may hold a ring of another lane, or jobs on their
	 * way; its worker counts */
	alignas(2 * CACHELINE) _Atomic uint64_t visits;
	unsigned place; /* W: where it takes from */
	unsigned quota; /* W: how many more jobs */
};

struct lanes {
	struct taker *takers;	    /* I: NULL: this pool has no lanes */
	unsigned max_takers;	    /* I */
	_Atomic uint32_t nr_takers; /* A: those below were ever used */
	bool is_roomless;	    /* I: see lanes_go_round() */
	_Atomic uint32_t is_closed; /* A */
	_Atomic uint32_t nr_lanes;  /* A: those below exist */
	_Atomic(struct lane *) at[LANES_MAX]; /* A: set once */
	/* A: rings left behind; takers from outside the pool */
	alignas(2 * CACHELINE) _Atomic(struct lane_ring *) left;
	_Atomic uint32_t nr_guests;
};

static inline unsigned lanes_nr(struct lanes *lanes)
{
	/* [lanes.A1] acquire; pairs with [lanes.R1]. */
	return atomic_load_explicit(&lanes->nr_lanes, memory_order_acquire);
}

/* Below lanes_nr() it is not NULL. */
static inline struct lane *lanes_at(struct lanes *lanes, unsigned i)
{
	/* [lanes.A2] acquire; pairs with [lanes.R2]. */
	return atomic_load_explicit(&lanes->at[i], memory_order_acquire);
}

static inline unsigned lanes_nr_takers(struct lanes *lanes)
{
	/* [lanes.A8] acquire; pairs with [lanes.R8]. */
	return atomic_load_explicit(&lanes->nr_takers, memory_order_acquire);
}

/* With places for so many workers, of which none is used yet. */
int lanes_init(struct lanes *lanes, unsigned max_workers);
/* A worker begins at this place. One call at a time. */
void lanes_use_taker(struct lanes *lanes, unsigned i, struct worker *worker);
void lanes_fini(struct lanes *lanes);

/* The lane of this owner, claimed if it has none; NULL: they are all taken, or
 * no memory. */
struct lane *lanes_claim(struct lanes *lanes, uintptr_t owner);
/* The lane of this owner, or NULL. */
struct lane *lanes_find(struct lanes *lanes, uintptr_t owner);
/* The owner ends. */
void lanes_release(struct lanes *lanes, uintptr_t owner);

/* A worker goes on its round, by way of the others or not, until it moved jobs to
 * its own lane, so many at most: how many. */
unsigned lanes_move(struct lanes *lanes, struct chain *chain, unsigned worker,
		bool is_by_workers, unsigned max);
/* Somebody else takes a job, for to drop it. */
bool lanes_take_as_guest(struct lanes *lanes, struct rota_job *ret_job);

/* Is there a job in a lane? */
bool lanes_have_work(struct lanes *lanes);
/* Before the first job: each push finds no room at first, so that it comes by
 * lanes_reopen(), and what follows there. */
void lanes_go_round(struct lanes *lanes);
/* Owner: after such a push. */
static inline void lanes_pushed(struct lanes *lanes, struct lane *lane)
{
	if (lanes->is_roomless)
		/* relaxed: the owner's; a close writes the same */
		atomic_store_explicit(&lane->room_end, 0, memory_order_relaxed);
}
/* For each queue of a lane: its oldest job, to look at, for it may be taken
 * meanwhile. */
void lanes_see_first(struct lanes *lanes,
		void (*see)(void *with, const struct rota_job *first),
		void *with);
/* Owner: look again for room; false: full, or closed. */
bool lanes_reopen(struct lanes *lanes, struct lane *lane);
/* No job enters a lane from now on. The submitters that do not know yet find
 * out by [pool.F1]; the caller has told the eventcount before. */
void lanes_close(struct lanes *lanes);
bool lanes_is_closed(struct lanes *lanes);
/* After a look that found nothing: closed, and empty for ever? */
bool lanes_are_finished(struct lanes *lanes);
/* Owner: the pool was closed while it pushed nr tickets from `first` on. How
 * many of them will be run; the others were taken back. */
unsigned lanes_withdraw(struct lanes *lanes, struct lane *lane, uint64_t first,
		unsigned nr);

/* Visits of all takers to lanes, or LANES_BUSY while one of them is inside. */
#define LANES_BUSY UINT64_MAX
uint64_t lanes_visits(struct lanes *lanes);

/* Rings that nobody can reach. */
void lanes_free_left(struct lane_ring *ring);

uint64_t lanes_accepted(struct lanes *lanes);
uint64_t lanes_queued(struct lanes *lanes);

#endif
