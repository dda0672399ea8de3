/* SPDX-License-Identifier: MIT */
/* The option watchdog_ns: stuck jobs, stalls, and the rescue of what must not
 * happen. */
#include <errno.h>
#include <string.h>

#include "../../runtime/pool.h"
#include "../../runtime/watch.h"
#include "../support.h"
#include "counting.h"

/* Much longer than a thread may have to wait for a CPU here. */
#define LIMIT_NS (200 * NS_PER_MS)

struct stuck {
	atomic_uint nr;
	atomic_uint worker;
	atomic_ullong running_ns;
};

static void on_stuck(void *hook_arg, unsigned worker, uint64_t running_ns)
{
	struct stuck *stuck = hook_arg;

	atomic_store(&stuck->worker, worker);
	atomic_store(&stuck->running_ns, running_ns);
	atomic_fetch_add(&stuck->nr, 1);
}

static struct rota_pool *watched_pool(
		unsigned workers, uint64_t limit_ns, struct stuck *stuck)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = workers,
			.watchdog_ns = limit_ns,
			.on_stuck = stuck ? on_stuck : NULL,
			.hook_arg = stuck,
	};

	return make_pool_with(&options);
}

static void check_stuck(bool measures)
{
	struct stuck stuck = {0};
	struct rota_options options = {
			.size = sizeof(options),
			.workers = 2,
			.watchdog_ns = LIMIT_NS,
			.on_stuck = on_stuck,
			.hook_arg = &stuck,
			.measure = measures,
	};
	uint64_t create_ns = now_ns(), begin_ns, waited_ns;
	struct rota_pool *pool = make_pool_with(&options);
	struct blocker a, b;

	/* what a worker does between its start and its first job is not told from
	 * that job */
	wait_all_parked(pool);
	sleep_ns(LIMIT_NS / 3); /* nor the time since a look before it */
	begin_ns = now_ns();
	blocker_hold(&a, pool);
	CHECK(wait_until(atomic_load(&stuck.nr) > 0, TEST_WAIT_MS));
	waited_ns = now_ns() - begin_ns;
	CHECK(waited_ns >= LIMIT_NS);
	CHECK(atomic_load(&stuck.running_ns) >= LIMIT_NS);
	CHECK(atomic_load(&stuck.running_ns) <= now_ns() - create_ns);
	CHECK(atomic_load(&stuck.worker) < 2);
	sleep_ns(3 * LIMIT_NS); /* it is told once */
	CHECK_EQ(atomic_load(&stuck.nr), 1);
	blocker_hold(&b, pool); /* by the other one */
	blocker_release(&a);
	CHECK(wait_until(atomic_load(&stuck.nr) == 2, TEST_WAIT_MS));
	blocker_release(&b);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).stuck_jobs, 2);
	CHECK_EQ(stats_of(pool).stalls, 0);
	end_pool(pool);
}

TEST(each_stuck_job_is_told_once_with_its_worker_and_time)
{
	check_stuck(false);
}

TEST(each_stuck_job_is_told_in_a_pool_that_measures)
{
	check_stuck(true);
}

static void short_run(void *arg)
{
	(void)arg;
	sleep_ns(5 * NS_PER_MS);
}

TEST(short_jobs_in_a_long_row_are_neither_stuck_nor_a_stall)
{
	struct stuck stuck = {0};
	struct rota_pool *pool = watched_pool(2, 5 * LIMIT_NS, &stuck);

	for (unsigned i = 0; i < 600; i++)
		CHECK_EQ(rota_submit(pool, short_run, NULL), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&stuck.nr), 0);
	CHECK_EQ(stats_of(pool).stuck_jobs, 0);
	CHECK_EQ(stats_of(pool).stalls, 0);
	end_pool(pool);
}

TEST(a_queue_that_stands_still_is_a_stall_each_time)
{
	struct rota_pool *pool = watched_pool(1, LIMIT_NS, NULL);

	for (unsigned i = 1; i <= 2; i++) {
		struct blocker blocker;

		blocker_hold(&blocker, pool);
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
		CHECK(wait_until(stats_of(pool).stalls == i, TEST_WAIT_MS));
		sleep_ns(2 * LIMIT_NS);
		CHECK_EQ(stats_of(pool).stalls, i);
		blocker_release(&blocker);
		check_rest(pool);
		sleep_ns(LIMIT_NS); /* it sees that nothing waits */
	}
	CHECK_EQ(stats_of(pool).stuck_jobs, 2);
	end_pool(pool);
}

TEST(a_job_that_nobody_was_told_of_is_rescued_and_counted)
{
	struct rota_pool *pool = watched_pool(2, LIMIT_NS, NULL);
	atomic_uint ran = 0;
	struct rota_job job = {count_run, &ran};

	wait_all_parked(pool);
	CHECK(chain_push_one(&pool->channel.chain, job)); /* and no notify */
	CHECK(wait_until(atomic_load(&ran) == 1, TEST_WAIT_MS));
	check_rest(pool);
	CHECK_EQ(stats_of(pool).rescues, 1);
	CHECK_EQ(rota_pool_destroy(pool), 0);
}

/* As the one that follows a fork. */
static void make_it_look(struct rota_pool *pool)
{
	atomic_fetch_add(&pool->watch->calls, WATCH_CALL);
	os_futex_wake(&pool->watch->calls, 1);
	sleep_ns(NS_PER_MS);
}

TEST(looks_that_follow_one_another_at_once_rescue_nothing)
{
	struct rota_pool *pool = watched_pool(2, 5 * LIMIT_NS, NULL);
	atomic_uint ran = 0;
	struct rota_job job = {count_run, &ran};
	uint64_t push_ns;

	wait_all_parked(pool);
	push_ns = now_ns();
	CHECK(chain_push_one(&pool->channel.chain, job)); /* and no notify */
	for (unsigned i = 0; i < 20; i++)
		make_it_look(pool);
	if (now_ns() - push_ns < 2 * LIMIT_NS)
		CHECK_EQ(stats_of(pool).rescues, 0);
	CHECK(wait_until(atomic_load(&ran) == 1, TEST_WAIT_MS));
	check_rest(pool);
	CHECK_EQ(stats_of(pool).rescues, 1);
	CHECK_EQ(rota_pool_destroy(pool), 0);
}

static void region_run(void *blocker)
{
	CHECK_EQ(rota_blocking_begin(), 0);
	blocker_run(blocker);
}

TEST(a_job_that_blocks_for_long_is_stuck_too)
{
	struct rota_pool *pool = watched_pool(1, LIMIT_NS, NULL);
	struct blocker blocker;

	blocker_init(&blocker);
	CHECK_EQ(rota_submit(pool, region_run, &blocker), 0);
	CHECK(wait_until(stats_of(pool).stuck_jobs == 1, TEST_WAIT_MS));
	blocker_release(&blocker);
	check_rest(pool);
	end_pool(pool);
}

/* It was paused for longer than the limit: that time does not count. */
TEST(after_a_pause_the_watchdog_begins_anew)
{
	struct rota_pool *pool = watched_pool(1, 4 * LIMIT_NS, NULL);
	struct blocker blocker;
	atomic_uint ran = 0;

	sleep_ns(3 * LIMIT_NS); /* it has looked */
	CHECK_EQ(rota_pool_pause(pool, in_ms(TEST_WAIT_MS)), 0);
	blocker_init(&blocker);
	CHECK_EQ(rota_submit(pool, blocker_run, &blocker), 0);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	sleep_ns(8 * LIMIT_NS);
	CHECK_EQ(atomic_load(&ran), 0);
	CHECK_EQ(rota_pool_resume(pool), 0);
	latch_wait(&blocker.entered);
	sleep_ns(5 * LIMIT_NS / 2); /* it looks */
	CHECK_EQ(stats_of(pool).stuck_jobs, 0);
	CHECK_EQ(stats_of(pool).stalls, 0);
	blocker_release(&blocker);
	check_rest(pool);
	end_pool(pool);
}

TEST(an_idle_watched_pool_sees_nothing)
{
	struct rota_pool *pool = watched_pool(2, ROTA_WATCHDOG_MIN_NS, NULL);

	wait_all_parked(pool);
	sleep_ns(LIMIT_NS);
	CHECK_EQ(stats_of(pool).stuck_jobs, 0);
	CHECK_EQ(stats_of(pool).stalls, 0);
	end_pool(pool);
}

static struct rota_pool *its_pool;
static atomic_uint nr_told, nr_ran;

static void try_all(void *hook_arg, unsigned worker, uint64_t running_ns)
{
	(void)hook_arg;
	(void)worker;
	(void)running_ns;
	CHECK_EQ(rota_pool_drain(its_pool, ROTA_NO_DEADLINE), -EDEADLK);
	CHECK_EQ(rota_pool_shutdown(
				 its_pool, ROTA_DRAIN, ROTA_NO_DEADLINE, NULL),
			-EDEADLK);
	CHECK_EQ(rota_pool_destroy(its_pool), -EDEADLK);
	CHECK(rota_self() == its_pool);
	CHECK_EQ(rota_worker_index(), -1);
	CHECK_EQ(rota_submit(its_pool, count_run, &nr_ran), 0);
	atomic_fetch_add(&nr_told, 1);
}

TEST(who_is_told_may_submit_and_cannot_end_the_pool)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = 2,
			.watchdog_ns = LIMIT_NS,
			.on_stuck = try_all,
	};
	struct blocker blocker;

	its_pool = make_pool_with(&options);
	blocker_hold(&blocker, its_pool);
	CHECK(wait_until(atomic_load(&nr_told) == 1, TEST_WAIT_MS));
	CHECK(wait_until(atomic_load(&nr_ran) == 1, TEST_WAIT_MS));
	blocker_release(&blocker);
	end_pool(its_pool);
}

static struct blocker told;

static void block(void *hook_arg, unsigned worker, uint64_t running_ns)
{
	(void)hook_arg;
	(void)worker;
	(void)running_ns;
	blocker_run(&told);
}

TEST(a_shutdown_whose_deadline_finds_the_watchdog_busy_may_be_called_again)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = 1,
			.watchdog_ns = LIMIT_NS,
			.on_stuck = block,
	};
	struct rota_pool *pool = make_pool_with(&options);
	struct blocker blocker;

	blocker_init(&told);
	blocker_hold(&blocker, pool);
	latch_wait(&told.entered);
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, in_ms(100), NULL),
			-ETIMEDOUT);
	blocker_release(&told);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE, NULL),
			0);
	end_pool(pool);
}

TEST(the_watchdog_is_one_thread_that_ends_with_the_pool_at_once)
{
	unsigned before = nr_threads();
	struct rota_pool *pool = watched_pool(3, 3600 * 1000 * NS_PER_MS, NULL);

	CHECK_EQ(nr_threads(), before + 4);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DRAIN, in_ms(TEST_WAIT_MS), NULL),
			0);
	CHECK(wait_until(nr_threads() == before, 2000));
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}
