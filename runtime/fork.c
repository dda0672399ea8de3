/* SPDX-License-Identifier: MIT */
/*
 * A pool across fork(). The child has one thread, the one that forked, and a copy
 * of everything else as it was at that moment, in the hands of threads that it
 * does not have.
 *
 *	prepare		no worker runs a job: each one waits in crew_hold(), where
 *			what it has in hand lies in `kept`. Timer thread and
 *			watchdog stand still. The lock of the crew is held.
 *	parent		gives the lock back; all go on.
 *	child		takes out what is queued, drops it, frees all parts of the
 *			pool, and makes them anew at the same place.
 *
 * Threads that are no workers are not stopped: a submit costs nothing for the
 * sake of a fork. So in the child the calls of other threads are where they
 * were, and nothing here waits for one of them: a job that was not all there
 * does not exist, and gates, locks and counters are made anew, not repaired. The
 * pool gets a new id, so that lanes which a thread remembers, groups and handles
 * from before are known as such.
 */
#include "group.h"
#include "measure.h"
#include "pool.h"
#include "strand.h"
#include "task.h"
#include "watch.h"
#include <errno.h>
#include <string.h>

static int begin(struct rota_pool *pool)
{
	struct crew *crew = &pool->crew;
	bool is_ending;

	lock_take(&crew->lock);
	is_ending = crew->is_ending;
	if (!is_ending) {
		crew->nr_forks++;
		/* relaxed: whoever sees it late runs one job more */
		atomic_fetch_or_explicit(&pool->mood, MOOD_FORKING,
				memory_order_relaxed);
		timers_halt(pool);
		watch_halt(pool);
	}
	lock_release(&crew->lock);
	if (is_ending)
		return -ESHUTDOWN;
	ec_notify_all(&pool->eventcount);
	return 0;
}

/* Under the lock. */
static void end(struct rota_pool *pool)
{
	crew_end_fork(pool);
	if (pool->crew.nr_forks)
		return; /* the next one wants them as they are */
	halt_end(&pool->timers.halt);
	watch_go_on(pool);
}

/* Until all stand still: on 0 with the lock, for workers may come meanwhile. */
static int await_all(struct rota_pool *pool, uint64_t deadline_ns)
{
	struct crew *crew = &pool->crew;
	int error;

	/* workers first: their jobs may wait for a timer */
	lock_take(&crew->lock);
	error = crew_await_holds(pool, true, deadline_ns);
	lock_release(&crew->lock);
	if (!error)
		error = timers_await_halt(pool, deadline_ns);
	if (!error)
		error = watch_await_halt(pool, deadline_ns);
	lock_take(&crew->lock);
	if (!error)
		error = crew_await_holds(pool, true, deadline_ns);
	if (error) {
		end(pool);
		lock_release(&crew->lock);
	}
	return error;
}

int rota_fork_prepare(struct rota_pool *pool, uint64_t deadline_ns)
{
	int error;

	if (!pool)
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	if (frame_has(pool))
		return -EDEADLK;
	if (pool_is_prepared_here(pool))
		return -EALREADY;
	pool_callers_enter(pool);
	error = begin(pool);
	if (!error)
		error = await_all(pool, deadline_ns);
	if (!error)
		/* relaxed: for this thread, here and in the child */
		atomic_store_explicit(&pool->forker, (uintptr_t)&os_local,
				memory_order_relaxed);
	pool_callers_leave(pool);
	return error;
}

int rota_fork_parent(struct rota_pool *pool)
{
	if (!pool)
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	if (!pool_is_prepared_here(pool))
		return -EPERM;
	/* relaxed: as above */
	atomic_store_explicit(&pool->forker, 0, memory_order_relaxed);
	end(pool);
	lock_release(&pool->crew.lock);
	return 0;
}

/* What came out of the channel, or was to go in. How many jobs: 0 or 1. */
static size_t drop_one(struct rota_pool *pool, struct rota_job job)
{
	struct task *task;

	measure_unwrap(&job);
	if (job.run == strand_ticket)
		return 0; /* strands_drop_all() knows its task */
	if (job.run == group_ticket && !group_take_in_child(job.arg, &job))
		return 0; /* somebody helped, or the job was on its way */
	task = job.arg;
	/* relaxed: nobody else is there */
	if (job.run == task_run &&
			atomic_load_explicit(&task->state,
					memory_order_relaxed) != TASK_QUEUED) {
		task_unref(task);
		return 0; /* it had its outcome before, or another has it */
	}
	job_drop(pool, &job, ROTA_DROP_FORK);
	return 1;
}

static size_t drop_all(struct rota_pool *pool, unsigned nr_places)
{
	struct rota_job job;
	size_t nr = 0;

	for (unsigned i = 0; i < nr_places; i++)
		for (unsigned k = 0; k < pool->workers[i].nr_kept; k++)
			nr += drop_one(pool, pool->workers[i].kept[k]);
	while (channel_take_as_guest(&pool->channel, &job))
		nr += drop_one(pool, job);
	nr += strands_drop_all(pool, ROTA_DROP_FORK);
	return nr + timers_drop_all(pool, ROTA_DROP_FORK);
}

/* What a child's pool has of its parent's. */
struct heritage {
	struct rota_options options;
	char name[sizeof(((struct crew *)NULL)->name)];
	void *cpu_set;
	sigset_t signal_mask;
	struct rota_pool *live_next;
	size_t bytes;
	unsigned nr_workers;
	bool is_closed, is_paused;
};

static int take_over(struct rota_pool *pool, struct heritage *ret_old)
{
	struct heritage *old = ret_old;

	old->options = pool->options;
	memcpy(old->name, pool->crew.name, sizeof(old->name));
	old->options.name = old->name;
	old->cpu_set = NULL;
	if (pool->crew.cpu_set) {
		old->cpu_set = os_alloc(pool->crew.cpu_set_bytes);
		if (!old->cpu_set)
			return -ENOMEM;
		memcpy(old->cpu_set, pool->crew.cpu_set,
				pool->crew.cpu_set_bytes);
	}
	old->options.cpu_set = old->cpu_set;
	old->signal_mask = pool->signal_mask;
	old->live_next = pool->live_next;
	old->bytes = pool->bytes;
	/* relaxed, as the next: under the lock of before */
	old->nr_workers = atomic_load_explicit(
			&pool->crew.wanted, memory_order_relaxed);
	old->is_closed = ec_is_closed(atomic_load_explicit(
			&pool->eventcount.word, memory_order_relaxed));
	old->is_paused = pool->crew.is_paused;
	return 0;
}

/* Nothing but zeros: no call finds anything to do here. */
static void wipe(struct rota_pool *pool, const struct heritage *old)
{
	memset((void *)pool, 0, old->bytes);
	pool->live_next = old->live_next;
}

/* The same pool, of new parts; nr jobs were dropped. */
static int make_anew(
		struct rota_pool *pool, const struct heritage *old, size_t nr)
{
	int error;

	/* the fork zeroed it; for who frees the parts */
	pool->nr_workers = old->options.max_workers;
	pool_unbuild(pool);
	wipe(pool, old);
	error = pool_build(pool, old->bytes, &old->options);
	if (error) {
		wipe(pool, old);
		return error;
	}
	pool->signal_mask = old->signal_mask;
	atomic_init(&pool->submitted_inline, nr);
	atomic_init(&pool->dropped, nr);
	atomic_init(&pool->crew.wanted, old->nr_workers);
	if (old->is_paused)
		rota_pool_pause(pool, 0);
	error = pool_start(pool, old->nr_workers);
	if (error) {
		pool_unbuild(pool);
		wipe(pool, old);
	} else if (old->is_closed) {
		rota_pool_close(pool);
	}
	return error;
}

int rota_fork_child(struct rota_pool *pool)
{
	struct heritage old;
	int saved = errno, error;

	if (!pool)
		return -EINVAL;
	if (pool_is_ours(pool))
		return -EPERM;
	if (!pool_is_prepared_here(pool))
		return -EOWNERDEAD;
	atomic_store_explicit(&pool->forker, 0, memory_order_relaxed);
	error = take_over(pool, &old);
	if (!error) {
		size_t nr = drop_all(pool, old.options.max_workers);

		error = make_anew(pool, &old, nr);
		os_free(old.cpu_set);
	}
	errno = saved;
	return error;
}
