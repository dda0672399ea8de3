/* SPDX-License-Identifier: MIT */
/* What a worker does with a job in any mood but the plain one. */
#include "measure.h"
#include "pool.h"

/* Run it, or drop it, or wait first: see MOOD_*. False: look after something
 * else before the next job. */
static bool run_in_mood(struct worker *self, struct rota_job job, uint32_t mood)
{
	struct rota_pool *pool = self->pool;

	if (!mood)
		os_thread_exit(); /* a job forked and returned in the child */
	if (mood & MOOD_CROWDED && self->regions)
		crew_end_region(self); /* of the job before */
	if (mood & MOOD_PAUSED) {
		crew_hold(self);
		/* relaxed: a discard comes before the resume that it makes */
		mood = atomic_load_explicit(&pool->mood, memory_order_relaxed);
	}
	if (mood & MOOD_DISCARDING) {
		job_drop(pool, &job, ROTA_DROP_SHUTDOWN);
		worker_count(&self->dropped);
		return !crew_calls(self);
	}
	if (mood & MOOD_MEASURED)
		measure_run(self, job);
	else
		job.run(job.arg);
	worker_count(&self->ran);
	return !crew_calls(self);
}

/* A job of another priority; false: there is none. */
bool worker_run_class(struct worker *self, enum channel_class class)
{
	struct rota_pool *pool = self->pool;
	struct rota_job job;

	if (!channel_take_class(&pool->channel, class, &job))
		return false;
	if (self->waiter->is_searcher)
		worker_tell_others(self, false);
	run_in_mood(self, job,
			/* relaxed: as in run() */
			atomic_load_explicit(
					&pool->mood, memory_order_relaxed));
	return true;
}

/* Before a job of normal priority, which is in hand already. */
static void run_classes(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	bool has_low = true;
	unsigned nr = 0;

	while (nr < HIGH_TURN && !crew_calls(self) &&
			worker_run_class(self, CLASS_HIGH))
		nr++;
	if (++self->low_turn % LOW_TURN == 0)
		has_low = worker_run_class(self, CLASS_LOW);
	if (nr || has_low)
		return;
	/* [worker.F1] full fence; pairs with [submit.F3]. Orders the end of
	 * the mood before the look. Forbids: a job waits, and no mood says so. */
	atomic_fetch_and_explicit(&pool->mood, ~(uint32_t)MOOD_CLASSES,
			memory_order_acq_rel);
	fence_after_rmw();
	if (channel_has_classes_queued(&pool->channel))
		atomic_fetch_or_explicit(&pool->mood, MOOD_CLASSES,
				memory_order_relaxed);
}

/* Not just run it: see MOOD_*, or the pool is a forked child. False: as
 * run_in_mood(). */
bool worker_run_with_care(
		struct worker *self, struct rota_job job, uint32_t mood)
{
	struct rota_pool *pool = self->pool;

	if (mood & MOOD_BOUNDED && room_is_wanted(&pool->room))
		room_notify(&pool->room);
	if (mood & MOOD_CLASSES) {
		run_classes(self);
		/* relaxed: as in run() */
		mood = atomic_load_explicit(&pool->mood, memory_order_relaxed);
	}
	return run_in_mood(self, job, mood);
}
