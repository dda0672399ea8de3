/* SPDX-License-Identifier: MIT */
/* Threads that end after their pool, in a forked child, or while they submit;
 * and threads that use several pools. */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../runtime/pool.h"
#include "../support.h"

static struct rota_pool *lanes_pool(unsigned workers)
{
	struct rota_options o = {
			.workers = workers,
			.channel = ROTA_CHANNEL_LANES,
	};

	return make_pool_with(&o);
}

/* A thread that submits one job, then ends when it is told to. */
struct late {
	struct rota_pool *pool;
	struct latch has_submitted, ends;
	pthread_t thread;
};

static void *late_run(void *arg)
{
	struct late *late = arg;

	CHECK_EQ(rota_submit(late->pool, nothing_run, NULL), 0);
	latch_down(&late->has_submitted);
	latch_wait(&late->ends);
	return NULL;
}

static void late_start(struct late *late, struct rota_pool *pool)
{
	late->pool = pool;
	latch_init(&late->has_submitted, 1);
	latch_init(&late->ends, 1);
	late->thread = thread_start(late_run, late);
	latch_wait(&late->has_submitted);
}

static void late_end(struct late *late)
{
	latch_down(&late->ends);
	thread_join(late->thread);
}

TEST(a_thread_may_end_after_its_pool)
{
	for (unsigned i = 0; i < 50; i++) {
		struct rota_pool *pool = lanes_pool(1);
		struct late late;

		late_start(&late, pool);
		end_pool(pool);
		late_end(&late);
	}
}

TEST(a_thread_that_ends_takes_no_lane_from_a_pool_at_the_same_address)
{
	unsigned nr_same = 0;

	for (unsigned i = 0; i < 200; i++) {
		struct rota_pool *old = lanes_pool(1), *pool;
		struct late late, later;

		late_start(&late, old);
		end_pool(old);
		pool = lanes_pool(1);
		nr_same += pool == old;
		late_start(&later, pool);
		CHECK_EQ(lanes_nr(&pool->channel.lanes), 1);
		late_end(&late);
		/* the lane of `later` is not free */
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
		CHECK_EQ(lanes_nr(&pool->channel.lanes), 2);
		late_end(&later);
		check_rest(pool);
		CHECK_EQ(stats_of(pool).ran, 2);
		end_pool(pool);
	}
	test_note("%u of 200 at the same address", nr_same);
}

static void *fork_and_end_run(void *arg)
{
	struct rota_pool *pool = arg;
	int status;
	pid_t pid;

	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	pid = fork();
	if (pid == 0) {
		alarm(10 * TEST_SLOW);
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), -EOWNERDEAD);
		pthread_exit(NULL); /* the last one: it ends the process */
	}
	CHECK(pid > 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	return NULL;
}

TEST(a_thread_that_ends_in_a_forked_child_harms_nobody)
{
	struct rota_pool *pool = lanes_pool(2);

	if (TEST_ASAN || TEST_TSAN)
		test_skip("threads end differently in a child of theirs");
	for (unsigned i = 0; i < 20; i++)
		thread_join(thread_start(fork_and_end_run, pool));
	check_rest(pool);
	CHECK_EQ(stats_of(pool).ran, 40);
	CHECK_EQ(lanes_nr(&pool->channel.lanes), 1);
	end_pool(pool);
}

/* Threads that submit once more from a destructor of thread-specific data,
 * before or after the library's own has given their lane back. */
enum { NR_LAST = 20000 };

static struct {
	struct rota_pool *pool;
	pthread_key_t key;
	atomic_uint ran;
	struct latch gives_back; /* a destructor runs */
	struct latch has_lane;	 /* another thread has a lane now */
} last;

static void submit_last(void *unused)
{
	(void)unused;
	latch_down(&last.gives_back);
	latch_wait(&last.has_lane);
	for (unsigned i = 0; i < NR_LAST; i++)
		CHECK_EQ(rota_submit(last.pool, count_run, &last.ran), 0);
}

static void *ender_run(void *unused)
{
	CHECK_EQ(rota_submit(last.pool, count_run, &last.ran), 0);
	CHECK_EQ(pthread_setspecific(last.key, &last), 0);
	return unused;
}

static void *next_run(void *unused)
{
	latch_wait(&last.gives_back);
	CHECK_EQ(rota_submit(last.pool, count_run, &last.ran), 0);
	latch_down(&last.has_lane);
	for (unsigned i = 0; i < NR_LAST; i++)
		CHECK_EQ(rota_submit(last.pool, count_run, &last.ran), 0);
	return unused;
}

static void submit_from_destructors(bool is_key_first)
{
	pthread_t ender, next;

	if (is_key_first)
		CHECK_EQ(pthread_key_create(&last.key, submit_last), 0);
	last.pool = lanes_pool(2);
	CHECK_EQ(rota_submit(last.pool, nothing_run, NULL), 0);
	if (!is_key_first)
		CHECK_EQ(pthread_key_create(&last.key, submit_last), 0);
	for (unsigned i = 0; i < 20; i++) {
		atomic_store(&last.ran, 0);
		latch_init(&last.gives_back, 1);
		latch_init(&last.has_lane, 1);
		ender = thread_start(ender_run, NULL);
		next = thread_start(next_run, NULL);
		thread_join(ender);
		thread_join(next);
		check_rest(last.pool);
		CHECK_EQ(atomic_load(&last.ran), 2 * (NR_LAST + 1));
		CHECK(lanes_nr(&last.pool->channel.lanes) <= 3);
	}
	end_pool(last.pool);
}

TEST(a_destructor_that_runs_before_that_of_the_library_may_submit)
{
	submit_from_destructors(true);
}

TEST(a_destructor_that_runs_after_that_of_the_library_may_submit)
{
	submit_from_destructors(false);
}

TEST(one_thread_uses_many_pools_in_turn_and_each_keeps_its_order)
{
	enum { NR_POOLS = 100, NR_TURNS = 400 };
	struct rota_pool *pools[NR_POOLS];
	struct rota_job jobs[3];
	size_t accepted;

	for (unsigned p = 0; p < NR_POOLS; p++)
		pools[p] = lanes_pool(1);
	for (unsigned turn = 0; turn < NR_TURNS; turn++)
		for (unsigned p = 0; p < NR_POOLS; p++) {
			unsigned step = 4 * turn;

			CHECK_EQ(rota_submit(pools[p], step_run,
						 step_of(p, step + 1)),
					0);
			for (unsigned i = 0; i < 3; i++)
				jobs[i] = (struct rota_job){step_run,
						step_of(p, step + 2 + i)};
			CHECK_EQ(rota_submit_many(pools[p], jobs, 3, &accepted),
					0);
			CHECK_EQ(accepted, 3);
		}
	for (unsigned p = 0; p < NR_POOLS; p++) {
		check_rest(pools[p]);
		CHECK_EQ(steps_done(p), 4 * NR_TURNS);
		CHECK_EQ(lanes_nr(&pools[p]->channel.lanes), 1);
		end_pool(pools[p]);
	}
}

/* Jobs that submit to another pool and to their own again. */
struct tour {
	struct rota_pool *pools[2];
	atomic_uint nr_visits[2];
};

static void visit_run(void *arg)
{
	struct tour *tour = arg;
	unsigned here = rota_self() == tour->pools[1], i;
	unsigned visit = atomic_fetch_add(&tour->nr_visits[here], 1);

	if (here || visit >= 20000)
		return;
	for (i = 0; i < 3; i++) {
		CHECK_EQ(rota_submit(tour->pools[1], visit_run, tour), 0);
		CHECK(os_local.pool_id == pool_id(tour->pools[1]));
		CHECK(os_local.lane->worker == NULL);
		if (i == 0 || visit < 100)
			CHECK_EQ(rota_submit(tour->pools[0], visit_run, tour),
					0);
		if (i == 0)
			CHECK(os_local.lane->worker != NULL);
	}
}

TEST(a_job_submits_to_another_pool_and_to_its_own_in_turn)
{
	struct tour tour = {.pools = {lanes_pool(2), lanes_pool(2)}};
	struct rota_stats there;

	CHECK_EQ(rota_submit(tour.pools[0], visit_run, &tour), 0);
	check_rest(tour.pools[0]);
	check_rest(tour.pools[1]);
	CHECK_EQ(atomic_load(&tour.nr_visits[0]), stats_of(tour.pools[0]).ran);
	CHECK_EQ(atomic_load(&tour.nr_visits[1]), 3 * 20000);
	there = stats_of(tour.pools[1]);
	CHECK_EQ(there.ran, 3 * 20000);
	CHECK_EQ(there.ran_inline, 0);
	CHECK(lanes_nr(&tour.pools[1]->channel.lanes) <= 2);
	end_pool(tour.pools[0]);
	CHECK_EQ(rota_submit(tour.pools[1], nothing_run, NULL), 0);
	end_pool(tour.pools[1]);
}
