/* SPDX-License-Identifier: MIT */
/* One worker thread: take, run, search, park. */
#include "measure.h"
#include "pool.h"
#include "sys/probe.h"
#include <errno.h>

/* Jobs were found by searching, or moved: others may sleep because of that. */
void worker_tell_others(struct worker *self, bool has_more)
{
	struct rota_pool *pool = self->pool;

	if (self->waiter->is_searcher) {
		ec_leave_search(&pool->eventcount, self->waiter);
		has_more = has_more ||
			   channel_look(&pool->channel) == CHANNEL_HAS_WORK;
	}
	if (!has_more)
		return;
	/* where jobs are long, two: all will be needed, and soon */
	if (self->batch.mean_ns > JOB_FIRST_NS &&
			channel_queued(&pool->channel) > 1)
		pool_notify(pool, 2);
	else
		pool_notify(pool, 1);
}

/* There are nested jobs: the newest of them, in turns of OWN_TURN jobs with what
 * waits in order. */
static inline bool take_nested(struct worker *self, struct taker *own,
		struct rota_job *ret_job)
{
	/* relaxed: its own */
	uint64_t ran = atomic_load_explicit(&self->ran, memory_order_relaxed);

	if (!(ran % OWN_TURN) && worker_take_in_turn(self, own, ran, ret_job))
		return true;
	if (ran & OWN_TURN && own_lane_take_oldest(&own->moved, ret_job))
		return true;
	return lane_take_newest(&own->nested.lane, own->nested.slots,
			LANE_OWN_SLOTS - 1, ret_job);
}

/* False: as worker_run_with_care(). */
static inline bool run(struct worker *self, struct rota_pool *pool,
		struct rota_job job)
{
	/* relaxed: whoever sees a change late runs one job more */
	uint32_t mood = atomic_load_explicit(&pool->mood, memory_order_relaxed);

	if (__builtin_expect(mood == MOOD_PLAIN, 1)) {
		job.run(job.arg);
		worker_count(&self->ran);
		return true;
	}
	return worker_run_with_care(self, job, mood);
}

/* Nested jobs until there is none; false: as run(). */
__attribute__((noinline)) static bool run_nested(
		struct worker *self, struct taker *own)
{
	struct rota_pool *pool = self->pool;
	struct rota_job job;

	while (take_nested(self, own, &job))
		if (!run(self, pool, job))
			return false;
	return true;
}

/* Run jobs until there is none, or crew_calls(). `moved` is own->moved: as an
 * argument it is one register, and not computed for each job. */
__attribute__((noinline)) static void run_lanes(
		struct worker *self, struct taker *own, struct own_lane *moved)
{
	struct rota_pool *pool = self->pool;
	uint64_t tail, empty_at = 0; /* of nested jobs: where there were none */
	struct rota_job job;

	do {
		/* relaxed: its own */
		tail = atomic_load_explicit(
				&own->nested.lane.tail, memory_order_relaxed);
		if (__builtin_expect(tail != empty_at, 0)) {
			if (!run_nested(self, own))
				return;
			empty_at = atomic_load_explicit(&own->nested.lane.tail,
					memory_order_relaxed);
		}
		if (!own_lane_take_oldest(moved, &job)) {
			job = worker_refill(self, own);
			if (!job.run)
				return;
		}
	} while (run(self, pool, job));
}

static void run_chain(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	struct rota_job job;

	while (chain_pop(&pool->channel.chain, &job)) {
		if (self->waiter->is_searcher)
			worker_tell_others(self, false);
		if (!run(self, pool, job))
			return;
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

	worker_note(self, ROTA_WORKER_SEARCHING);
	if (!self->waiter->is_searcher &&
			!ec_try_search(&pool->eventcount, self->waiter))
		return false;
	for (unsigned i = 0; worker_streak(self) >= STREAK && i < SEARCH_YIELDS;
			i++) {
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

void worker_hand_over(struct worker *self)
{
	struct rota_pool *pool = self->pool;

	if (self->waiter->is_searcher)
		ec_leave_search(&pool->eventcount, self->waiter);
	/* [crew.F2] full fence; pairs with [crew.F1] and [rest.F1]. Orders that it
	 * is spare before the look for the end, and its last job before the look
	 * for drains. */
	fence_full();
	switch (channel_look(&pool->channel)) {
	case CHANNEL_HAS_WORK:
		pool_notify(pool, 1);
		break;
	case CHANNEL_IS_FINISHED:
		crew_finish(pool);
		break;
	case CHANNEL_IS_EMPTY:
		break;
	}
	pool_check_rest(pool);
}

/* Announced, but not in the mood to sleep: true if so, after a pause. */
static bool is_kept_up(struct worker *self)
{
	struct rota_pool *pool = self->pool;

	if (!crew_is_held(pool) && !crew_calls(self))
		return false;
	/* the grant that this may take along is not lost: it looks again */
	ec_quit(&pool->eventcount, self->waiter);
	crew_hold(self);
	return true;
}

/* False: the pool is closed and drained. */
static bool park(struct worker *self)
{
	struct rota_pool *pool = self->pool;

	ec_prepare(&pool->eventcount, self->waiter);
	if (is_kept_up(self))
		return true;
	switch (channel_look(&pool->channel)) {
	case CHANNEL_HAS_WORK:
		ec_cancel(&pool->eventcount, self->waiter);
		return true;
	case CHANNEL_IS_FINISHED:
		ec_quit(&pool->eventcount, self->waiter);
		crew_ended(pool);
		pool_check_rest(pool);
		return false;
	case CHANNEL_IS_EMPTY:
		break;
	}
	pool_check_rest(pool);
	self->streak_from += worker_streak(self) / 2 + worker_streak(self) % 2;
	PROBE2(park, pool, self->index);
	ec_commit(&pool->eventcount, self->waiter);
	PROBE2(wake, pool, self->index);
	return true;
}

/* To who makes the pool. */
static void tell_start(struct worker *self, int error)
{
	struct rota_pool *pool = self->pool;
	uint32_t nr_before;
	int none = 0;

	if (error < 0)
		/* relaxed: published by nr_started below */
		atomic_compare_exchange_strong_explicit(&pool->start_error,
				&none, error, memory_order_relaxed,
				memory_order_relaxed);
	/* [worker.R2] release; pairs with [pool.A1]: start_error. */
	nr_before = atomic_fetch_add_explicit(
			&pool->nr_started, 1, memory_order_release);
	if (nr_before + 1 == pool->nr_threads)
		os_futex_wake(&pool->nr_started, 1); /* nobody waits for less */
}

/* False: this worker alone could not start. */
static bool start(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	int error = 0;

	self->slot = NULL;
	if (pool->on_start)
		error = pool->on_start(pool->hook_arg, self->index);
	self->has_started = error >= 0;
	if (self->is_late)
		return self->has_started;
	tell_start(self, error);
	return true;
}

void worker_give_up(struct worker *self)
{
	crew_give_up(self);
	if (!self->is_late)
		tell_start(self, -ECANCELED);
}

/* Until all jobs are run, or nobody needs this worker. */
static void work(struct worker *self, struct taker *own)
{
	bool goes_on;

	do {
		worker_note(self, ROTA_WORKER_RUNNING);
		if (own)
			run_lanes(self, own, &own->moved);
		else
			run_chain(self);
		goes_on = crew_calls(self)
					  ? crew_attend(self)
					  : worker_run_class(
							    self, CLASS_HIGH) ||
							    worker_run_class(
									    self,
									    CLASS_LOW) ||
							    search(self) ||
							    park(self);
	} while (goes_on);
}

/* From start to end; false: it could not start. */
static bool live(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	struct taker *own = NULL;
	struct frame frame;
	bool has_started;

	worker_note(self, ROTA_WORKER_STARTING); /* not who was here before */
	frame_push(&frame, pool, (int)self->index);
	frame.depth = 0;
	if (channel_has_lanes(&pool->channel)) {
		batch_init(&self->batch, atomic_load_explicit(&self->ran,
							 memory_order_relaxed));
		own = &pool->channel.lanes.takers[self->index];
		os_local.pool_id = pool_id(pool);
		os_local.lane = &own->nested.lane;
	}
	if (start(self))
		work(self, own);
	else
		crew_give_up(self);
	has_started = self->has_started;
	self->has_started = false;
	if (has_started && pool->on_stop)
		pool->on_stop(pool->hook_arg, self->index);
	frame_pop(&frame);
	worker_note(self, ROTA_WORKER_ENDED);
	return has_started;
}

void worker_run(void *worker)
{
	struct worker *self = worker;

	while (crew_leave(self, live(self)))
		;
}

void *worker_main(void *worker)
{
	crew_follow(worker);
	os_guard(worker_run, crew_lose, worker);
	return NULL;
}
