/* SPDX-License-Identifier: MIT */
/*
 * Blocking regions and the size of the pool: who is called in when workers are
 * missing, who stands down when they are too many.
 */
#include "pool.h"
#include <errno.h>

static uint32_t wanted(struct crew *crew)
{
	/* relaxed, as all of these: under the lock */
	return atomic_load_explicit(&crew->wanted, memory_order_relaxed);
}

static void set_state(struct worker *worker, uint32_t state)
{
	atomic_store_explicit(&worker->state, state, memory_order_relaxed);
}

static void add_spare(struct crew *crew, uint32_t step)
{
	atomic_store_explicit(&crew->nr_spare,
			atomic_load_explicit(
					&crew->nr_spare, memory_order_relaxed) +
					step,
			memory_order_relaxed);
}

static uint32_t mood_of(struct rota_pool *pool)
{
	/* relaxed: whoever sees a change late runs one job more */
	return atomic_load_explicit(&pool->mood, memory_order_relaxed);
}

void crew_changed(struct rota_pool *pool)
{
	struct crew *crew = &pool->crew;
	bool is_surplus = crew->nr_active > wanted(crew) && !crew->is_finished;
	bool is_crowded = crew->nr_blocked || is_surplus;

	atomic_store_explicit(&crew->nr_surplus,
			is_surplus ? crew->nr_active - wanted(crew) : 0,
			memory_order_relaxed);
	if (is_crowded && !(mood_of(pool) & MOOD_CROWDED))
		atomic_fetch_or_explicit(&pool->mood, MOOD_CROWDED,
				memory_order_relaxed);
	else if (!is_crowded && mood_of(pool) & MOOD_CROWDED)
		atomic_fetch_and_explicit(&pool->mood, ~(uint32_t)MOOD_CROWDED,
				memory_order_relaxed);
	if (crew->is_paused || crew->nr_forks)
		crew_tell_pause(pool);
}

/* The one that stands by since the shortest time: the others may end. */
static void call_spare(struct crew *crew)
{
	struct worker *worker = crew->spare;

	crew->spare = worker->below;
	add_spare(crew, UINT32_MAX);
	crew->nr_active++;
	set_state(worker, CREW_ACTIVE);
	/* [crew.R1] release; pairs with [crew.A1]. */
	atomic_store_explicit(&worker->is_called, 1, memory_order_release);
	os_futex_wake(&worker->is_called, 1);
}

int crew_fill(struct rota_pool *pool)
{
	struct crew *crew = &pool->crew;
	int error = 0;

	while (!error && !crew->is_finished && crew->nr_active < wanted(crew)) {
		if (crew->spare)
			call_spare(crew);
		else
			error = crew_start(pool);
	}
	if (error && error != -ENOSPC)
		add_alone(&crew->start_failures, 1, memory_order_relaxed);
	return error;
}

void crew_finish(struct rota_pool *pool)
{
	struct crew *crew = &pool->crew;

	lock_take(&crew->lock);
	crew->is_finished = true;
	while (crew->spare)
		call_spare(crew);
	crew_changed(pool);
	lock_release(&crew->lock);
}

void crew_ended(struct rota_pool *pool)
{
	struct crew *crew = &pool->crew;

	/* relaxed: for who reads it under the lock, or is told below */
	atomic_fetch_add_explicit(&crew->nr_ended, 1, memory_order_relaxed);
	/* [crew.F1] full fence; pairs with [crew.F2]. Orders the look that found
	 * the channel finished before the one for spare workers. Forbids: one
	 * stands by for ever. */
	fence_after_rmw();
	if (atomic_load_explicit(&crew->nr_spare, memory_order_relaxed))
		crew_finish(pool);
	if (!crew_is_held(pool))
		return;
	lock_take(&crew->lock);
	crew_changed(pool);
	lock_release(&crew->lock);
}

void crew_give_up(struct worker *self)
{
	struct crew *crew = &self->pool->crew;

	lock_take(&crew->lock);
	crew->nr_active--;
	set_state(self, CREW_LEAVING);
	add_alone(&crew->start_failures, 1, memory_order_relaxed);
	if (crew->spare && crew->nr_active < wanted(crew))
		call_spare(crew); /* it stood down because of this one */
	crew_changed(self->pool);
	lock_release(&crew->lock);
}

bool crew_calls(struct worker *self)
{
	/* relaxed: if it is too late now, then after the next job */
	return mood_of(self->pool) & MOOD_CROWDED &&
	       (self->regions || atomic_load_explicit(
						 &self->pool->crew.nr_surplus,
						 memory_order_relaxed));
}

static void block(struct worker *self)
{
	struct crew *crew = &self->pool->crew;

	lock_take(&crew->lock);
	set_state(self, CREW_BLOCKED);
	crew->nr_active--;
	crew->nr_blocked++;
	crew_fill(self->pool);
	crew_changed(self->pool);
	lock_release(&crew->lock);
}

void crew_end_region(struct worker *self)
{
	struct crew *crew = &self->pool->crew;

	self->regions = 0;
	lock_take(&crew->lock);
	set_state(self, CREW_ACTIVE);
	crew->nr_blocked--;
	crew->nr_active++;
	crew_changed(self->pool);
	lock_release(&crew->lock);
}

/* False: there is no need to, any more. */
static bool become_spare(struct worker *self)
{
	struct crew *crew = &self->pool->crew;
	bool is_surplus;

	lock_take(&crew->lock);
	/* relaxed: under the lock, and so is the next */
	is_surplus = atomic_load_explicit(
			&crew->nr_surplus, memory_order_relaxed);
	if (is_surplus) {
		atomic_store_explicit(
				&self->is_called, 0, memory_order_relaxed);
		set_state(self, CREW_SPARE);
		self->below = crew->spare;
		crew->spare = self;
		crew->nr_active--;
		add_spare(crew, 1);
		crew_changed(self->pool);
	}
	lock_release(&crew->lock);
	return is_surplus;
}

static bool is_called(struct worker *self)
{
	/* [crew.A1] acquire; pairs with [crew.R1]. */
	return atomic_load_explicit(&self->is_called, memory_order_acquire);
}

/* The time is over: true if it was called at the last moment. While a shutdown
 * waits for the others, it may still be needed. */
static bool is_called_or_leaves(struct worker *self, uint64_t *deadline_ns)
{
	struct crew *crew = &self->pool->crew;
	struct worker **at = &crew->spare;

	lock_take(&crew->lock);
	if (crew->is_ending) {
		*deadline_ns = OS_NO_DEADLINE;
	} else if (!is_called(self)) {
		while (*at != self)
			at = &(*at)->below;
		*at = self->below;
		add_spare(crew, UINT32_MAX);
		set_state(self, CREW_LEAVING);
	}
	lock_release(&crew->lock);
	return is_called(self);
}

static bool stand_by(struct worker *self)
{
	uint64_t idle_ns = self->pool->crew.idle_ns, now_ns = os_now_ns();
	uint64_t deadline_ns = idle_ns < OS_NO_DEADLINE - now_ns
					       ? now_ns + idle_ns
					       : OS_NO_DEADLINE;

	while (!is_called(self)) {
		if (!os_futex_wait(&self->is_called, 0, deadline_ns))
			continue;
		if (!is_called_or_leaves(self, &deadline_ns) &&
				deadline_ns != OS_NO_DEADLINE)
			return false;
	}
	return true;
}

bool crew_attend(struct worker *self)
{
	if (self->regions)
		crew_end_region(self);
	if (!become_spare(self))
		return true;
	worker_hand_over(self);
	return stand_by(self);
}

/* The worker that this thread is; NULL: a thread that runs a job inline. */
static int own_worker(struct worker **ret_self)
{
	struct frame *frame = os_local.innermost;
	struct worker *self;

	*ret_self = NULL;
	if (!frame)
		return -EPERM;
	while (frame->outer)
		frame = frame->outer;
	if (!pool_is_ours(frame->pool))
		return -EOWNERDEAD;
	if (frame->worker_index < 0)
		return 0;
	self = &frame->pool->workers[frame->worker_index];
	if (!self->has_started)
		return -EPERM; /* in on_start or on_stop */
	*ret_self = self;
	return 0;
}

int rota_blocking_begin(void)
{
	struct worker *self;
	int saved = errno, error = own_worker(&self);

	if (self && !self->regions++)
		block(self);
	errno = saved; /* threads are started */
	return error;
}

int rota_blocking_end(void)
{
	struct worker *self;
	int error = own_worker(&self);

	if (!self)
		return error;
	if (!self->regions)
		return -EINVAL;
	if (self->regions == 1)
		crew_end_region(self);
	else
		self->regions--;
	return 0;
}

static int resize(struct rota_pool *pool, unsigned workers)
{
	struct crew *crew = &pool->crew;
	uint32_t before = wanted(crew);
	int error;

	if (crew->is_ending || crew->is_finished)
		return -ESHUTDOWN;
	atomic_store_explicit(&crew->wanted, workers, memory_order_relaxed);
	error = crew_fill(pool);
	if (error == -ENOSPC)
		error = 0; /* in regions or leaving: they come back */
	if (error)
		atomic_store_explicit(
				&crew->wanted, before, memory_order_relaxed);
	crew_changed(pool);
	return error;
}

int rota_pool_resize(struct rota_pool *pool, unsigned workers)
{
	int saved = errno, error;

	if (!pool)
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	if (!workers || workers > pool->nr_workers)
		return -EINVAL;
	if (pool_is_prepared_here(pool))
		return -EDEADLK;
	lock_take(&pool->crew.lock);
	error = resize(pool, workers);
	lock_release(&pool->crew.lock);
	/* who sleeps and is too many stands down: see park() */
	ec_notify_all(&pool->eventcount);
	errno = saved;
	return error;
}
