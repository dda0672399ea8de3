/* SPDX-License-Identifier: MIT */
/* An idle pool costs nothing, and wakes are bounded by the jobs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../support.h"

enum { NR_IDLE = 4 };

struct watched {
	pid_t tid[NR_IDLE];
	clockid_t cpu_clock[NR_IDLE];
};

static int watch_worker(void *hook_arg, unsigned worker)
{
	struct watched *watched = hook_arg;

	watched->tid[worker] = gettid();
	CHECK_EQ(pthread_getcpuclockid(
				 pthread_self(), &watched->cpu_clock[worker]),
			0);
	return 0;
}

static unsigned long nr_switches(pid_t tid)
{
	unsigned long nr = 0, value;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	file = fopen(path, "r");
	CHECK(file != NULL);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "voluntary_ctxt_switches: %lu", &value) == 1 ||
				sscanf(line, "nonvoluntary_ctxt_switches: %lu",
						&value) == 1)
			nr += value;
	fclose(file);
	return nr;
}

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec time;

	CHECK_EQ(clock_gettime(clock, &time), 0);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

TEST(an_idle_pool_switches_no_thread_and_uses_no_cpu)
{
	struct watched watched;
	struct rota_options o = {
			.workers = NR_IDLE,
			.on_start = watch_worker,
			.hook_arg = &watched,
	};
	struct rota_pool *pool = make_pool_with(&o);
	unsigned long switches[NR_IDLE];
	uint64_t cpu[NR_IDLE], used = 0, parks;
	int i;

	for (i = 0; i < 100; i++)
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	check_rest(pool);
	wait_all_parked(pool);
	for (i = 0; i < NR_IDLE; i++) /* counted as parked, then asleep */
		CHECK(wait_until(is_asleep(watched.tid[i]), TEST_WAIT_MS));
	parks = stats_of(pool).parks;
	for (i = 0; i < NR_IDLE; i++) {
		switches[i] = nr_switches(watched.tid[i]);
		cpu[i] = cpu_ns(watched.cpu_clock[i]);
	}
	sleep_ns(1500 * NS_PER_MS);
	for (i = 0; i < NR_IDLE; i++) {
		CHECK_EQ(nr_switches(watched.tid[i]), switches[i]);
		used += cpu_ns(watched.cpu_clock[i]) - cpu[i];
	}
	CHECK(used < NS_PER_MS);
	CHECK_EQ(stats_of(pool).parks, parks);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0); /* and it wakes */
	check_rest(pool);
	end_pool(pool);
}

TEST(one_job_into_sixteen_idle_workers_wakes_at_most_two)
{
	struct rota_pool *pool = make_pool(16, 0, ROTA_FULL_FAIL);
	uint64_t wakes, round;

	for (round = 0; round < 50; round++) {
		wait_all_parked(pool);
		wakes = stats_of(pool).wakes;
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
		check_rest(pool);
		wait_all_parked(pool);
		CHECK(stats_of(pool).wakes - wakes <= 2);
	}
	end_pool(pool);
}

TEST(a_lone_job_costs_one_wake)
{
	for (unsigned workers = 1; workers <= 16; workers *= 4) {
		struct rota_pool *pool = make_pool(workers, 0, ROTA_FULL_FAIL);

		for (unsigned round = 0; round < 100; round++) {
			uint64_t wakes;

			wait_all_parked(pool);
			wakes = stats_of(pool).wakes;
			CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
			check_rest(pool);
			wait_all_parked(pool);
			CHECK_EQ(stats_of(pool).wakes, wakes + 1);
		}
		end_pool(pool);
	}
}

static void long_run(void *arg)
{
	(void)arg;
	sleep_ns(100000);
}

/* One by one, or all at once. */
static bool wakes_few(struct rota_pool *pool, rota_run_fn run, unsigned burst,
		bool is_at_once)
{
	struct rota_job jobs[40];
	uint64_t wakes;
	size_t accepted;

	for (unsigned i = 0; i < burst; i++)
		jobs[i] = (struct rota_job){run, NULL};
	wait_all_parked(pool);
	wakes = stats_of(pool).wakes;
	if (is_at_once)
		CHECK_EQ(rota_submit_many(pool, jobs, burst, &accepted), 0);
	else
		for (unsigned i = 0; i < burst; i++)
			CHECK_EQ(rota_submit(pool, run, NULL), 0);
	check_rest(pool);
	wait_all_parked(pool);
	return stats_of(pool).wakes - wakes <= burst;
}

/* A worker that is interrupted, while others take the jobs that it told of, may
 * make it one more: so it may try again. */
static void check_bursts(rota_run_fn run)
{
	struct rota_pool *pool = make_pool(16, 0, ROTA_FULL_FAIL);

	for (unsigned i = 0; i < 20; i++) /* it learns how long they take */
		wakes_few(pool, run, 40, false);
	for (unsigned form = 0; form < 2; form++)
		for (unsigned burst = 1; burst <= 40; burst += 3)
			CHECK(wakes_few(pool, run, burst, form) ||
					wakes_few(pool, run, burst, form) ||
					wakes_few(pool, run, burst, form));
	end_pool(pool);
}

TEST(a_burst_wakes_at_most_one_worker_for_each_job)
{
	check_bursts(nothing_run);
}

TEST(a_burst_of_long_jobs_wakes_at_most_one_worker_for_each)
{
	check_bursts(long_run);
}
