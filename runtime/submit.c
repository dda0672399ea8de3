/* SPDX-License-Identifier: MIT */
/* Handing jobs over: one push and one look at the eventcount; everything else
 * here is what happens when that is refused. */
#include "measure.h"
#include "pool.h"
#include "sys/probe.h"
#include <errno.h>
#include <string.h>

/* What to do when the channel is full; the public policies and one more. */
enum { FULL_UNTIL = ROTA_FULL_DROP_OLDEST + 1, POOL_POLICY };

/* A call that outlives its push, with the pool kept from being freed. */
static int enter_slow_call(struct rota_pool *pool)
{
	pool_callers_enter(pool);
	/* relaxed: ordered by [pool.F2] */
	if (!atomic_load_explicit(&pool->is_closing, memory_order_relaxed))
		return 0;
	pool_callers_leave(pool);
	return -ESHUTDOWN;
}

/* The job never enters the channel: this thread runs or drops it. */
static int finish_here(struct rota_pool *pool, const struct rota_job *job,
		_Atomic uint64_t *outcome)
{
	struct frame frame;
	int error;

	error = enter_slow_call(pool);
	if (error)
		return error;
	atomic_fetch_add_explicit(
			&pool->submitted_inline, 1, memory_order_relaxed);
	if (outcome == &pool->ran_inline) {
		struct rota_pool *running ON_LEAVE(inline_lost) = pool;

		frame_push(&frame, pool, frame_index_in(pool));
		job->run(job->arg);
		running = NULL;
		frame_pop(&frame);
	} else {
		job_drop(pool, job, ROTA_DROP_OVERLOAD);
	}
	/* [submit.R1] release; pairs with [stats.A1]. */
	atomic_fetch_add_explicit(outcome, 1, memory_order_release);
	/* [submit.F1] full fence; pairs with [rest.F1]. Orders the outcome
	 * before the look for drains. */
	fence_after_rmw();
	pool_check_rest(pool);
	pool_callers_leave(pool);
	return 0;
}

int pool_run_here(struct rota_pool *pool, const struct rota_job *job)
{
	if (frame_depth() >= ROTA_INLINE_DEPTH)
		return -EDEADLK;
	return finish_here(pool, job, &pool->ran_inline);
}

int pool_drop_here(struct rota_pool *pool, const struct rota_job *job)
{
	return finish_here(pool, job, &pool->dropped);
}

/* Make room by force. */
static void drop_oldest(struct rota_pool *pool)
{
	struct rota_job oldest;

	if (!chain_pop(&pool->channel.chain, &oldest))
		return;
	job_drop(pool, &oldest, ROTA_DROP_OVERLOAD);
	/* [submit.R2] release; pairs with [stats.A1]. */
	atomic_fetch_add_explicit(&pool->dropped, 1, memory_order_release);
	/* [submit.F2] full fence; pairs with [rest.F1]. As [submit.F1]. */
	fence_after_rmw();
	pool_check_rest(pool);
}

int pool_drop_oldest(struct rota_pool *pool)
{
	int error = enter_slow_call(pool);

	if (error)
		return error;
	drop_oldest(pool);
	pool_callers_leave(pool);
	return 0;
}

static int result_of(enum chain_result pushed)
{
	switch (pushed) {
	case CHAIN_OK:
		return 0;
	case CHAIN_IS_FULL:
		return -EAGAIN;
	case CHAIN_IS_CLOSED:
		return -ESHUTDOWN;
	case CHAIN_NO_MEMORY:
		break;
	}
	return -ENOMEM;
}

static int push_with_room(struct rota_pool *pool, const struct rota_job *jobs,
		size_t nr_jobs, size_t *ret_accepted, uint64_t deadline_ns)
{
	enum chain_result pushed;
	int error;

	error = enter_slow_call(pool);
	if (error)
		return error;
	room_enter(&pool->room);
	for (;;) {
		uint32_t key = room_prepare(&pool->room);

		pushed = chain_push(&pool->channel.chain, jobs, nr_jobs,
				ret_accepted);
		if (pushed != CHAIN_IS_FULL || error)
			break;
		error = room_wait(&pool->room, key, deadline_ns);
	}
	if (pushed != CHAIN_IS_FULL)
		error = result_of(pushed);
	if (!error)
		pool_notify(pool, *ret_accepted);
	room_leave(&pool->room,
			chain_queued(&pool->channel.chain) < pool->capacity);
	pool_callers_leave(pool);
	return error;
}

int pool_wait_for_room(struct rota_pool *pool)
{
	int error = enter_slow_call(pool);

	if (error)
		return error;
	room_enter(&pool->room);
	for (;;) {
		uint32_t key = room_prepare(&pool->room);

		if (chain_queued(&pool->channel.chain) < pool->capacity ||
				atomic_load_explicit(&pool->is_closing,
						memory_order_relaxed))
			break;
		room_wait(&pool->room, key, ROTA_NO_DEADLINE);
	}
	room_leave(&pool->room,
			chain_queued(&pool->channel.chain) < pool->capacity);
	pool_callers_leave(pool);
	return 0;
}

/* The channel was full. */
static int submit_full(struct rota_pool *pool, const struct rota_job *jobs,
		size_t nr_jobs, size_t *ret_accepted, int policy,
		uint64_t deadline_ns)
{
	size_t accepted = 1;
	int error;

	switch (policy) {
	case ROTA_FULL_FAIL:
		return -EAGAIN;
	case FULL_UNTIL:
		if (frame_has(pool))
			return -EDEADLK;
		return push_with_room(
				pool, jobs, nr_jobs, ret_accepted, deadline_ns);
	case ROTA_FULL_BLOCK:
		if (!frame_has(pool))
			return push_with_room(pool, jobs, nr_jobs, ret_accepted,
					ROTA_NO_DEADLINE);
		/* a worker never waits for itself */
		__attribute__((fallthrough));
	case ROTA_FULL_CALLER_RUNS:
		error = pool_run_here(pool, jobs);
		break;
	case ROTA_FULL_DROP_NEWEST:
		error = pool_drop_here(pool, jobs);
		break;
	default:
		error = enter_slow_call(pool);
		if (error)
			break;
		do {
			drop_oldest(pool);
			error = result_of(chain_push(&pool->channel.chain, jobs,
					nr_jobs, &accepted));
		} while (error == -EAGAIN);
		if (!error)
			pool_notify(pool, accepted);
		pool_callers_leave(pool);
		break;
	}
	if (!error)
		*ret_accepted = accepted;
	return error;
}

/* Accept at least one of the jobs, as they are, or say why not. */
static int submit_plain(struct rota_pool *pool, const struct rota_job *jobs,
		size_t nr_jobs, size_t *ret_accepted, int policy,
		uint64_t deadline_ns)
{
	enum chain_result pushed;
	int error;

	if (channel_has_lanes(&pool->channel)) {
		error = lane_submit(pool, jobs, nr_jobs, ret_accepted);
		if (error != LANE_CANNOT)
			return error;
	}
	pushed = chain_push(&pool->channel.chain, jobs, nr_jobs, ret_accepted);
	if (pushed == CHAIN_IS_FULL)
		return submit_full(pool, jobs, nr_jobs, ret_accepted, policy,
				deadline_ns);
	if (pushed == CHAIN_OK)
		pool_notify(pool, *ret_accepted);
	return result_of(pushed);
}

/* The same, each with the time of this call. */
__attribute__((noinline)) static int submit_measured(struct rota_pool *pool,
		const struct rota_job *jobs, size_t nr_jobs,
		size_t *ret_accepted, int policy, uint64_t deadline_ns)
{
	struct rota_job timed[MEASURE_BATCH];
	size_t accepted;
	int error;

	if (nr_jobs > MEASURE_BATCH)
		nr_jobs = MEASURE_BATCH;
	PROBE2(submit, pool, nr_jobs);
	measure_wrap(pool, jobs, nr_jobs, timed);
	error = submit_plain(
			pool, timed, nr_jobs, &accepted, policy, deadline_ns);
	if (error)
		accepted = 0;
	else
		*ret_accepted = accepted;
	while (accepted < nr_jobs)
		measure_unwrap(&timed[accepted++]);
	return error;
}

/* Accept at least one of the jobs, or say why not. */
__attribute__((noinline)) static int submit_jobs(struct rota_pool *pool,
		const struct rota_job *jobs, size_t nr_jobs,
		size_t *ret_accepted, int policy, uint64_t deadline_ns)
{
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	return (pool->measure ? submit_measured : submit_plain)(
			pool, jobs, nr_jobs, ret_accepted, policy, deadline_ns);
}

/* Whatever is not the straight path. */
__attribute__((noinline)) static int submit_otherwise(struct rota_pool *pool,
		rota_run_fn run, void *arg, int policy, uint64_t deadline_ns)
{
	struct rota_job job = {run, arg};
	size_t accepted;

	if (policy == POOL_POLICY)
		policy = (int)pool->full_policy;
	if (pool->goes_round || !pool_is_ours(pool) ||
			!chain_push_one(&pool->channel.chain, job))
		return submit_jobs(
				pool, &job, 1, &accepted, policy, deadline_ns);
	pool_notify(pool, 1);
	return 0;
}

static inline int submit_one(struct rota_pool *pool, rota_run_fn run, void *arg,
		int policy, uint64_t deadline_ns)
{
	struct lane *lane = os_local.lane;
	size_t accepted;
	uint64_t word;

	/* the straight path: this thread has a lane here, nobody sleeps */
	if (__builtin_expect(os_local.pool_id != pool_id(pool), 0) ||
			!lane_push_one(lane, run, arg))
		return submit_otherwise(pool, run, arg, policy, deadline_ns);
	word = pool_published(pool);
	if (__builtin_expect(ec_is_calm(word), 1))
		return 0;
	return lane_pushed(pool, lane, word, 1, &accepted);
}

int rota_submit(struct rota_pool *pool, rota_run_fn run, void *arg)
{
	if (!pool || !run)
		return -EINVAL;
	return submit_one(pool, run, arg, POOL_POLICY, ROTA_NO_DEADLINE);
}

int rota_try_submit(struct rota_pool *pool, rota_run_fn run, void *arg)
{
	if (!pool || !run)
		return -EINVAL;
	return submit_one(pool, run, arg, ROTA_FULL_FAIL, 0);
}

int rota_submit_until(struct rota_pool *pool, rota_run_fn run, void *arg,
		uint64_t deadline_ns)
{
	if (!pool || !run)
		return -EINVAL;
	return submit_one(pool, run, arg, FULL_UNTIL, deadline_ns);
}

int rota_submit_many(struct rota_pool *pool, const struct rota_job *jobs,
		size_t nr_jobs, size_t *ret_accepted)
{
	size_t total = 0, accepted = 0;
	int error = 0;

	if (!pool || !ret_accepted || (nr_jobs && !jobs))
		return -EINVAL;
	for (size_t i = 0; i < nr_jobs; i++)
		if (!jobs[i].run)
			return -EINVAL;
	while (total < nr_jobs && !error) {
		error = submit_jobs(pool, jobs + total, nr_jobs - total,
				&accepted, (int)pool->full_policy,
				ROTA_NO_DEADLINE);
		if (!error)
			total += accepted;
	}
	if (error && !total)
		return error;
	*ret_accepted = total;
	return 0;
}

int rota_submit_copy(struct rota_pool *pool, rota_run_fn run, rota_drop_fn drop,
		const void *payload, size_t bytes)
{
	struct box *box;
	int error;

	if (!pool || !run || (bytes && !payload))
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	if (bytes > ROTA_COPY_MAX)
		return -EMSGSIZE;
	box = box_get(&pool->boxes, bytes);
	if (!box)
		return -ENOMEM;
	box->run = run;
	box->drop = drop;
	if (bytes)
		memcpy(box->payload, payload, bytes);
	error = submit_one(pool, box_run, box, POOL_POLICY, ROTA_NO_DEADLINE);
	if (error)
		box_put(box);
	return error;
}

int pool_submit_class(struct rota_pool *pool, enum rota_priority priority,
		struct rota_job job)
{
	struct channel *channel = &pool->channel;
	size_t pushed;
	int error;

	if (!channel->has_classes)
		return -ENOTSUP;
	if (pool->measure)
		measure_wrap(pool, &job, 1, &job);
	error = result_of(chain_push(
			&channel->classes[priority == ROTA_PRIORITY_HIGH
							  ? CLASS_HIGH
							  : CLASS_LOW],
			&job, 1, &pushed));
	if (error) {
		measure_unwrap(&job);
		return error;
	}
	/* [submit.F3] full fence; pairs with [worker.F1]. Orders the job before
	 * the mood. */
	atomic_fetch_or_explicit(
			&pool->mood, MOOD_CLASSES, memory_order_acq_rel);
	fence_after_rmw();
	pool_notify(pool, 1);
	return 0;
}
