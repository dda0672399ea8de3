/* SPDX-License-Identifier: MIT */
/* What a worker does with a job in any mood but the plain one. */
#include "measure.h"
#include "pool.h"

static uint32_t mood_of(struct rota_pool *pool)
{
	/* relaxed: whoever sees a change late runs one job more */
	return atomic_load_explicit(&pool->mood, memory_order_relaxed);
}

/* Run it, or drop it if the pool discards. */
static inline __attribute__((always_inline)) void finish(
		struct worker *self, struct rota_job job, uint32_t mood)
{
	if (mood & MOOD_DISCARDING) {
		job_drop(self->pool, &job, ROTA_DROP_SHUTDOWN);
		worker_count(&self->dropped);
		return;
	}
	if (mood & MOOD_MEASURED)
		measure_run(self, job);
	else
		job.run(job.arg);
	worker_count(&self->ran);
}

/* A job was taken, and may not start: it lies where a forked child finds it. */
static void keep(struct worker *self, struct rota_job job)
{
	self->kept[self->nr_kept++] = job;
}

/* Until this job may start; those that were put off because of it run first. */
__attribute__((noinline)) static void hold(
		struct worker *self, struct rota_job job)
{
	keep(self, job);
	do {
		uint32_t mood;

		if (self->regions)
			crew_end_region(self);
		crew_hold(self);
		while (self->nr_kept > 1 &&
				!((mood = mood_of(self->pool)) & MOOD_HELD)) {
			struct rota_job first = self->kept[0];

			for (unsigned i = 1; i < self->nr_kept; i++)
				self->kept[i - 1] = self->kept[i];
			self->nr_kept--;
			finish(self, first, mood);
		}
	} while (self->nr_kept > 1);
	self->nr_kept = 0;
}

/* After a job. */
enum next {
	NO_JOB,	    /* there was none */
	PUT_OFF,    /* it was not run */
	LOOK_AFTER, /* something else before the next job */
	GO_ON,
};

/* Run it, or drop it, or wait first: see MOOD_*. Another job is in hand: then
 * this one does not wait here. */
static inline __attribute__((always_inline)) enum next run_in_mood(
		struct worker *self, struct rota_job job, uint32_t mood,
		bool is_inside)
{
	if (!mood)
		os_thread_exit(); /* a job forked and returned in the child */
	if (mood & MOOD_CROWDED && self->regions)
		crew_end_region(self); /* of the job before */
	if (mood & MOOD_HELD) {
		if (is_inside) {
			keep(self, job);
			return PUT_OFF;
		}
		hold(self, job);
		/* relaxed: a discard comes before the resume that it makes */
		mood = mood_of(self->pool);
	}
	finish(self, job, mood);
	return crew_calls(self) ? LOOK_AFTER : GO_ON;
}

/* A job of another priority. */
static inline __attribute__((always_inline)) enum next run_class(
		struct worker *self, enum channel_class class, bool is_inside)
{
	struct rota_pool *pool = self->pool;
	struct rota_job job;

	if (!channel_take_class(&pool->channel, class, &job))
		return NO_JOB;
	if (self->waiter->is_searcher)
		worker_tell_others(self, false);
	return run_in_mood(self, job, mood_of(pool), is_inside);
}

bool worker_run_class(struct worker *self, enum channel_class class)
{
	return run_class(self, class, false) != NO_JOB;
}

/* Before a job of normal priority, which is in hand already. The mood to begin
 * that one with: as if held, if there is one to run before it. */
static uint32_t run_classes(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	enum next low = GO_ON;
	unsigned nr = 0;

	while (nr < HIGH_TURN && !crew_calls(self)) {
		enum next high = run_class(self, CLASS_HIGH, true);

		if (high == PUT_OFF)
			return mood_of(pool) | MOOD_PAUSED;
		if (high == NO_JOB)
			break;
		nr++;
	}
	if (++self->low_turn % LOW_TURN == 0) {
		low = run_class(self, CLASS_LOW, true);
		if (low == PUT_OFF)
			return mood_of(pool) | MOOD_PAUSED;
	}
	if (nr || low != NO_JOB)
		return mood_of(pool);
	/* [worker.F1] full fence; pairs with [submit.F3]. Orders the end of
	 * the mood before the look. Forbids: a job waits, and no mood says so. */
	atomic_fetch_and_explicit(&pool->mood, ~(uint32_t)MOOD_CLASSES,
			memory_order_acq_rel);
	fence_after_rmw();
	if (channel_has_classes_queued(&pool->channel))
		atomic_fetch_or_explicit(&pool->mood, MOOD_CLASSES,
				memory_order_relaxed);
	return mood_of(pool);
}

/* Not just run it: see MOOD_*, or the pool is a forked child. False: look after
 * something else before the next job. */
bool worker_run_with_care(
		struct worker *self, struct rota_job job, uint32_t mood)
{
	struct rota_pool *pool = self->pool;

	if (mood & MOOD_BOUNDED && room_is_wanted(&pool->room))
		room_notify(&pool->room);
	if (mood & MOOD_CLASSES)
		mood = run_classes(self);
	return run_in_mood(self, job, mood, false) == GO_ON;
}
