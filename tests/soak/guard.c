/* SPDX-License-Identifier: MIT */
#include "guard.h"

enum { LOOK_MS = 50, CONFIRM_MS = 3000 * TEST_SLOW };

static bool is_stuck(
		const struct rota_stats *before, const struct rota_stats *now)
{
	return before->ran == now->ran && before->dropped == now->dropped &&
	       before->queued && now->queued && before->workers_parked &&
	       now->workers_parked;
}

/* Two looks were alike: do the jobs move on, if nobody submits? */
static void confirm(struct guard *guard, const struct rota_stats *before)
{
	struct rota_stats now;
	uint64_t end = in_ms(CONFIRM_MS);

	guard->nr_suspicions++;
	atomic_store(&guard->holds, true);
	do {
		sleep_ns(10 * NS_PER_MS);
		now = stats_of(guard->pool);
	} while (is_stuck(before, &now) && now_ns() < end);
	if (is_stuck(before, &now)) {
		note_stats(guard->pool);
		test_fail(__FILE__, __LINE__,
				"jobs are queued and workers stay parked");
	}
	atomic_store(&guard->holds, false);
}

static void *guard_run(void *arg)
{
	struct guard *guard = arg;
	struct rota_stats before = {0}, now;
	unsigned generation = 0;

	while (!atomic_load(&guard->is_over)) {
		sleep_ns(LOOK_MS * NS_PER_MS);
		pthread_mutex_lock(&guard->lock);
		if (guard->pool) {
			now = stats_of(guard->pool);
			guard->nr_looks++;
			if (generation == guard->generation &&
					is_stuck(&before, &now))
				confirm(guard, &now);
			before = now;
			generation = guard->generation;
		}
		pthread_mutex_unlock(&guard->lock);
	}
	return NULL;
}

void guard_start(struct guard *guard)
{
	pthread_mutex_init(&guard->lock, NULL);
	guard->thread = thread_start(guard_run, guard);
}

void guard_watch(struct guard *guard, struct rota_pool *pool)
{
	pthread_mutex_lock(&guard->lock);
	guard->pool = pool;
	guard->generation++;
	pthread_mutex_unlock(&guard->lock);
}

void guard_pass(struct guard *guard)
{
	while (atomic_load_explicit(&guard->holds, memory_order_relaxed))
		sleep_ns(NS_PER_MS);
}

void guard_stop(struct guard *guard)
{
	atomic_store(&guard->is_over, true);
	thread_join(guard->thread);
}
