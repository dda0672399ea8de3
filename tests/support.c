/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

struct rota_pool *make_pool_with(const struct rota_options *options)
{
	struct rota_pool *pool = NULL;

	CHECK_EQ(rota_pool_create(options, &pool), 0);
	CHECK(pool != NULL);
	return pool;
}

struct rota_pool *make_pool(unsigned workers, unsigned capacity,
		enum rota_full_policy policy)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = workers,
			.capacity = capacity,
			.full_policy = policy,
	};

	return make_pool_with(&options);
}

void end_pool(struct rota_pool *pool)
{
	CHECK_EQ(stats_of(pool).rescues, 0); /* if there was a watchdog */
	CHECK_EQ(rota_pool_destroy(pool), 0);
}

struct rota_stats stats_of(struct rota_pool *pool)
{
	struct rota_stats stats = {.size = sizeof(stats)};

	CHECK_EQ(rota_pool_stats(pool, &stats), 0);
	return stats;
}

void check_rest(struct rota_pool *pool)
{
	struct rota_stats stats;

	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	stats = stats_of(pool);
	CHECK_EQ(stats.submitted, stats.ran + stats.dropped);
	CHECK_EQ(stats.queued, 0);
	CHECK_EQ(stats.running, 0);
}

void wait_all_parked(struct rota_pool *pool)
{
	CHECK(wait_until(
			stats_of(pool).workers_parked == stats_of(pool).workers,
			TEST_WAIT_MS));
}

void blocker_run(void *arg)
{
	struct blocker *blocker = arg;

	latch_down(&blocker->entered);
	latch_wait(&blocker->released);
	atomic_store(&blocker->is_done, true);
}

void blocker_init(struct blocker *blocker)
{
	latch_init(&blocker->entered, 1);
	latch_init(&blocker->released, 1);
	atomic_init(&blocker->is_done, false);
}

void blocker_hold(struct blocker *blocker, struct rota_pool *pool)
{
	blocker_init(blocker);
	CHECK_EQ(rota_submit(pool, blocker_run, blocker), 0);
	latch_wait(&blocker->entered);
}

void blocker_release(struct blocker *blocker)
{
	latch_down(&blocker->released);
}

static unsigned steps[NR_STEP_LINES]; /* plain: one worker writes */

void step_run(void *arg)
{
	uintptr_t step = (uintptr_t)arg;

	CHECK_EQ(step & UINT32_MAX, ++steps[step >> 32]);
}

void *step_of(unsigned line, unsigned step)
{
	return (void *)((uintptr_t)line << 32 | step);
}

unsigned steps_done(unsigned line)
{
	return steps[line];
}

void count_run(void *arg)
{
	atomic_uint *counter = arg;

	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void nothing_run(void *arg)
{
	(void)arg;
}

void note_stats(struct rota_pool *pool)
{
	struct rota_stats s = stats_of(pool);

	test_note("submitted %llu ran %llu dropped %llu queued %llu "
		  "running %llu parked %u of %u wakes %llu parks %llu",
			(unsigned long long)s.submitted,
			(unsigned long long)s.ran,
			(unsigned long long)s.dropped,
			(unsigned long long)s.queued,
			(unsigned long long)s.running, s.workers_parked,
			s.workers, (unsigned long long)s.wakes,
			(unsigned long long)s.parks);
}

static void *watchdog_run(void *arg)
{
	struct watchdog *dog = arg;
	uint64_t end = in_ms(10000 * TEST_SLOW);
	unsigned long seen = 0, now;

	while (!atomic_load(&dog->is_over)) {
		now = atomic_load_explicit(
				&dog->progress, memory_order_relaxed);
		if (now != seen) {
			seen = now;
			end = in_ms(10000 * TEST_SLOW);
		} else if (now_ns() > end) {
			if (dog->pool)
				note_stats(dog->pool);
			test_fail(__FILE__, __LINE__, "no progress, at %lu",
					now);
		}
		sleep_ns(5 * NS_PER_MS);
	}
	return NULL;
}

void watchdog_start(struct watchdog *dog, struct rota_pool *pool)
{
	dog->pool = pool;
	atomic_init(&dog->progress, 0);
	atomic_init(&dog->is_over, false);
	dog->thread = thread_start(watchdog_run, dog);
}

void watchdog_feed(struct watchdog *dog)
{
	atomic_fetch_add_explicit(&dog->progress, 1, memory_order_relaxed);
}

void watchdog_stop(struct watchdog *dog)
{
	atomic_store(&dog->is_over, true);
	thread_join(dog->thread);
}

uint64_t stress_end_ns(void)
{
	const char *text = getenv("ROTA_STRESS_MS");
	uint64_t ms = text ? strtoull(text, NULL, 10) : 1500;

	return in_ms(ms);
}
