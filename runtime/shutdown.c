/* SPDX-License-Identifier: MIT */
/* Closing down: refuse, finish or discard, join, report. Everything here may
 * be called by many threads at once and again after a deadline passed. */
#include "pool.h"
#include "watch.h"
#include <errno.h>

static void discard_queued(struct rota_pool *pool)
{
	struct rota_job job;

	/* another shutdown must not return while this one drops a job */
	pool_callers_enter(pool);
	while (channel_take_as_guest(&pool->channel, &job)) {
		job_drop(pool, &job, ROTA_DROP_SHUTDOWN);
		/* [shutdown.R1] release; pairs with [stats.A1]. */
		atomic_fetch_add_explicit(
				&pool->dropped, 1, memory_order_release);
	}
	/* [shutdown.F2] full fence; pairs with [rest.F1]. Orders the drops
	 * before the look for drains. */
	fence_full();
	pool_check_rest(pool);
	pool_callers_leave(pool);
}

static void set_join_state(struct rota_pool *pool, uint32_t state)
{
	/* [shutdown.R2] release; pairs with [shutdown.A2]: the joined threads
	 * threads. */
	atomic_store_explicit(&pool->join_state, state, memory_order_release);
	os_futex_wake(&pool->join_state, UINT32_MAX);
}

/* Blocked submitters were woken, inline jobs end by themselves. */
static int wait_for_callers(struct rota_pool *pool, uint64_t deadline_ns)
{
	uint32_t nr_callers;
	int error = 0;

	/* [shutdown.F1] full fence; pairs with [pool.F2]. Orders is_closing
	 * before the look for callers. Forbids: a job that runs inline in a
	 * pool which was reported as shut down. */
	fence_full();
	/* [shutdown.A1] acquire; pairs with [pool.R1]. */
	while (!error && (nr_callers = atomic_load_explicit(&pool->nr_callers,
					  memory_order_acquire)))
		error = os_futex_wait(
				&pool->nr_callers, nr_callers, deadline_ns);
	return error;
}

static int join_threads(struct rota_pool *pool, uint64_t deadline_ns)
{
	int error = crew_join(pool, deadline_ns);

	/* one of them may start the timer thread */
	if (!error)
		error = wait_for_callers(pool, deadline_ns);
	if (!error)
		error = timers_join(pool, deadline_ns);
	return error ? error : watch_stop(pool, deadline_ns);
}

/* One caller joins, the others wait for it; a deadline hands the turn on. */
static int join_all(struct rota_pool *pool, uint64_t deadline_ns)
{
	uint32_t state = JOIN_OPEN;
	int error;

	/* [shutdown.A2] acquire; pairs with [shutdown.R2]. */
	while (!atomic_compare_exchange_strong_explicit(&pool->join_state,
			&state, JOIN_TAKEN, memory_order_acquire,
			memory_order_acquire)) {
		if (state == JOIN_DONE)
			return 0;
		error = os_futex_wait(
				&pool->join_state, JOIN_TAKEN, deadline_ns);
		if (error)
			return error;
		state = JOIN_OPEN;
	}
	error = join_threads(pool, deadline_ns);
	set_join_state(pool, error ? JOIN_OPEN : JOIN_DONE);
	return error;
}

static void fill_report(struct rota_pool *pool, bool is_over,
		struct rota_report *report)
{
	struct pool_counts counts;
	uint64_t unfinished;

	if (!report)
		return;
	pool_count(pool, &counts);
	unfinished = counts.submitted - counts.ran - counts.dropped;
	if (is_over)
		unfinished = 0; /* pushed late: lanes_withdraw() refuses them */
	report->ran = counts.ran;
	report->dropped = counts.dropped;
	report->queued = channel_queued(&pool->channel);
	if (report->queued > unfinished)
		report->queued = unfinished;
	report->running = unfinished - report->queued;
}

int rota_pool_shutdown(struct rota_pool *pool, enum rota_shutdown_mode mode,
		uint64_t deadline_ns, struct rota_report *ret_report)
{
	int error;

	if (!pool || (mode != ROTA_DRAIN && mode != ROTA_DISCARD))
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	if (frame_has(pool) || pool_is_prepared_here(pool))
		return -EDEADLK;
	if (mode == ROTA_DISCARD)
		/* relaxed: a worker that sees it late runs one job more */
		atomic_fetch_or_explicit(&pool->mood, MOOD_DISCARDING,
				memory_order_relaxed);
	rota_pool_close(pool);
	crew_end(pool); /* of a pause, too */
	if (mode == ROTA_DISCARD)
		discard_queued(pool);
	error = join_all(pool, deadline_ns);
	if (!error)
		error = wait_for_callers(pool, deadline_ns);
	fill_report(pool, !error, ret_report);
	return error;
}
