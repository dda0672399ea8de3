/* SPDX-License-Identifier: MIT */
/* rota_pool_drain(): any number of waiters, none too early, none left. */
#include <errno.h>
#include <unistd.h>

#include "../support.h"

enum { NR_DRAINERS = 6 };

struct drainer {
	struct rota_pool *pool;
	uint64_t deadline_ns;
	const atomic_bool *is_done; /* must be true when drain returns 0 */
	atomic_bool has_returned;
	int error;
	pthread_t thread;
};

static atomic_uint nr_entered;

static void *drainer_run(void *arg)
{
	struct drainer *drainer = arg;

	atomic_fetch_add(&nr_entered, 1);
	drainer->error = rota_pool_drain(drainer->pool, drainer->deadline_ns);
	if (drainer->error == 0)
		CHECK(atomic_load(drainer->is_done));
	else
		CHECK(now_ns() >= drainer->deadline_ns);
	atomic_store(&drainer->has_returned, true);
	return NULL;
}

static void start_drainers(struct drainer *drainers, struct rota_pool *pool,
		const struct blocker *blocker, uint64_t deadline_ns)
{
	int i;

	atomic_store(&nr_entered, 0);
	for (i = 0; i < NR_DRAINERS; i++) {
		drainers[i] = (struct drainer){
				.pool = pool,
				.deadline_ns = deadline_ns,
				.is_done = &blocker->is_done,
		};
		drainers[i].thread = thread_start(drainer_run, &drainers[i]);
	}
	CHECK(wait_until(
			atomic_load(&nr_entered) == NR_DRAINERS, TEST_WAIT_MS));
}

static void join_drainers(struct drainer *drainers, int expected)
{
	int i;

	for (i = 0; i < NR_DRAINERS; i++) {
		thread_join(drainers[i].thread);
		CHECK_EQ(drainers[i].error, expected);
	}
}

TEST(drain_of_an_idle_pool_returns_at_once)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);

	CHECK_EQ(rota_pool_drain(pool, 0), 0);
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
	CHECK_EQ(rota_pool_drain(pool, 0), 0);
	end_pool(pool);
	CHECK_EQ(rota_pool_drain(NULL, 0), -EINVAL);
}

TEST(several_drains_all_wait_for_the_work_and_all_return)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	int round;

	for (round = 0; round < 20; round++) {
		struct drainer drainers[NR_DRAINERS];
		struct blocker blocker;

		blocker_hold(&blocker, pool);
		start_drainers(drainers, pool, &blocker, ROTA_NO_DEADLINE);
		CHECK_EQ(rota_pool_drain(pool, 0), -ETIMEDOUT);
		blocker_release(&blocker);
		join_drainers(drainers, 0);
	}
	end_pool(pool);
}

struct inline_job {
	struct rota_pool *pool;
	struct blocker blocker;
};

static void *submit_inline(void *arg)
{
	struct inline_job *job = arg;

	CHECK_EQ(rota_submit(job->pool, blocker_run, &job->blocker), 0);
	return NULL;
}

static atomic_int drainer_tid;

static void *drain_and_say_who(void *pool)
{
	atomic_store(&drainer_tid, gettid());
	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	return NULL;
}

TEST(a_drain_is_told_when_the_last_job_runs_on_its_submitter)
{
	struct rota_pool *pool = make_pool(1, 1, ROTA_FULL_CALLER_RUNS);
	struct inline_job last = {.pool = pool};
	struct blocker blocker;
	pthread_t submitter, drainer;

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	blocker_init(&last.blocker);
	submitter = thread_start(submit_inline, &last);
	latch_wait(&last.blocker.entered);
	blocker_release(&blocker);
	wait_all_parked(pool);
	drainer = thread_start(drain_and_say_who, pool);
	CHECK(wait_until(atomic_load(&drainer_tid) &&
					 is_asleep(atomic_load(&drainer_tid)),
			TEST_WAIT_MS));
	blocker_release(&last.blocker);
	thread_join(drainer);
	thread_join(submitter);
	end_pool(pool);
}

TEST(a_drain_that_times_out_leaves_the_others_waiting)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct drainer patient[NR_DRAINERS], hasty[NR_DRAINERS];
	struct blocker blocker;
	int i;

	blocker_hold(&blocker, pool);
	start_drainers(patient, pool, &blocker, ROTA_NO_DEADLINE);
	start_drainers(hasty, pool, &blocker, in_ms(30));
	join_drainers(hasty, -ETIMEDOUT);
	start_drainers(hasty, pool, &blocker, 0);
	join_drainers(hasty, -ETIMEDOUT);
	for (i = 0; i < NR_DRAINERS; i++)
		CHECK(!atomic_load(&patient[i].has_returned));
	blocker_release(&blocker);
	join_drainers(patient, 0);
	end_pool(pool);
}

TEST(drain_waits_for_what_is_queued_and_not_only_for_what_runs)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	atomic_uint ran = 0;
	int round, i;

	for (round = 1; round <= 200; round++) {
		for (i = 0; i < 50; i++)
			CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
		CHECK_EQ(atomic_load(&ran), 50 * round);
	}
	end_pool(pool);
}

struct inside {
	struct rota_pool *pool;
	int error;
};

static void drain_run(void *arg)
{
	struct inside *inside = arg;

	inside->error = rota_pool_drain(inside->pool, ROTA_NO_DEADLINE);
}

TEST(drain_from_a_job_of_the_pool_is_refused_instead_of_waiting_for_itself)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct inside inside = {pool, 1};

	CHECK_EQ(rota_submit(pool, drain_run, &inside), 0);
	check_rest(pool);
	CHECK_EQ(inside.error, -EDEADLK);
	end_pool(pool);
}

TEST(drain_from_a_job_of_another_pool_waits)
{
	struct rota_pool *a = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_pool *b = make_pool(1, 0, ROTA_FULL_FAIL);
	struct inside inside = {a, 1};
	struct blocker blocker;

	blocker_hold(&blocker, a);
	CHECK_EQ(rota_submit(b, drain_run, &inside), 0);
	CHECK(wait_until(stats_of(b).running == 1, TEST_WAIT_MS));
	CHECK_EQ(rota_pool_drain(b, in_ms(20)), -ETIMEDOUT);
	blocker_release(&blocker);
	check_rest(b);
	CHECK_EQ(inside.error, 0);
	end_pool(a);
	end_pool(b);
}

TEST(a_drained_pool_stays_open_and_a_closed_pool_can_be_drained)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	atomic_uint ran = 0;
	struct blocker blocker;

	CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	CHECK_EQ(rota_pool_close(pool), 0);
	CHECK_EQ(rota_pool_drain(pool, in_ms(10)), -ETIMEDOUT);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), 1);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE, NULL),
			0);
	CHECK_EQ(rota_pool_drain(pool, 0), 0);
	end_pool(pool);
}

/* Bursts of jobs of some nanoseconds, so that they wander about while the
 * drain adds up what was accepted and what has run. */
static void count_relaxed_run(void *arg)
{
	atomic_fetch_add_explicit((atomic_uint *)arg, 1, memory_order_relaxed);
}

TEST(a_drain_that_looks_again_and_again_sees_rest_only_when_all_has_run)
{
	uint64_t end = in_ms(1000);
	unsigned workers = 1, nr = 0;

	do {
		struct rota_pool *pool = make_pool(workers, 0, ROTA_FULL_FAIL);
		atomic_uint ran = 0;

		nr = 0;
		for (unsigned round = 0; round < 2000; round++) {
			unsigned burst = 1 + round % 70;

			for (unsigned i = 0; i < burst; i++)
				CHECK_EQ(rota_submit(pool, count_relaxed_run,
							 &ran),
						0);
			nr += burst;
			while (rota_pool_drain(pool, 0))
				;
			CHECK_EQ(atomic_load(&ran), nr);
		}
		end_pool(pool);
		workers = workers % 4 + 1;
	} while (now_ns() < end);
}
