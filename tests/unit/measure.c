/* SPDX-License-Identifier: MIT */
/* The option measure: histograms of both times, the age of the oldest job. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"
#include "counting.h"

#define WAIT	ROTA_HISTOGRAM_WAIT
#define RUN	ROTA_HISTOGRAM_RUN
#define LONG_NS (20 * NS_PER_MS)

static struct rota_pool *measured_pool(
		unsigned workers, unsigned capacity, enum rota_full_policy full)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = workers,
			.capacity = capacity,
			.full_policy = full,
			.measure = 1,
	};

	return make_pool_with(&options);
}

/* Whose numbers fit each other. */
static struct rota_histogram times_of(
		struct rota_pool *pool, enum rota_histogram_kind which)
{
	struct rota_histogram times = {.size = sizeof(times)};
	uint64_t count = 0, least = 0, most = 0;
	unsigned last = 0;

	CHECK_EQ(rota_pool_histogram(pool, which, &times), 0);
	CHECK_EQ(times.size, sizeof(times));
	for (unsigned i = 0; i < ROTA_HISTOGRAM_BUCKETS; i++) {
		count += times.buckets[i];
		least += times.buckets[i] << i;
		most += (times.buckets[i] << i << 1) - times.buckets[i];
		if (times.buckets[i])
			last = i;
	}
	CHECK_EQ(count, times.count);
	if (!count)
		return times;
	CHECK(least - times.buckets[0] <= times.sum_ns);
	CHECK(times.sum_ns <= most);
	CHECK_EQ(times.max_ns >> last, times.max_ns ? 1 : 0);
	return times;
}

static void check_counts(struct rota_pool *pool, uint64_t nr)
{
	check_rest(pool);
	CHECK_EQ(times_of(pool, WAIT).count, nr);
	CHECK_EQ(times_of(pool, RUN).count, nr);
	CHECK_EQ(stats_of(pool).oldest_wait_ns, 0);
}

TEST(each_job_is_in_both_histograms_once_whatever_the_call)
{
	struct rota_pool *pool = measured_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_job jobs[100];
	atomic_uint ran = 0;
	atomic_uint *ran_at = &ran;
	size_t accepted;

	check_counts(pool, 0);
	for (unsigned i = 0; i < 100; i++)
		jobs[i] = (struct rota_job){count_run, &ran};
	for (unsigned i = 0; i < 1000; i++)
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	check_counts(pool, 1000);
	CHECK_EQ(rota_submit_many(pool, jobs, 100, &accepted), 0);
	CHECK_EQ(accepted, 100);
	CHECK_EQ(rota_try_submit(pool, count_run, &ran), 0);
	CHECK_EQ(rota_submit_until(pool, count_run, &ran, 0), 0);
	CHECK_EQ(rota_submit_copy(pool, nothing_run, NULL, &ran_at,
				 sizeof(ran_at)),
			0);
	check_counts(pool, 1103);
	CHECK_EQ(atomic_load(&ran), 1102);
	end_pool(pool);
}

static void sleep_run(void *arg)
{
	(void)arg;
	sleep_ns(LONG_NS);
}

TEST(a_long_job_and_the_one_that_waits_for_it_are_seen_as_such)
{
	struct rota_pool *pool = measured_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_histogram wait, run;

	CHECK_EQ(rota_submit(pool, sleep_run, NULL), 0);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	check_rest(pool);
	wait = times_of(pool, WAIT);
	run = times_of(pool, RUN);
	CHECK(run.max_ns >= LONG_NS);
	CHECK(run.sum_ns >= run.max_ns);
	CHECK(wait.max_ns >= LONG_NS / 2);
	end_pool(pool);
}

TEST(one_worker_starts_measured_jobs_in_order)
{
	struct rota_pool *pool = measured_pool(1, 0, ROTA_FULL_FAIL);

	for (unsigned i = 1; i <= 5000; i++)
		CHECK_EQ(rota_submit(pool, step_run, step_of(0, i)), 0);
	check_counts(pool, 5000);
	CHECK_EQ(steps_done(0), 5000);
	end_pool(pool);
}

/* The age grows while a worker is held, and is gone when the job ran. */
static void check_age(struct rota_pool *pool, struct blocker *blocker)
{
	uint64_t first_ns = stats_of(pool).oldest_wait_ns, later_ns;

	sleep_ns(LONG_NS);
	later_ns = stats_of(pool).oldest_wait_ns;
	CHECK(later_ns >= first_ns + LONG_NS);
	CHECK(later_ns < 60ull * 1000 * NS_PER_MS);
	blocker_release(blocker);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).oldest_wait_ns, 0);
	end_pool(pool);
}

TEST(the_oldest_waiting_job_is_found_behind_others_in_a_grown_queue)
{
	struct rota_pool *pool = measured_pool(1, 0, ROTA_FULL_FAIL);
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	CHECK_EQ(stats_of(pool).oldest_wait_ns, 0);
	for (unsigned i = 0; i < 3000; i++)
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	check_age(pool, &blocker);
}

static struct rota_pool *nesting_pool;

static void nest_run(void *blocker)
{
	CHECK_EQ(rota_submit(nesting_pool, nothing_run, NULL), 0);
	blocker_run(blocker);
}

TEST(the_oldest_waiting_job_is_found_where_a_job_submitted_it)
{
	struct blocker blocker;

	nesting_pool = measured_pool(1, 0, ROTA_FULL_FAIL);
	blocker_init(&blocker);
	CHECK_EQ(rota_submit(nesting_pool, nest_run, &blocker), 0);
	latch_wait(&blocker.entered);
	CHECK(wait_until(stats_of(nesting_pool).oldest_wait_ns > 0, 2000));
	check_age(nesting_pool, &blocker);
}

TEST(jobs_of_each_priority_are_measured)
{
	static const enum rota_priority priorities[] = {
			ROTA_PRIORITY_LOW, ROTA_PRIORITY_HIGH};
	struct rota_options unbounded = {
			.size = sizeof(unbounded),
			.workers = 1,
			.measure = 1,
	};

	for (int i = 0; i < 2; i++) {
		struct rota_job_options options = {.priority = priorities[i]};
		struct rota_pool *pool = make_pool_with(&unbounded);
		struct blocker blocker;

		blocker_hold(&blocker, pool);
		CHECK_EQ(rota_submit_with(pool, nothing_run, NULL, &options,
					 NULL),
				0);
		sleep_ns(LONG_NS);
		CHECK(stats_of(pool).oldest_wait_ns >= LONG_NS);
		blocker_release(&blocker);
		check_counts(pool, 2);
		end_pool(pool);
	}
}

TEST(the_oldest_waiting_job_of_a_bounded_pool_is_found)
{
	struct rota_pool *pool = measured_pool(1, 4, ROTA_FULL_FAIL);
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	while (!rota_submit(pool, nothing_run, NULL))
		continue;
	CHECK_EQ(stats_of(pool).queued, 4);
	check_age(pool, &blocker);
}

TEST(a_measured_pool_allocates_nothing_once_it_is_warm)
{
	struct rota_pool *pool = measured_pool(1, 0, ROTA_FULL_FAIL);
	struct blocker blocker;
	unsigned long before = 0;

	for (unsigned round = 0; round < 3; round++) {
		if (round == 2)
			before = nr_allocations();
		blocker_hold(&blocker, pool);
		for (unsigned i = 0; i < 100; i++)
			CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
		blocker_release(&blocker);
		check_rest(pool);
	}
	CHECK_EQ(nr_allocations(), before);
	end_pool(pool);
}

static atomic_uint nr_dropped;

static void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	CHECK_EQ(reason, *(enum rota_drop_reason *)hook_arg);
	CHECK(job->run == nothing_run && job->arg == &nr_dropped);
	atomic_fetch_add(&nr_dropped, 1);
}

static void drop_some(enum rota_full_policy policy, unsigned capacity,
		enum rota_drop_reason reason)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = 1,
			.capacity = capacity,
			.full_policy = policy,
			.on_drop = on_drop,
			.hook_arg = &reason,
			.measure = 1,
	};
	struct rota_pool *pool = make_pool_with(&options);
	struct rota_report report;
	struct blocker blocker;

	atomic_store(&nr_dropped, 0);
	blocker_hold(&blocker, pool);
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(rota_submit(pool, nothing_run, &nr_dropped), 0);
	if (!capacity)
		CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, 0, &report),
				-ETIMEDOUT);
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DRAIN, ROTA_NO_DEADLINE, &report),
			0);
	CHECK_EQ(report.dropped, 10 - capacity);
	CHECK_EQ(atomic_load(&nr_dropped), 10 - capacity);
	CHECK_EQ(times_of(pool, WAIT).count, 1 + capacity);
	CHECK_EQ(times_of(pool, RUN).count, 1 + capacity);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

TEST(dropped_jobs_are_shown_as_they_were_and_not_measured)
{
	drop_some(ROTA_FULL_DROP_OLDEST, 3, ROTA_DROP_OVERLOAD);
	drop_some(ROTA_FULL_DROP_NEWEST, 3, ROTA_DROP_OVERLOAD);
	drop_some(ROTA_FULL_FAIL, 0, ROTA_DROP_SHUTDOWN);
}

TEST(jobs_that_run_on_their_submitter_run_once_and_are_not_measured)
{
	struct rota_pool *pool = measured_pool(1, 1, ROTA_FULL_CALLER_RUNS);
	struct blocker blocker;
	atomic_uint ran = 0;

	blocker_hold(&blocker, pool);
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	CHECK_EQ(atomic_load(&ran), 9);
	blocker_release(&blocker);
	check_counts(pool, 2);
	CHECK_EQ(atomic_load(&ran), 10);
	CHECK_EQ(stats_of(pool).ran_inline, 9);
	end_pool(pool);
}

TEST(refused_measured_jobs_leave_no_trace)
{
	struct rota_pool *pool = measured_pool(1, 1, ROTA_FULL_FAIL);
	struct rota_job jobs[5];
	struct blocker blocker;
	atomic_uint ran = 0;
	size_t accepted = 77;

	for (unsigned i = 0; i < 5; i++)
		jobs[i] = (struct rota_job){count_run, &ran};
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit_many(pool, jobs, 5, &accepted), 0);
	CHECK_EQ(accepted, 1);
	CHECK_EQ(rota_submit(pool, count_run, &ran), -EAGAIN);
	CHECK_EQ(rota_pool_close(pool), 0);
	CHECK_EQ(rota_submit(pool, count_run, &ran), -ESHUTDOWN);
	CHECK_EQ(rota_submit_many(pool, jobs, 5, &accepted), -ESHUTDOWN);
	CHECK_EQ(accepted, 1);
	blocker_release(&blocker);
	check_counts(pool, 2);
	CHECK_EQ(atomic_load(&ran), 1);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

TEST(a_pool_that_does_not_measure_says_so)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_histogram times;
	struct blocker blocker;

	memset(&times, 0x5a, sizeof(times));
	times.size = 0;
	CHECK_EQ(rota_pool_histogram(pool, WAIT, &times), -ENODATA);
	CHECK_EQ(times.count, 0x5a5a5a5a5a5a5a5a);
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	CHECK_EQ(stats_of(pool).oldest_wait_ns, 0);
	blocker_release(&blocker);
	end_pool(pool);
}

TEST(bad_arguments_for_a_histogram_are_refused)
{
	struct rota_pool *pool = measured_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_histogram times = {.size = 0};

	CHECK_EQ(rota_pool_histogram(NULL, WAIT, &times), -EINVAL);
	CHECK_EQ(rota_pool_histogram(pool, WAIT, NULL), -EINVAL);
	CHECK_EQ(rota_pool_histogram(pool, (enum rota_histogram_kind)2, &times),
			-EINVAL);
	times.size = sizeof(times) - 1;
	CHECK_EQ(rota_pool_histogram(pool, WAIT, &times), -EINVAL);
	times.size = 0;
	CHECK_EQ(rota_pool_histogram(pool, RUN, &times), 0);
	CHECK_EQ(times.size, sizeof(times));
	end_pool(pool);
}

TEST(a_forked_child_gets_no_histogram)
{
	struct rota_pool *pool = measured_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_histogram times = {.size = sizeof(times)};
	int status;
	pid_t pid = fork();

	if (!pid) {
		alarm(10 * TEST_SLOW);
		CHECK_EQ(rota_pool_histogram(pool, WAIT, &times), -EOWNERDEAD);
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), -EOWNERDEAD);
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
	end_pool(pool);
}
