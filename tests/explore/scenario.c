/* SPDX-License-Identifier: MIT */
#include "scenario.h"
#include "sys/os.h"
#include <errno.h>
#include <string.h>

struct job jobs[JOBS_MAX];
const struct scenario *scenario;
struct rota_pool *pool;
static unsigned youngest[JOBS_MAX]; /* job that ran, + 1; by submitter */
static _Atomic uint32_t nr_ran, nr_running, is_released,
		is_ready; /* futexes; written plainly */

static uint32_t *plain(_Atomic uint32_t *word)
{
	return (uint32_t *)word;
}

/* A wait of a job or of the test itself: nothing of the pool is in it. */
static void wait_for(_Atomic uint32_t *word, unsigned wanted)
{
	uint32_t value;

	while ((value = *plain(word)) < wanted)
		os_futex_wait(word, value, OS_NO_DEADLINE);
}

unsigned nr_all_jobs(void)
{
	return scenario->submitters * scenario->jobs * (1 + scenario->children);
}

/* One worker runs the jobs of each submitter in their order. */
static void check_order(unsigned index)
{
	unsigned *last = &youngest[index / scenario->jobs];

	if (scenario->workers > 1 || scenario->full_policy ||
			scenario->is_unordered)
		return;
	XP_CHECK(*last <= index);
	*last = index + 1;
}

static void set(_Atomic uint32_t *word)
{
	*plain(word) = 1;
	os_futex_wake(word, UINT32_MAX);
}

void say_ready(void)
{
	set(&is_ready);
}

static void submit_children(unsigned index)
{
	unsigned first = scenario->submitters * scenario->jobs +
			 index * scenario->children;
	int error = 0;

	if (scenario->awaits_child)
		say_ready();
	for (unsigned i = 0; i < scenario->children; i++)
		error = submit(first + i);
	if (scenario->awaits_child && !error)
		wait_for(&nr_ran, 1);
}

void run_job(void *arg)
{
	struct job *job = arg;
	unsigned index = (unsigned)(job - jobs);

	XP_CHECK(job >= jobs && job < jobs + JOBS_MAX);
	XP_CHECK(!job->ran && !job->dropped && !job->started);
	job->started++;
	if (index < scenario->submitters * scenario->jobs) {
		check_order(index);
		submit_children(index);
	}
	if (index - scenario->first_meeting < scenario->meeting) {
		++*plain(&nr_running);
		os_futex_wake(&nr_running, UINT32_MAX);
		wait_for(&nr_running, scenario->meeting);
	}
	if (job < jobs + scenario->held)
		wait_for(&is_released, 1);
	job->ran++;
	++*plain(&nr_ran);
	if (scenario->is_quiesce || scenario->awaits_child)
		os_futex_wake(&nr_ran, UINT32_MAX);
}

static void drop(struct job *job)
{
	XP_CHECK(!job->ran && !job->dropped);
	job->dropped++;
}

static void drop_job(void *hook_arg, const struct rota_job *dropped,
		enum rota_drop_reason reason)
{
	(void)hook_arg;
	(void)reason;
	drop(dropped->arg);
}

static void run_copy(void *payload)
{
	run_job(*(struct job **)payload);
}

static void drop_copy(void *payload, enum rota_drop_reason reason)
{
	(void)reason;
	drop(*(struct job **)payload);
}

void pool_setup(const struct scenario *with)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = with->workers,
			.max_workers = with->max_workers,
			.capacity = with->capacity,
			.full_policy = with->full_policy,
			.channel = with->channel,
			.spin_ns = ROTA_SPIN_NONE,
			.on_drop = drop_job,
	};
	struct rota_pool *created;

	scenario = with;
	pool = NULL;
	memset(jobs, 0, sizeof(jobs));
	memset(youngest, 0, sizeof(youngest));
	*plain(&nr_ran) = *plain(&nr_running) = 0;
	*plain(&is_released) = *plain(&is_ready) = 0;
	xp_calm(true);
	XP_CHECK(rota_pool_create(&options, &created) == 0);
	xp_calm(false);
	pool = created;
	if (xp_choose(2))
		xp_settle();
}

int submit(unsigned index)
{
	struct job *job = &jobs[index];
	int error;

	if (scenario->is_copied)
		error = rota_submit_copy(
				pool, run_copy, drop_copy, &job, sizeof(job));
	else if (scenario->is_timed)
		error = rota_submit_until(
				pool, run_job, job, ROTA_NO_DEADLINE - 1);
	else
		error = rota_submit(pool, run_job, job);
	XP_CHECK(error == 0 || error == -ESHUTDOWN ||
			(scenario->is_timed && error == -ETIMEDOUT));
	job->accepted += !error;
	return error;
}

void submit_many(unsigned nr)
{
	struct rota_job many[JOBS_MAX];
	size_t accepted;

	for (unsigned i = 0; i < nr; i++)
		many[i] = (struct rota_job){run_job, &jobs[i]};
	XP_CHECK(rota_submit_many(pool, many, nr, &accepted) == 0);
	XP_CHECK(accepted == nr);
	for (unsigned i = 0; i < nr; i++)
		jobs[i].accepted++;
}

void *submitter(void *number)
{
	unsigned first = (unsigned)(uintptr_t)number * scenario->jobs;

	for (unsigned i = 0; i < scenario->jobs; i++)
		submit(first + i);
	return NULL;
}

void wait_until_ran(unsigned nr)
{
	wait_for(&nr_ran, nr);
}

void wait_for_job(unsigned index)
{
	while (!jobs[index].ran)
		wait_for(&nr_ran, *plain(&nr_ran) + 1);
}

void release_jobs(void)
{
	set(&is_released);
}

void wait_for_release(void)
{
	wait_for(&is_released, 1);
}

void wait_until_ready(void)
{
	wait_for(&is_ready, 1);
}

void pool_destroy(void)
{
	struct rota_pool *gone = pool;

	pool = NULL;
	XP_CHECK(rota_pool_destroy(gone) == 0);
	XP_CHECK(!xp_nr_allocated());
}

void pool_finish(enum rota_shutdown_mode mode)
{
	struct rota_report report;
	uint64_t ran = 0, dropped = 0;

	XP_CHECK(rota_pool_shutdown(pool, mode, ROTA_NO_DEADLINE, &report) ==
			0);
	for (unsigned i = 0; i < JOBS_MAX; i++) {
		ran += jobs[i].ran;
		dropped += jobs[i].dropped;
	}
	XP_CHECK(report.ran == ran && report.dropped == dropped);
	XP_CHECK(!report.running && !report.queued);
}
