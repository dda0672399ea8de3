/* SPDX-License-Identifier: MIT */
/* One worker thread: take, run, search, park. */
#include "pool.h"

static void count(_Atomic uint64_t *counter)
{
	/* [worker.R1] release; pairs with [stats.A1]: who sees the job counted
	 * sees what it did. Only this thread writes. */
	add_alone(counter, 1, memory_order_release);
}

void pool_tell(struct rota_pool *pool, uint64_t word, struct lane *lane,
		size_t nr_jobs)
{
	unsigned searchers = ec_searchers(word);

	if (nr_jobs <= searchers) {
		/* Enough of them search, unless they do not keep up. To know
		 * is to fetch the line that workers write: not each time. */
		uint64_t ticket = lane ? atomic_load_explicit(&lane->tail,
							 memory_order_relaxed)
				       : chain_ticket(&pool->channel.chain);

		if (ticket % BACKLOG_LOOK_EVERY)
			return;
		nr_jobs = 1 + (lane ? lane_count(lane)
				    : chain_queued(&pool->channel.chain)) /
					      BACKLOG_PER_WORKER;
	}
	if (nr_jobs > pool->nr_workers)
		nr_jobs = pool->nr_workers;
	if (nr_jobs > searchers)
		ec_notify(&pool->eventcount, (unsigned)nr_jobs);
}

/* Not just run it: the pool is bounded, discarding, or a forked child. */
static void run_with_care(
		struct worker *self, struct rota_job job, uint32_t mood)
{
	struct rota_pool *pool = self->pool;

	if (!mood)
		os_thread_exit(); /* a job forked and returned in the child */
	if (mood & MOOD_BOUNDED && room_is_wanted(&pool->room))
		room_notify(&pool->room);
	if (mood & MOOD_DISCARDING) {
		job_drop(pool, &job, ROTA_DROP_SHUTDOWN);
		count(&self->dropped);
	} else {
		job.run(job.arg);
		count(&self->ran);
	}
}

/* Jobs in a row: since it last parked, and half of those before. */
static uint64_t streak(struct worker *self)
{
	/* relaxed: its own */
	return atomic_load_explicit(&self->ran, memory_order_relaxed) -
	       self->streak_from;
}

/* After a stream of jobs that now come one by one: let some gather, each look
 * at an almost empty lane fetches lines from its submitter. */
static void let_gather(struct worker *self)
{
	if (!self->is_thin || streak(self) < GATHER_STREAK)
		return;
	for (unsigned i = 0; i < GATHER_YIELDS; i++)
		os_yield();
}

/* Jobs were found by searching, or moved: others may sleep because of that. */
static void tell_others(struct worker *self, bool has_more)
{
	struct rota_pool *pool = self->pool;

	if (self->waiter->is_searcher) {
		ec_leave_search(&pool->eventcount, self->waiter);
		has_more = has_more ||
			   channel_look(&pool->channel) == CHANNEL_HAS_WORK;
	}
	if (has_more)
		pool_notify(pool, 1);
}

static inline bool take_own(struct taker *own, struct rota_job *ret_job,
		uint64_t *ret_ticket)
{
	return lane_take_own(&own->lane, own->slots, LANE_OWN_SLOTS - 1,
			ret_job, ret_ticket);
}

/* Its own lane is empty: move jobs there. How many? */
static unsigned move_here(struct worker *self)
{
	struct channel *channel = &self->pool->channel;
	unsigned moved;

	let_gather(self);
	moved = lanes_move(&channel->lanes, &channel->chain, self->index);
	self->is_thin = moved && moved < GATHER_BELOW;
	return moved;
}

/* It has run its own jobs for long: others get their turn behind them. */
static void look_elsewhere(struct worker *self)
{
	struct channel *channel = &self->pool->channel;

	if (lanes_move(&channel->lanes, &channel->chain, self->index))
		tell_others(self, true);
}

/* Run jobs until there is none. */
static inline void run_all(struct worker *self, struct taker *own)
{
	struct rota_pool *pool = self->pool;
	struct rota_job job;
	uint64_t ticket;

	for (;;) {
		uint32_t mood;

		if (own) {
			if (!take_own(own, &job, &ticket)) {
				unsigned moved = move_here(self);

				if (!moved)
					return;
				if (!take_own(own, &job, &ticket))
					continue; /* others were faster */
				tell_others(self, moved > 1);
			}
			if (__builtin_expect(!(ticket % OWN_TURN), 0))
				look_elsewhere(self);
		} else {
			if (!chain_pop(&pool->channel.chain, &job))
				return;
			if (self->waiter->is_searcher)
				tell_others(self, false);
		}
		/* relaxed: whoever sees a change late runs one job more */
		mood = atomic_load_explicit(&pool->mood, memory_order_relaxed);
		if (__builtin_expect(mood == MOOD_PLAIN, 1)) {
			job.run(job.arg);
			count(&self->ran);
		} else {
			run_with_care(self, job, mood);
		}
	}
}

/*
 * Look for a while before parking, unless another worker does. After a streak
 * of jobs first by yielding: if threads outnumber CPUs, the submitter that
 * shares this CPU gets to run and there will be jobs in plenty. Not for lone
 * jobs: a thread that yielded is late to preempt others when it is woken. Then,
 * if allowed, by spinning.
 */
static bool search(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	unsigned relaxes = 1;
	uint64_t end_ns;

	if (!self->waiter->is_searcher &&
			!ec_try_search(&pool->eventcount, self->waiter))
		return false;
	for (unsigned i = 0; streak(self) >= STREAK && i < SEARCH_YIELDS; i++) {
		os_yield();
		if (channel_look(&pool->channel) == CHANNEL_HAS_WORK)
			return true;
	}
	if (!pool->spin_ns)
		return false;
	end_ns = os_now_ns() + pool->spin_ns;
	do {
		for (unsigned i = 0; i < relaxes; i++)
			cpu_relax();
		if (relaxes < 64)
			relaxes *= 2;
		if (channel_look(&pool->channel) == CHANNEL_HAS_WORK)
			return true;
	} while (os_now_ns() < end_ns);
	return false;
}

/* False: the pool is closed and drained. */
static bool park(struct worker *self)
{
	struct rota_pool *pool = self->pool;

	ec_prepare(&pool->eventcount, self->waiter);
	switch (channel_look(&pool->channel)) {
	case CHANNEL_HAS_WORK:
		ec_cancel(&pool->eventcount, self->waiter);
		return true;
	case CHANNEL_IS_FINISHED:
		ec_quit(&pool->eventcount, self->waiter);
		pool_check_rest(pool);
		return false;
	case CHANNEL_IS_EMPTY:
		break;
	}
	pool_check_rest(pool);
	self->streak_from += streak(self) / 2 + streak(self) % 2;
	ec_commit(&pool->eventcount, self->waiter);
	return true;
}

static void start(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	int error = 0, none = 0;

	if (pool->on_start)
		error = pool->on_start(pool->hook_arg, self->index);
	self->has_started = error >= 0;
	if (error < 0)
		/* relaxed: published by nr_started below */
		atomic_compare_exchange_strong_explicit(&pool->start_error,
				&none, error, memory_order_relaxed,
				memory_order_relaxed);
	/* [worker.R2] release; pairs with [pool.A1]: start_error. */
	atomic_fetch_add_explicit(&pool->nr_started, 1, memory_order_release);
	os_futex_wake(&pool->nr_started, 1);
}

void *worker_main(void *worker)
{
	struct worker *self = worker;
	struct rota_pool *pool = self->pool;
	struct taker *own = NULL;
	struct frame frame;

	frame_push(&frame, pool, (int)self->index);
	frame.depth = 0;
	if (channel_has_lanes(&pool->channel)) {
		own = &pool->channel.lanes.takers[self->index];
		os_local.pool_id = pool_id(pool);
		os_local.lane = &own->lane;
	}
	start(self);
	do
		if (own)
			run_all(self, own);
		else
			run_all(self, NULL);
	while (search(self) || park(self));
	if (pool->on_stop && self->has_started)
		pool->on_stop(pool->hook_arg, self->index);
	frame_pop(&frame);
	return NULL;
}
