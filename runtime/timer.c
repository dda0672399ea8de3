/* SPDX-License-Identifier: MIT */
/* A timer as its user and its runs see it. */
#include "pool.h"
#include <errno.h>

static struct rota_timer *timer_of(struct rota_work *work)
{
	size_t offset = offsetof(struct rota_timer, work);

	return (struct rota_timer *)(void *)((char *)work - offset);
}

void timer_let_go(struct rota_timer *timer)
{
	/* [timer.R1] release; pairs with [timer.A1], which is this one too: the
	 * last holder frees it after all others are done. */
	if (atomic_fetch_sub_explicit(
			    &timer->nr_holders, 1, memory_order_acq_rel) == 1)
		/* [timer.A1] acquire; pairs with [timer.R1]. */
		os_free(timer);
}

static void hold(struct rota_timer *timer)
{
	/* relaxed: by a holder */
	atomic_fetch_add_explicit(&timer->nr_holders, 1, memory_order_relaxed);
}

/* A run may begin? Not if it was stopped in the queue. */
static bool begin_run(struct rota_timer *timer)
{
	uint32_t state = atomic_load_explicit(
			&timer->state, memory_order_relaxed);

	/* relaxed: published by the CAS, for who finds its own name there */
	atomic_store_explicit(&timer->runner, (uintptr_t)&os_local,
			memory_order_relaxed);
	do {
		if (state & TIMER_IS_STOPPED)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&timer->state, &state,
			state | TIMER_IS_RUNNING, memory_order_relaxed,
			memory_order_relaxed));
	return true;
}

static void end_run(struct rota_timer *timer)
{
	uint32_t busy = TIMER_IS_BUSY | TIMER_IS_RUNNING | TIMER_IS_AWAITED;
	/* [timer.R2] release; pairs with [timer.A2]: what the run did. */
	uint32_t state = atomic_fetch_and_explicit(
			&timer->state, ~busy, memory_order_release);

	if (state & TIMER_IS_AWAITED)
		os_futex_wake(&timer->state, UINT32_MAX);
	timer_let_go(timer);
}

void timer_forget_run(struct rota_timer *timer)
{
	end_run(timer);
}

static void end_run_of(struct rota_timer **timer)
{
	end_run(*timer);
}

static void timer_run(struct rota_work *work)
{
	struct rota_timer *timer ON_LEAVE(end_run_of) = timer_of(work);

	if (begin_run(timer))
		timer->run(timer->arg);
	else
		pool_count_as_dropped(timer->pool, 1);
}

static void timer_drop(struct rota_work *work, enum rota_drop_reason reason)
{
	struct rota_timer *timer = timer_of(work);
	struct rota_pool *pool = timer->pool;
	struct rota_job job = {timer->run, timer->arg};

	if (begin_run(timer) && pool->on_drop)
		pool->on_drop(pool->hook_arg, &job, reason);
	end_run(timer);
}

/* As rota_submit_until() without a deadline; -EAGAIN: T has to stand still. */
static int submit_patiently(struct rota_pool *pool, rota_run_fn run, void *arg)
{
	struct room *room = &pool->room;
	int error = rota_try_submit(pool, run, arg);

	if (error != -EAGAIN)
		return error;
	room_enter(room);
	for (;;) {
		uint32_t key = room_prepare(room);

		error = rota_try_submit(pool, run, arg);
		if (error != -EAGAIN || halt_is_asked(&pool->timers.halt))
			break;
		room_wait(room, key, OS_NO_DEADLINE);
	}
	room_leave(room, chain_queued(&pool->channel.chain) < pool->capacity);
	return error;
}

/* A due job waits for room where others would run it or be told; T cannot. */
static int hand_over(struct rota_timer *timer, rota_run_fn run, void *arg)
{
	struct rota_pool *pool = timer->pool;
	struct timers *timers = &pool->timers;
	int error;

	if (pool->full_policy == ROTA_FULL_DROP_NEWEST ||
			pool->full_policy == ROTA_FULL_DROP_OLDEST)
		return rota_submit(pool, run, arg);
	while ((error = submit_patiently(pool, run, arg)) == -EAGAIN) {
		timers->in_hand = timer;
		halt_here(&timers->halt);
		timers->in_hand = NULL;
	}
	return error;
}

int timer_fire(struct rota_timer *timer)
{
	uint32_t state;
	int error;

	if (timer->is_detached)
		return hand_over(timer, timer->run, timer->arg);
	state = atomic_load_explicit(&timer->state, memory_order_relaxed);
	do {
		if (state & (TIMER_IS_STOPPED | TIMER_IS_BUSY))
			return 0;
		/* acquire: as [timer.A2]; the next run sees the last one */
	} while (!atomic_compare_exchange_weak_explicit(&timer->state, &state,
			state | TIMER_IS_BUSY, memory_order_acquire,
			memory_order_relaxed));
	hold(timer);
	error = hand_over(timer, work_run, &timer->work);
	if (error)
		end_run(timer);
	return error;
}

/* As any call that shutdown must see leave. */
static int enter_open_pool(struct rota_pool *pool)
{
	pool_callers_enter(pool);
	/* relaxed: ordered by [pool.F2] */
	if (!atomic_load_explicit(&pool->is_closing, memory_order_relaxed))
		return timers_open(pool);
	return -ESHUTDOWN;
}

static int add_timer(struct rota_pool *pool, rota_run_fn run, void *arg,
		uint64_t first_ns, uint64_t period_ns,
		struct rota_timer **ret_timer)
{
	struct rota_timer *timer;
	int error;

	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	timer = os_alloc(sizeof(*timer));
	if (!timer)
		return -ENOMEM;
	*timer = (struct rota_timer){
			.node = {.due_ns = first_ns},
			.work = {.run = timer_run, .drop = timer_drop},
			.pool = pool,
			.run = run,
			.arg = arg,
			.period_ns = period_ns,
			.is_detached = !ret_timer,
	};
	atomic_init(&timer->state, TIMER_IS_POSTED);
	atomic_init(&timer->nr_holders, ret_timer ? 2 : 1);
	error = enter_open_pool(pool);
	if (error) {
		os_free(timer);
	} else {
		if (ret_timer)
			*ret_timer = timer; /* before its first run */
		timers_post(pool, timer, first_ns);
	}
	pool_callers_leave(pool);
	return error;
}

int rota_submit_at(struct rota_pool *pool, rota_run_fn run, void *arg,
		uint64_t when_ns)
{
	if (!pool || !run)
		return -EINVAL;
	return add_timer(pool, run, arg, when_ns, 0, NULL);
}

int rota_timer_start(struct rota_pool *pool, rota_run_fn run, void *arg,
		uint64_t first_ns, uint64_t period_ns,
		struct rota_timer **ret_timer)
{
	if (!pool || !run || !ret_timer)
		return -EINVAL;
	return add_timer(pool, run, arg, first_ns, period_ns, ret_timer);
}

/* Until no other thread runs it. */
static int await_run(struct rota_timer *timer, uint64_t deadline_ns)
{
	for (;;) {
		/* [timer.A2] acquire; pairs with [timer.R2]. */
		uint32_t state = atomic_load_explicit(
				&timer->state, memory_order_acquire);

		if (!(state & TIMER_IS_RUNNING) ||
				atomic_load_explicit(&timer->runner,
						memory_order_relaxed) ==
						(uintptr_t)&os_local)
			return 0;
		if (!(state & TIMER_IS_AWAITED) &&
				!atomic_compare_exchange_strong_explicit(
						&timer->state, &state,
						state | TIMER_IS_AWAITED,
						memory_order_relaxed,
						memory_order_relaxed))
			continue;
		if (os_futex_wait(&timer->state, state | TIMER_IS_AWAITED,
				    deadline_ns))
			return -EBUSY;
	}
}

int rota_timer_stop(struct rota_timer *timer, uint64_t deadline_ns)
{
	uint32_t stop = TIMER_IS_STOPPED | TIMER_IS_POSTED, state;
	int error;

	if (!timer)
		return -EINVAL;
	/* [timer.A3] acquire; pairs with [timer.R3]: T is done with it. */
	state = atomic_load_explicit(&timer->state, memory_order_acquire);
	if (!(state & TIMER_IS_ENDED) && !pool_is_ours(timer->pool))
		return -EOWNERDEAD;
	/* [timers.A4] acquire; pairs with [timers.R4]. */
	state = atomic_fetch_or_explicit(
			&timer->state, stop, memory_order_acq_rel);
	if (!(state & (stop | TIMER_IS_ENDED))) {
		hold(timer);
		timers_post(timer->pool, timer, OS_NO_DEADLINE);
	}
	error = await_run(timer, deadline_ns);
	if (!error)
		timer_let_go(timer);
	return error;
}
