/* SPDX-License-Identifier: MIT */
/*
 * The timer thread, T.
 *
 *	who posts			T
 *	push to the inbox (RMW)		wake_ns = when the first is due
 *	fence				fence
 *	due before wake_ns?		inbox empty, pool open? sleep
 *	then wake_ns = 0 and wake it	wake_ns = 0
 *
 * So a timer that is due later than the first one costs no system call, and one
 * that many threads post costs one: who sets wake_ns to 0 wakes.
 */
#include "pool.h"
#include <errno.h>
#include <stdio.h>

/* A job that the pool has no memory for comes again after so long. */
enum { RETRY_NS = 1000000 };
/* Of so many posts that T need not see yet one wakes it, so that what was
 * stopped long before its time does not pile up. */
enum { POSTS_UNSEEN = 64 };

void timers_init(struct timers *timers, const char *pool_name)
{
	snprintf(timers->name, sizeof(timers->name), "%.9s-timer", pool_name);
}

static void wake(struct timers *timers)
{
	/* [timers.R1] release; pairs with [timers.A1]. */
	atomic_fetch_add_explicit(&timers->turn, 1, memory_order_release);
	os_futex_wake(&timers->turn, 1);
}

static bool is_closing(struct rota_pool *pool)
{
	/* relaxed: ordered by a fence, or seen at the next turn */
	return atomic_load_explicit(&pool->is_closing, memory_order_relaxed);
}

static uint32_t state_of(struct timers *timers)
{
	/* [timers.A2] acquire; pairs with [timers.R2]. */
	return atomic_load_explicit(&timers->state, memory_order_acquire);
}

/* All that was posted, first come first. */
static struct rota_timer *take_posted(struct timers *timers)
{
	/* [timers.A3] acquire; pairs with [timers.R3]. */
	struct rota_timer *newest = atomic_exchange_explicit(
			&timers->inbox, NULL, memory_order_acquire);
	struct rota_timer *oldest = NULL;

	while (newest) {
		struct rota_timer *older = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = older;
	}
	return oldest;
}

/* It may be posted again after this. Its state until now. */
static uint32_t unpost(struct rota_timer *timer)
{
	timer->is_known = true;
	/* [timers.R4] release; pairs with [timers.A4] in timer.c: who posts it
	 * again does so after `next` was read. */
	return atomic_fetch_and_explicit(
			&timer->state, ~TIMER_IS_POSTED, memory_order_acq_rel);
}

/* The pool closed before its time. */
static void drop_detached(struct rota_pool *pool, struct rota_timer *timer)
{
	struct rota_job job = {timer->run, timer->arg};

	os_free(timer);
	atomic_fetch_add_explicit(
			&pool->submitted_inline, 1, memory_order_relaxed);
	job_drop(pool, &job, ROTA_DROP_SHUTDOWN);
	/* [timers.R5] release; pairs with [stats.A1]. */
	atomic_fetch_add_explicit(&pool->dropped, 1, memory_order_release);
	/* [timers.F3] full fence; pairs with [rest.F1]. As [submit.F1]. */
	fence_after_rmw();
	pool_check_rest(pool);
}

/* T lets go of it. */
static void end_timer(struct rota_pool *pool, struct rota_timer *timer)
{
	if (timer->is_detached) {
		drop_detached(pool, timer);
		return;
	}
	/* [timer.R3] release; pairs with [timer.A3]: who stops it now leaves T
	 * and the pool alone. */
	atomic_fetch_or_explicit(
			&timer->state, TIMER_IS_ENDED, memory_order_release);
	timer_let_go(timer);
}

/* T has ended: what was posted since ends here. */
static void end_posted(struct rota_pool *pool)
{
	struct rota_timer *timer = take_posted(&pool->timers), *next;

	for (; timer; timer = next) {
		bool is_stop = timer->is_known;

		next = timer->next;
		unpost(timer);
		if (is_stop)
			timer_let_go(timer); /* the inbox does */
		else
			end_timer(pool, timer);
	}
}

void timers_post(struct rota_pool *pool, struct rota_timer *timer,
		uint64_t due_ns)
{
	struct timers *timers = &pool->timers;
	uint64_t wake_ns;

	/* relaxed: the CAS checks it */
	timer->next = atomic_load_explicit(
			&timers->inbox, memory_order_relaxed);
	/* [timers.R3] release; pairs with [timers.A3]: the timer. */
	while (!atomic_compare_exchange_weak_explicit(&timers->inbox,
			&timer->next, timer, memory_order_release,
			memory_order_relaxed))
		;
	/* [timers.F1] full fence; pairs with [timers.F2] and [timers.F4].
	 * Orders the push before the look at T. Forbids: T does not see the
	 * timer, and this thread does not see that T sleeps, or has ended. */
	fence_after_rmw();
	if (state_of(timers) == TIMERS_ENDED) {
		end_posted(pool);
		return;
	}
	if (atomic_fetch_add_explicit(
			    &timers->nr_posts, 1, memory_order_relaxed) %
					POSTS_UNSEEN ==
			POSTS_UNSEEN - 1)
		due_ns = 0;
	wake_ns = atomic_load_explicit(&timers->wake_ns, memory_order_relaxed);
	while (due_ns < wake_ns)
		if (atomic_compare_exchange_weak_explicit(&timers->wake_ns,
				    &wake_ns, 0, memory_order_relaxed,
				    memory_order_relaxed)) {
			wake(timers);
			break;
		}
}

static void receive(struct timers *timers)
{
	struct rota_timer *timer = take_posted(timers), *next;

	for (; timer; timer = next) {
		bool is_stop = timer->is_known;
		uint32_t state;

		next = timer->next;
		state = unpost(timer);
		if (is_stop) {
			if (timer->node.is_queued) {
				heap_remove(&timers->heap, &timer->node);
				timer_let_go(timer);
			}
			timer_let_go(timer); /* the inbox does */
		} else if (state & TIMER_IS_STOPPED) {
			timer_let_go(timer); /* before it was received */
		} else {
			heap_insert(&timers->heap, &timer->node);
		}
	}
}

/* The first beat after now; those before are left out. */
static uint64_t next_beat(struct rota_timer *timer, uint64_t now_ns)
{
	uint64_t due_ns = timer->node.due_ns, late_ns = now_ns - due_ns;
	uint64_t step_ns = timer->period_ns;

	step_ns += late_ns - late_ns % step_ns;
	return due_ns + step_ns < due_ns ? OS_NO_DEADLINE : due_ns + step_ns;
}

/* It is due, and taken out of the heap. */
static void fire(struct rota_pool *pool, struct rota_timer *timer,
		uint64_t now_ns)
{
	int error = timer_fire(timer);

	if (error && error != -ESHUTDOWN && !timer->period_ns) {
		timer->node.due_ns = now_ns + RETRY_NS;
		heap_insert(&pool->timers.heap, &timer->node);
	} else if (timer->period_ns && error != -ESHUTDOWN) {
		timer->node.due_ns = next_beat(timer, now_ns);
		heap_insert(&pool->timers.heap, &timer->node);
	} else if (timer->is_detached && !error) {
		os_free(timer);
	} else {
		end_timer(pool, timer);
	}
}

/* Until when is there nothing to do? */
static uint64_t fire_due(struct rota_pool *pool)
{
	struct timer_heap *heap = &pool->timers.heap;
	uint64_t now_ns = heap->first ? os_now_ns() : 0;

	/* once: what becomes due meanwhile waits for the next look at the
	 * inbox */
	while (heap->first && heap->first->due_ns <= now_ns) {
		struct heap_node *node = heap->first;

		heap_remove(heap, node);
		fire(pool, (struct rota_timer *)node, now_ns);
	}
	return heap->first ? heap->first->due_ns : OS_NO_DEADLINE;
}

static void end(struct rota_pool *pool)
{
	struct timers *timers = &pool->timers;

	while (timers->heap.first) {
		struct heap_node *node = timers->heap.first;

		heap_remove(&timers->heap, node);
		end_timer(pool, (struct rota_timer *)node);
	}
	/* release: as [timers.R2]; is_queued of all timers */
	atomic_store_explicit(
			&timers->state, TIMERS_ENDED, memory_order_release);
	/* [timers.F4] full fence; pairs with [timers.F1]. Orders the end before
	 * the last look at the inbox. */
	fence_full();
	end_posted(pool);
}

static void *timers_main(void *arg)
{
	struct rota_pool *pool = arg;
	struct timers *timers = &pool->timers;

	os_thread_name(timers->name);
	while (!is_closing(pool)) {
		/* [timers.A1] acquire; pairs with [timers.R1]: what was posted
		 * before this turn. */
		uint32_t turn = atomic_load_explicit(
				&timers->turn, memory_order_acquire);
		uint64_t wake_ns;

		halt_here(&timers->halt);
		receive(timers);
		wake_ns = fire_due(pool);
		atomic_store_explicit(&timers->wake_ns, wake_ns,
				memory_order_relaxed);
		/* [timers.F2] full fence; pairs with [timers.F1] and [pool.F3].
		 * Orders wake_ns before the look at inbox and pool. */
		fence_full();
		if (!atomic_load_explicit(
				    &timers->inbox, memory_order_relaxed) &&
				!is_closing(pool))
			os_futex_wait(&timers->turn, turn, wake_ns);
		atomic_store_explicit(
				&timers->wake_ns, 0, memory_order_relaxed);
	}
	end(pool);
	halt_leave(&timers->halt);
	return NULL;
}

static int start_thread(struct rota_pool *pool)
{
	struct timers *timers = &pool->timers;
	struct os_thread_options thread = {0};
	uint32_t starting = TIMERS_STARTING;
	int saved = errno, error;

	error = os_thread_start(&timers->thread, timers_main, pool, &thread);
	errno = saved;
	/* [timers.R2] release; pairs with [timers.A2]: the thread. If it has
	 * ended already it stays so. */
	atomic_compare_exchange_strong_explicit(&timers->state, &starting,
			error ? TIMERS_NONE : TIMERS_GO, memory_order_release,
			memory_order_relaxed);
	os_futex_wake(&timers->state, UINT32_MAX);
	return error ? -EAGAIN : 0;
}

int timers_open(struct rota_pool *pool)
{
	struct timers *timers = &pool->timers;

	for (;;) {
		uint32_t state = TIMERS_NONE;

		/* acquire: as [timers.A2] */
		if (atomic_compare_exchange_strong_explicit(&timers->state,
				    &state, TIMERS_STARTING,
				    memory_order_acquire, memory_order_acquire))
			return start_thread(pool);
		if (state != TIMERS_STARTING)
			return 0;
		os_futex_wait(&timers->state, TIMERS_STARTING, OS_NO_DEADLINE);
	}
}

void timers_close(struct rota_pool *pool)
{
	if (state_of(&pool->timers) != TIMERS_NONE)
		wake(&pool->timers);
}

int timers_join(struct rota_pool *pool, uint64_t deadline_ns)
{
	if (state_of(&pool->timers) == TIMERS_NONE)
		return 0;
	return os_thread_join(pool->timers.thread, deadline_ns);
}

void timers_halt(struct rota_pool *pool)
{
	halt_ask(&pool->timers.halt);
	wake(&pool->timers);
	room_notify_all(&pool->room); /* see hand_over() in timer.c */
}

int timers_await_halt(struct rota_pool *pool, uint64_t deadline_ns)
{
	struct timers *timers = &pool->timers;
	uint32_t state;
	int error = 0;

	while (!error && (state = state_of(timers)) == TIMERS_STARTING)
		error = os_futex_wait(
				&timers->state, TIMERS_STARTING, deadline_ns);
	/* one that is started after this look does nothing yet */
	if (error || state == TIMERS_NONE)
		return error;
	return halt_wait(&timers->halt, deadline_ns);
}

/* How many jobs were dropped: of one that repeats, or can be stopped, each run is
 * a job, and this is none. */
static size_t drop_timer(struct rota_pool *pool, struct rota_timer *timer,
		enum rota_drop_reason reason)
{
	struct rota_job job = {timer->run, timer->arg};

	if (!timer->is_detached) {
		end_timer(pool, timer);
		return 0;
	}
	os_free(timer);
	job_drop(pool, &job, reason);
	return 1;
}

size_t timers_drop_all(struct rota_pool *pool, enum rota_drop_reason reason)
{
	struct timers *timers = &pool->timers;
	size_t nr = 0;

	receive(timers);
	if (timers->in_hand) {
		if (!timers->in_hand->is_detached)
			timer_forget_run(timers->in_hand);
		nr += drop_timer(pool, timers->in_hand, reason);
	}
	while (timers->heap.first) {
		struct heap_node *node = timers->heap.first;

		heap_remove(&timers->heap, node);
		nr += drop_timer(pool, (struct rota_timer *)node, reason);
	}
	return nr;
}
