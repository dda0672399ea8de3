/* SPDX-License-Identifier: MIT */
#include "watch.h"
#include "measure.h"
#include "pool.h"
#include "sys/probe.h"
#include <errno.h>
#include <stdio.h>

static size_t watch_bytes(struct rota_pool *pool)
{
	return sizeof(struct watch) + pool->nr_workers * sizeof(struct watched);
}

int watch_init(struct rota_pool *pool, const struct rota_options *options)
{
	struct watch *watch = os_pages_map(watch_bytes(pool));

	if (!watch)
		return -ENOMEM;
	watch->limit_ns = options->watchdog_ns;
	watch->on_stuck = options->on_stuck;
	pool->watch = watch;
	return 0;
}

void watch_fini(struct rota_pool *pool)
{
	if (pool->watch)
		os_pages_unmap(pool->watch, watch_bytes(pool));
}

/* relaxed: statistics; only the watchdog writes */
static void count(_Atomic uint64_t *counter)
{
	add_alone(counter, 1, memory_order_relaxed);
}

/* How long this worker is in the job that it was in at earlier looks. */
static uint64_t same_job_ns(struct rota_pool *pool, unsigned index,
		uint64_t since_ns, uint64_t now_ns)
{
	return pool->measure ? measure_running_ns(pool, index)
			     : now_ns - since_ns;
}

/* Or is between two of them. */
static bool has_job(struct rota_pool *pool, unsigned index)
{
	enum rota_worker_state state = worker_state(pool, index);

	return state == ROTA_WORKER_RUNNING || state == ROTA_WORKER_BLOCKED;
}

static void look_at_worker(
		struct rota_pool *pool, unsigned index, uint64_t now_ns)
{
	struct watched *seen = &pool->watch->workers[index];
	struct worker *worker = &pool->workers[index];
	struct watch *watch = pool->watch;
	uint64_t finished, parks, running_ns;

	/* relaxed: only whether they change */
	finished = atomic_load_explicit(&worker->ran, memory_order_relaxed) +
		   atomic_load_explicit(&worker->dropped, memory_order_relaxed);
	parks = atomic_load_explicit(&pool->eventcount.waiters[index].parks,
			memory_order_relaxed);
	if (crew_is_held(pool) || !has_job(pool, index)) {
		seen->finished = UINT64_MAX; /* its next job is news */
		return;
	}
	if (finished != seen->finished || parks != seen->parks) {
		seen->finished = finished;
		seen->parks = parks;
		seen->since_ns = now_ns;
		return;
	}
	running_ns = same_job_ns(pool, index, seen->since_ns, now_ns);
	if (!seen->since_ns || running_ns < watch->limit_ns)
		return;
	seen->since_ns = 0;
	count(&watch->nr_stuck);
	PROBE3(stuck, pool, index, running_ns);
	if (watch->on_stuck)
		watch->on_stuck(pool->hook_arg, index, running_ns);
}

static void look_at_queue(struct rota_pool *pool, uint64_t now_ns)
{
	struct watch *watch = pool->watch;
	/* acquire: as [ec.A1] */
	uint64_t word = atomic_load_explicit(
			&pool->eventcount.word, memory_order_acquire);
	struct pool_counts counts;
	uint64_t finished;
	/* in a paused pool nothing has to move */
	bool has_waiting =
			channel_queued(&pool->channel) && !crew_is_held(pool);
	bool is_same;

	pool_count(pool, &counts);
	finished = counts.ran + counts.dropped;
	if (!ec_just_sleeps(word) || !has_waiting)
		word = 0;
	is_same = finished == watch->finished &&
		  counts.submitted == watch->submitted;
	if (!word || word != watch->word || !is_same) {
		watch->same_since_ns = now_ns;
	} else if (now_ns - watch->same_since_ns >= watch->limit_ns / 2) {
		/* a fork makes this thread look sooner than that */
		count(&watch->nr_rescues);
		PROBE2(rescue, pool, channel_queued(&pool->channel));
		ec_notify(&pool->eventcount, 1);
		word = 0;
	}
	if (finished != watch->finished || !has_waiting) {
		watch->stalled_since_ns = now_ns;
	} else if (watch->stalled_since_ns &&
			now_ns - watch->stalled_since_ns >= watch->limit_ns) {
		count(&watch->nr_stalls);
		watch->stalled_since_ns = 0;
	}
	watch->word = word;
	watch->finished = finished;
	watch->submitted = counts.submitted;
}

void watch_look(struct rota_pool *pool, uint64_t now_ns)
{
	for (unsigned i = 0; i < pool->nr_workers; i++)
		look_at_worker(pool, i, now_ns);
	look_at_queue(pool, now_ns);
}

static void *watch_main(void *arg)
{
	struct rota_pool *pool = arg;
	struct watch *watch = pool->watch;
	struct frame frame;
	uint64_t now_ns;
	uint32_t calls;
	char name[16];

	snprintf(name, sizeof(name), "%.9s-watch", pool->options.name);
	os_thread_name(name);
	frame_push(&frame, pool, -1); /* on_stuck must not end the pool */
	/* acquire: as [halt.A1]: what it is asked for */
	while (!((calls = atomic_load_explicit(
				  &watch->calls, memory_order_acquire)) &
			WATCH_OVER)) {
		halt_here(&watch->halt);
		now_ns = os_now_ns();
		watch_look(pool, now_ns);
		os_futex_wait(&watch->calls, calls,
				now_ns + watch->limit_ns / 2);
	}
	frame_pop(&frame);
	halt_leave(&watch->halt);
	return NULL;
}

int watch_start(struct rota_pool *pool)
{
	struct watch *watch = pool->watch;
	struct os_thread_options thread = {0};
	int error;

	if (!watch)
		return 0;
	watch->finished = UINT64_MAX; /* so that the first look is news */
	for (unsigned i = 0; i < pool->nr_workers; i++)
		watch->workers[i].finished = UINT64_MAX;
	error = os_thread_start(&watch->thread, watch_main, pool, &thread);
	watch->is_started = !error;
	return error;
}

int watch_stop(struct rota_pool *pool, uint64_t deadline_ns)
{
	struct watch *watch = pool->watch;
	int error;

	if (!watch || !watch->is_started)
		return 0;
	/* relaxed: the end of the thread is all that it tells */
	atomic_fetch_or_explicit(
			&watch->calls, WATCH_OVER, memory_order_relaxed);
	os_futex_wake(&watch->calls, 1);
	error = os_thread_join(watch->thread, deadline_ns);
	watch->is_started = error != 0;
	return error;
}

void watch_halt(struct rota_pool *pool)
{
	struct watch *watch = pool->watch;

	if (!watch)
		return;
	halt_ask(&watch->halt);
	/* release: as [halt.R2]: that it is asked */
	atomic_fetch_add_explicit(
			&watch->calls, WATCH_CALL, memory_order_release);
	os_futex_wake(&watch->calls, 1);
}

int watch_await_halt(struct rota_pool *pool, uint64_t deadline_ns)
{
	return pool->watch ? halt_wait(&pool->watch->halt, deadline_ns) : 0;
}

void watch_go_on(struct rota_pool *pool)
{
	if (pool->watch)
		halt_end(&pool->watch->halt);
}

void watch_stats(struct rota_pool *pool, struct rota_stats *stats)
{
	struct watch *watch = pool->watch;

	if (!watch)
		return;
	/* relaxed: statistics */
	stats->stuck_jobs = atomic_load_explicit(
			&watch->nr_stuck, memory_order_relaxed);
	stats->stalls = atomic_load_explicit(
			&watch->nr_stalls, memory_order_relaxed);
	stats->rescues = atomic_load_explicit(
			&watch->nr_rescues, memory_order_relaxed);
}
