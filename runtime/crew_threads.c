/* SPDX-License-Identifier: MIT */
/* Starting and joining the threads of a pool. */
#include "measure.h"
#include "pool.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

int crew_init(struct rota_pool *pool, const struct rota_options *options)
{
	struct crew *crew = &pool->crew;

	atomic_init(&crew->wanted, options->workers);
	crew->idle_ns = options->idle_ns;
	snprintf(crew->name, sizeof(crew->name), "%s", options->name);
	crew->stack_bytes = options->stack_bytes;
	if (!options->cpu_set)
		return 0;
	crew->cpu_set = os_alloc(options->cpu_set_bytes);
	if (!crew->cpu_set)
		return -ENOMEM;
	memcpy(crew->cpu_set, options->cpu_set, options->cpu_set_bytes);
	crew->cpu_set_bytes = options->cpu_set_bytes;
	return 0;
}

void crew_fini(struct rota_pool *pool)
{
	os_free(pool->crew.cpu_set);
}

static uint32_t state_of(struct worker *worker)
{
	/* relaxed: under the lock */
	return atomic_load_explicit(&worker->state, memory_order_relaxed);
}

static void set_state(struct worker *worker, uint32_t state)
{
	/* relaxed: as above */
	atomic_store_explicit(&worker->state, state, memory_order_relaxed);
}

/* They have left the lock for the last time: this takes a moment. */
static void join_left(struct rota_pool *pool)
{
	for (struct worker *worker = pool->crew.left; worker;
			worker = worker->below) {
		os_thread_join(worker->thread, OS_NO_DEADLINE);
		set_state(worker, CREW_ABSENT);
	}
	pool->crew.left = NULL;
}

static struct worker *absent_worker(struct rota_pool *pool)
{
	for (unsigned i = 0; i < pool->nr_workers; i++)
		if (state_of(&pool->workers[i]) == CREW_ABSENT)
			return &pool->workers[i];
	return NULL;
}

/* A thread for this place. */
static int start_thread(struct rota_pool *pool, struct worker *worker,
		pthread_t *ret_thread)
{
	struct crew *crew = &pool->crew;
	struct os_thread_options thread = {
			.stack_bytes = crew->stack_bytes,
			.cpu_set = crew->cpu_set,
			.cpu_set_bytes = crew->cpu_set_bytes,
	};

	return os_thread_start(ret_thread, worker_main, worker, &thread);
}

int crew_start(struct rota_pool *pool)
{
	struct crew *crew = &pool->crew;
	struct worker *worker;
	int error;

	join_left(pool);
	worker = absent_worker(pool);
	if (!worker)
		return -ENOSPC;
	worker->pool = pool;
	worker->index = (unsigned)(worker - pool->workers);
	worker->waiter = &pool->eventcount.waiters[worker->index];
	worker->is_late = crew->is_made;
	lanes_use_taker(&pool->channel.lanes, worker->index, worker);
	set_state(worker, CREW_ACTIVE);
	error = start_thread(pool, worker, &worker->thread);
	if (error)
		set_state(worker, CREW_ABSENT);
	else
		crew->nr_active++;
	return error;
}

void crew_follow(struct worker *self)
{
	char name[16];

	/* index < 1000, so 15 bytes hold the 11 of the name */
	snprintf(name, sizeof(name), "%.11s-%u", self->pool->crew.name,
			self->index % 1000);
	os_thread_name(name);
	if (!self->has_before)
		return;
	self->has_before = false;
	os_thread_join(self->before, OS_NO_DEADLINE);
}

/* Another thread for the place of this one, which ends. */
static int replace(struct worker *self)
{
	struct crew *crew = &self->pool->crew;
	pthread_t thread;
	int error;

	lock_take(&crew->lock);
	self->is_late = true;
	self->before = self->thread;
	self->has_before = !self->is_awaited;
	error = start_thread(self->pool, self, &thread);
	if (error) {
		self->has_before = false;
		add_alone(&crew->start_failures, 1, memory_order_relaxed);
	} else {
		self->thread = thread;
		self->is_awaited = false;
		self->times_lost++;
	}
	lock_release(&crew->lock);
	return error;
}

/* Its job is over as if it had returned, but for what only the job knows. */
static void lose_job(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	struct frame frame;

	self->has_started = false;
	self->is_lost = true; /* also if on_stop ends the thread, too */
	self->nr_kept = 0;
	if (self->regions)
		crew_end_region(self);
	if (pool->measure)
		measure_lost(self);
	/* relaxed: before `ran`, which is a release */
	atomic_fetch_add_explicit(
			&pool->crew.threads_lost, 1, memory_order_relaxed);
	worker_count(&self->ran);
	if (!pool->on_stop)
		return;
	frame_push(&frame, pool, (int)self->index);
	pool->on_stop(pool->hook_arg, self->index);
	frame_pop(&frame);
}

void crew_lose(void *worker)
{
	struct worker *self = worker;
	/* relaxed: its own */
	bool is_starting = atomic_load_explicit(&self->doing,
					   memory_order_relaxed) ==
			   ROTA_WORKER_STARTING;

	if (!pool_is_ours(self->pool))
		return; /* a job forked, and this is the child's only thread */
	/* what it ran is not there any more, and its lanes are the next one's */
	os_local.innermost = NULL;
	os_local.lane = NULL;
	os_local.pool_id = OS_NO_POOL;
	os_local.laneless_id = 0;
	if (self->has_started)
		lose_job(self);
	if (self->is_lost) {
		self->is_lost = false;
		/* No thread is to be had: this one goes on, though to the system
		 * it ends. */
		if (replace(self))
			worker_run(self);
		return;
	}
	/* it was in a hook */
	if (is_starting)
		worker_give_up(self);
	worker_note(self, ROTA_WORKER_ENDED);
	crew_leave(self, false);
}

/* Were workers missed while this one and those it joined still had places? */
static bool come_back(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	struct crew *crew = &pool->crew;

	/* relaxed: under the lock */
	if (crew->is_finished ||
			crew->nr_active >=
					atomic_load_explicit(&crew->wanted,
							memory_order_relaxed))
		return false;
	self->is_late = true;
	set_state(self, CREW_ACTIVE);
	crew->nr_active++;
	crew_fill(pool);
	crew_changed(pool);
	return true;
}

/* A crew that changes keeps one thread that is not joined: who leaves joins the
 * one before. */
bool crew_leave(struct worker *self, bool may_return)
{
	struct crew *crew = &self->pool->crew;
	struct worker *left;
	bool returns;

	if (state_of(self) != CREW_LEAVING)
		return false;
	lock_take(&crew->lock);
	left = crew->left;
	crew->left = NULL;
	for (struct worker *i = left; i; i = i->below)
		set_state(i, CREW_JOINED);
	lock_release(&crew->lock);
	for (struct worker *i = left; i; i = i->below)
		os_thread_join(i->thread, OS_NO_DEADLINE);
	lock_take(&crew->lock);
	for (struct worker *i = left, *below; i; i = below) {
		below = i->below;
		set_state(i, CREW_ABSENT);
	}
	returns = may_return && come_back(self);
	if (!returns && !crew->is_ending) {
		self->below = crew->left;
		crew->left = self;
	}
	lock_release(&crew->lock);
	return returns;
}

void crew_end(struct rota_pool *pool)
{
	struct crew *crew = &pool->crew;

	lock_take(&crew->lock);
	crew->is_ending = true;
	join_left(pool);
	crew_resume(pool);
	lock_release(&crew->lock);
}

/* One that nobody else joins; who joins another is such a one itself. */
static struct worker *worker_to_join(struct rota_pool *pool)
{
	for (unsigned i = 0; i < pool->nr_workers; i++) {
		uint32_t state = state_of(&pool->workers[i]);

		if (state != CREW_ABSENT && state != CREW_JOINED)
			return &pool->workers[i];
	}
	return NULL;
}

int crew_join(struct rota_pool *pool, uint64_t deadline_ns)
{
	struct crew *crew = &pool->crew;
	struct worker *worker;
	int error = 0;

	lock_take(&crew->lock);
	while (!error && (worker = worker_to_join(pool))) {
		pthread_t thread = worker->thread;
		unsigned times_lost = worker->times_lost;

		worker->is_awaited = true;
		lock_release(&crew->lock);
		error = os_thread_join(thread, deadline_ns);
		lock_take(&crew->lock);
		if (worker->times_lost == times_lost) {
			worker->is_awaited = false;
			if (!error)
				set_state(worker, CREW_ABSENT);
		} else if (error) {
			/* a job ended it, and nobody else joins it: another has
			 * its place */
			lock_release(&crew->lock);
			os_thread_join(thread, OS_NO_DEADLINE);
			lock_take(&crew->lock);
		}
	}
	lock_release(&crew->lock);
	return error;
}
