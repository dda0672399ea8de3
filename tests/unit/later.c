/* SPDX-License-Identifier: MIT */
/* rota_submit_at(): not before its time, and exactly one outcome. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"
#include "counting.h"

struct delayed {
	uint64_t when_ns;
	uint64_t ran_ns;
	unsigned nr_before; /* that ran before it */
};

static atomic_uint nr_ran, nr_dropped;
static enum rota_drop_reason last_reason;

static void delayed_run(void *arg)
{
	struct delayed *delayed = arg;

	delayed->ran_ns = now_ns();
	CHECK(delayed->ran_ns >= delayed->when_ns);
	delayed->nr_before = atomic_fetch_add(&nr_ran, 1);
}

static void delayed_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)hook_arg;
	CHECK(job->run == delayed_run);
	CHECK(((struct delayed *)job->arg)->ran_ns == 0);
	last_reason = reason;
	atomic_fetch_add(&nr_dropped, 1);
}

static struct rota_pool *make_dropping(
		unsigned capacity, enum rota_full_policy policy)
{
	struct rota_options o = {
			.workers = 1,
			.capacity = capacity,
			.full_policy = policy,
			.on_drop = delayed_drop,
	};

	return make_pool_with(&o);
}

static void await_ran(unsigned nr)
{
	CHECK(wait_until(atomic_load(&nr_ran) == nr, TEST_WAIT_MS));
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

TEST(a_job_for_later_runs_not_before_its_time_and_soon_after)
{
	enum { NR = 100 };
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct delayed jobs[NR] = {0};
	uint64_t late_ns[NR];
	int i;

	for (i = 0; i < NR; i++) {
		jobs[i].when_ns = now_ns() + 3 * NS_PER_MS;
		CHECK_EQ(rota_submit_at(pool, delayed_run, &jobs[i],
					 jobs[i].when_ns),
				0);
		sleep_ns(NS_PER_MS / 2);
	}
	await_ran(NR);
	end_pool(pool);
	for (i = 0; i < NR; i++)
		late_ns[i] = jobs[i].ran_ns - jobs[i].when_ns;
	qsort(late_ns, NR, sizeof(*late_ns), compare);
	test_note("late: median %llu us, most %llu us",
			(unsigned long long)late_ns[NR / 2] / 1000,
			(unsigned long long)late_ns[NR - 1] / 1000);
	CHECK(late_ns[NR / 2] < 50 * NS_PER_MS * TEST_SLOW);
}

TEST(jobs_become_due_in_the_order_of_their_times)
{
	enum { NR = 50 };
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	uint64_t base = now_ns() + 50 * NS_PER_MS * TEST_SLOW;
	struct delayed jobs[NR] = {0};
	int i;

	/* the later ones first; two and two at the same time */
	for (i = NR - 2; i >= 0; i -= 2) {
		jobs[i].when_ns = jobs[i + 1].when_ns = base + (uint64_t)i;
		CHECK_EQ(rota_submit_at(pool, delayed_run, &jobs[i],
					 base + (uint64_t)i),
				0);
		CHECK_EQ(rota_submit_at(pool, delayed_run, &jobs[i + 1],
					 base + (uint64_t)i),
				0);
	}
	CHECK_EQ(stats_of(pool).submitted, 0); /* not yet */
	CHECK_EQ(rota_pool_drain(pool, 0), 0);
	await_ran(NR);
	check_rest(pool);
	for (i = 0; i < NR; i++)
		CHECK_EQ(jobs[i].nr_before, i);
	CHECK_EQ(stats_of(pool).ran, NR);
	end_pool(pool);
}

TEST(a_time_that_is_over_means_now)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct delayed far = {.when_ns = ROTA_NO_DEADLINE}, now = {0};

	CHECK_EQ(rota_submit_at(pool, delayed_run, &far, far.when_ns), 0);
	CHECK_EQ(rota_submit_at(pool, delayed_run, &now, 0), 0);
	await_ran(1);
	CHECK(now.ran_ns > 0);
	end_pool(pool);
	await_ran(1);
}

static void end_drops(enum rota_shutdown_mode mode, bool closes_first)
{
	struct rota_pool *pool = make_dropping(0, ROTA_FULL_FAIL);
	struct delayed jobs[20] = {0}, last = {0};
	struct rota_report report;
	int i;

	atomic_store(&nr_ran, 0);
	atomic_store(&nr_dropped, 0);
	for (i = 0; i < 20; i++)
		CHECK_EQ(rota_submit_at(pool, delayed_run, &jobs[i],
					 i < 5 ? 0 : in_ms(3600000)),
				0);
	await_ran(5);
	if (closes_first) {
		CHECK_EQ(rota_pool_close(pool), 0);
		CHECK(wait_until(atomic_load(&nr_dropped) == 15, TEST_WAIT_MS));
		check_rest(pool);
	}
	CHECK_EQ(rota_submit_at(pool, delayed_run, &last, 0),
			closes_first ? -ESHUTDOWN : 0);
	CHECK_EQ(rota_pool_shutdown(pool, mode, ROTA_NO_DEADLINE, &report), 0);
	CHECK_EQ(rota_submit_at(pool, delayed_run, &last, 0), -ESHUTDOWN);
	CHECK_EQ(report.ran + report.dropped, closes_first ? 20 : 21);
	CHECK_EQ(report.ran, atomic_load(&nr_ran));
	CHECK_EQ(report.dropped, atomic_load(&nr_dropped));
	CHECK_EQ(stats_of(pool).submitted, report.ran + report.dropped);
	CHECK(report.dropped >= 15);
	CHECK_EQ(last_reason, ROTA_DROP_SHUTDOWN);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

TEST(a_close_drops_what_is_not_due_yet)
{
	end_drops(ROTA_DRAIN, true);
}

TEST(each_shutdown_drops_what_is_not_due_yet)
{
	end_drops(ROTA_DISCARD, false);
	end_drops(ROTA_DRAIN, false);
}

static void check_full(enum rota_full_policy policy, unsigned dropped)
{
	struct rota_pool *pool = make_dropping(1, policy);
	struct delayed jobs[3] = {0};
	struct blocker blocker;
	int i;

	atomic_store(&nr_ran, 0);
	atomic_store(&nr_dropped, 0);
	blocker_hold(&blocker, pool);
	for (i = 0; i < 3; i++)
		CHECK_EQ(rota_submit_at(pool, delayed_run, &jobs[i], 0), 0);
	if (dropped)
		CHECK(wait_until(atomic_load(&nr_dropped) == dropped,
				TEST_WAIT_MS));
	else
		CHECK(wait_until(stats_of(pool).submit_waits == 1,
				TEST_WAIT_MS));
	blocker_release(&blocker);
	await_ran(3 - dropped);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).submitted, 4);
	CHECK_EQ(stats_of(pool).ran_inline, 0);
	CHECK_EQ(atomic_load(&nr_dropped), dropped);
	if (dropped)
		CHECK_EQ(last_reason, ROTA_DROP_OVERLOAD);
	end_pool(pool);
}

TEST(in_a_full_pool_what_is_due_waits_for_room_or_one_is_dropped)
{
	check_full(ROTA_FULL_BLOCK, 0);
	check_full(ROTA_FULL_FAIL, 0);
	check_full(ROTA_FULL_CALLER_RUNS, 0);
	check_full(ROTA_FULL_DROP_NEWEST, 2);
	check_full(ROTA_FULL_DROP_OLDEST, 2);
}

TEST(a_close_lets_go_who_waits_for_room)
{
	struct rota_pool *pool = make_dropping(1, ROTA_FULL_BLOCK);
	struct delayed jobs[3] = {0};
	struct blocker blocker;
	int i;

	blocker_hold(&blocker, pool);
	for (i = 0; i < 3; i++)
		CHECK_EQ(rota_submit_at(pool, delayed_run, &jobs[i], 0), 0);
	CHECK(wait_until(stats_of(pool).submit_waits == 1, TEST_WAIT_MS));
	CHECK_EQ(rota_pool_close(pool), 0);
	CHECK(wait_until(atomic_load(&nr_dropped) == 2, TEST_WAIT_MS));
	blocker_release(&blocker);
	end_pool(pool);
	CHECK_EQ(atomic_load(&nr_ran), 1);
	CHECK_EQ(atomic_load(&nr_dropped), 2);
}

/* The one thread of this process with that name; 0: there is none. */
static int find_thread(const char *name)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	int tid = 0;

	while ((entry = readdir(tasks))) {
		char path[300], comm[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm",
				entry->d_name);
		file = fopen(path, "r");
		if (file && fgets(comm, sizeof(comm), file)) {
			comm[strcspn(comm, "\n")] = '\0';
			if (!strcmp(comm, name))
				tid = atoi(entry->d_name);
		}
		if (file)
			fclose(file);
	}
	closedir(tasks);
	return tid;
}

/* A line of its status, as a number. */
static unsigned long long status_of(int tid, const char *key, int base)
{
	unsigned long long value = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = strtoull(line + strlen(key), NULL, base);
	if (file)
		fclose(file);
	return value;
}

TEST(the_timer_thread_begins_at_the_first_use_and_sleeps)
{
	struct rota_options o = {.workers = 2, .name = "a-long-name"};
	struct rota_pool *pool = make_pool_with(&o);
	struct delayed far = {0}, now = {0};
	unsigned before = nr_threads();
	unsigned long long mask, switches;
	int tid;

	CHECK_EQ(find_thread("a-long-na-timer"), 0);
	CHECK_EQ(rota_submit_at(pool, delayed_run, &far, in_ms(3600000)), 0);
	CHECK_EQ(rota_submit_at(pool, delayed_run, &now, 0), 0);
	await_ran(1);
	CHECK_EQ(nr_threads(), before + 1);
	tid = find_thread("a-long-na-timer");
	CHECK(tid > 0);
	mask = status_of(tid, "SigBlk:", 16);
	CHECK(mask >> (SIGTERM - 1) & 1);
	CHECK(mask >> (SIGUSR1 - 1) & 1);
	CHECK(!(mask >> (SIGSEGV - 1) & 1));
	CHECK(wait_until(is_asleep(tid), TEST_WAIT_MS));
	switches = status_of(tid, "voluntary_ctxt_switches:", 10);
	sleep_ns(300 * NS_PER_MS);
	CHECK_EQ(status_of(tid, "voluntary_ctxt_switches:", 10), switches);
	end_pool(pool);
	CHECK_EQ(find_thread("a-long-na-timer"), 0);
}

TEST(bad_arguments_are_refused)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct delayed job = {0};

	CHECK_EQ(rota_submit_at(NULL, delayed_run, &job, 0), -EINVAL);
	CHECK_EQ(rota_submit_at(pool, NULL, &job, 0), -EINVAL);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

TEST(a_forked_child_gets_an_error)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct delayed job = {.when_ns = in_ms(20)};
	int status;
	pid_t pid;

	CHECK_EQ(rota_submit_at(pool, delayed_run, &job, job.when_ns), 0);
	pid = fork();
	if (pid == 0) {
		alarm(10 * TEST_SLOW);
		CHECK_EQ(rota_submit_at(pool, delayed_run, &job, 0),
				-EOWNERDEAD);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	await_ran(1);
	end_pool(pool);
}
