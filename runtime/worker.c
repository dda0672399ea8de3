/* SPDX-License-Identifier: MIT */
/* One worker thread: take, run, search, park. */
#include "pool.h"

static void count(_Atomic uint64_t *counter)
{
	/* [worker.R1] release; pairs with [stats.A1]: who sees the job counted
	 * sees what it did. Only this thread writes. */
	add_alone(counter, 1, memory_order_release);
}

void pool_tell(struct rota_pool *pool, uint64_t word, size_t nr_jobs)
{
	unsigned searchers = ec_searchers(word);

	if (nr_jobs <= searchers) {
		/* Enough of them search, unless they do not keep up. To know
		 * is to fetch the line that workers write: not each time. */
		if (channel_ticket(&pool->channel) % BACKLOG_LOOK_EVERY)
			return;
		nr_jobs = 1 +
			  channel_queued(&pool->channel) / BACKLOG_PER_WORKER;
	}
	if (nr_jobs > pool->nr_workers)
		nr_jobs = pool->nr_workers;
	if (nr_jobs > searchers)
		ec_notify(&pool->eventcount, (unsigned)nr_jobs);
}

static void run(struct worker *self, const struct rota_job *job)
{
	/* relaxed: whoever sees the flag late runs one job more */
	if (__builtin_expect(atomic_load_explicit(&self->pool->is_discarding,
					     memory_order_relaxed),
			    0)) {
		job_drop(self->pool, job, ROTA_DROP_SHUTDOWN);
		count(&self->dropped);
		return;
	}
	job->run(job->arg);
	count(&self->ran);
}

/* The job was found by searching: others may sleep because of that. */
static void leave_search(struct worker *self)
{
	struct rota_pool *pool = self->pool;

	ec_leave_search(&pool->eventcount, self->waiter);
	if (channel_look(&pool->channel) == CHANNEL_HAS_WORK)
		pool_notify(pool, 1);
}

/* Run jobs until there is none. */
static void run_all(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	struct rota_job job;

	while (channel_pop(&pool->channel, &job)) {
		if (pool->channel.is_bounded && room_is_wanted(&pool->room))
			room_notify(&pool->room);
		if (self->waiter->is_searcher)
			leave_search(self);
		run(self, &job);
		self->streak++;
		if (!pool_is_ours(pool))
			os_thread_exit(); /* the job forked and returned */
	}
}

/*
 * Look for a while before parking, unless another worker does. After a streak
 * of jobs first by yielding: if threads outnumber CPUs, the submitter that
 * shares this CPU gets to run and there will be jobs in plenty. Not for lone
 * jobs: a thread that yielded is late to preempt others when it is woken. Then,
 * if allowed, by spinning.
 */
static bool search(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	unsigned relaxes = 1;
	uint64_t end_ns;

	if (!self->waiter->is_searcher &&
			!ec_try_search(&pool->eventcount, self->waiter))
		return false;
	for (unsigned i = 0; self->streak >= STREAK && i < SEARCH_YIELDS; i++) {
		os_yield();
		if (channel_look(&pool->channel) == CHANNEL_HAS_WORK)
			return true;
	}
	if (!pool->spin_ns)
		return false;
	end_ns = os_now_ns() + pool->spin_ns;
	do {
		for (unsigned i = 0; i < relaxes; i++)
			cpu_relax();
		if (relaxes < 64)
			relaxes *= 2;
		if (channel_look(&pool->channel) == CHANNEL_HAS_WORK)
			return true;
	} while (os_now_ns() < end_ns);
	return false;
}

/* False: the pool is closed and drained. */
static bool park(struct worker *self)
{
	struct rota_pool *pool = self->pool;

	ec_prepare(&pool->eventcount, self->waiter);
	switch (channel_look(&pool->channel)) {
	case CHANNEL_HAS_WORK:
		ec_cancel(&pool->eventcount, self->waiter);
		return true;
	case CHANNEL_IS_FINISHED:
		ec_quit(&pool->eventcount, self->waiter);
		pool_check_rest(pool);
		return false;
	case CHANNEL_IS_EMPTY:
		break;
	}
	pool_check_rest(pool);
	self->streak /= 2;
	ec_commit(&pool->eventcount, self->waiter);
	return true;
}

static void start(struct worker *self)
{
	struct rota_pool *pool = self->pool;
	int error = 0, none = 0;

	if (pool->on_start)
		error = pool->on_start(pool->hook_arg, self->index);
	self->has_started = error >= 0;
	if (error < 0)
		/* relaxed: published by nr_started below */
		atomic_compare_exchange_strong_explicit(&pool->start_error,
				&none, error, memory_order_relaxed,
				memory_order_relaxed);
	/* [worker.R2] release; pairs with [pool.A1]: start_error. */
	atomic_fetch_add_explicit(&pool->nr_started, 1, memory_order_release);
	os_futex_wake(&pool->nr_started, 1);
}

void *worker_main(void *worker)
{
	struct worker *self = worker;
	struct rota_pool *pool = self->pool;
	struct frame frame;

	frame_push(&frame, pool, (int)self->index);
	frame.depth = 0;
	start(self);
	do
		run_all(self);
	while (search(self) || park(self));
	if (pool->on_stop && self->has_started)
		pool->on_stop(pool->hook_arg, self->index);
	frame_pop(&frame);
	return NULL;
}
