/* SPDX-License-Identifier: MIT */
/* Groups, tasks, timers, and somebody who only looks. */
#include "bodies.h"
#include "pool.h"
#include "scenario.h"
#include <errno.h>

static struct rota_group group;
static bool was_started[JOBS_MAX];

static void begin(struct job *job)
{
	XP_CHECK(!job->started && !job->ran && !job->dropped);
	job->started++;
}

static void finish(void)
{
	pool_finish(ROTA_DRAIN);
	check_jobs();
}

/* As run_job(), but first another member is added, which has to run before this
 * one may end. */
static void add_member(void *arg)
{
	struct job *job = arg;

	begin(job);
	release_jobs();
	XP_CHECK(rota_group_submit(&group, run_job, &jobs[2]) == 0);
	jobs[2].accepted++;
	wait_until_ran(1);
	job->ran++;
}

static void wait_in_job(void *arg)
{
	struct job *job = arg;

	begin(job);
	say_ready();
	wait_for_release();
	XP_CHECK(rota_group_wait(&group) == 0);
	XP_CHECK(jobs[1].ran && jobs[2].ran);
	job->ran++;
}

void play_group_helper(const void *with)
{
	pool_setup(with);
	XP_CHECK(rota_group_init(&group, pool) == 0);
	xp_calm(true);
	jobs[0].accepted++;
	XP_CHECK(rota_submit(pool, wait_in_job, &jobs[0]) == 0);
	wait_until_ready();
	jobs[1].accepted++;
	XP_CHECK(rota_group_submit(&group, add_member, &jobs[1]) == 0);
	xp_calm(false);
	XP_CHECK(rota_group_help(&group) == 1);
	finish();
	XP_CHECK(rota_group_fini(&group) == 0);
	pool_destroy();
}

static void *wait_for_group(void *unused)
{
	(void)unused;
	XP_CHECK(rota_group_wait(&group) == 0);
	return NULL;
}

void play_group(const void *with)
{
	unsigned waiter;

	pool_setup(with);
	XP_CHECK(rota_group_init(&group, pool) == 0);
	for (unsigned i = 0; i < scenario->jobs; i++) {
		XP_CHECK(rota_group_submit(&group, run_job, &jobs[i]) == 0);
		jobs[i].accepted++;
	}
	waiter = xp_start(wait_for_group, NULL);
	if (scenario->cancels)
		XP_CHECK(rota_group_cancel(&group) == 0);
	XP_CHECK(rota_group_wait(&group) == 0);
	for (unsigned i = 0; i < scenario->jobs; i++)
		XP_CHECK(jobs[i].ran + jobs[i].dropped == 1);
	xp_join(waiter);
	XP_CHECK(rota_group_fini(&group) == 0);
	finish();
	pool_destroy();
}

void play_task(const void *with)
{
	struct rota_handle *handle;
	int result;

	pool_setup(with);
	XP_CHECK(rota_submit_with(pool, run_job, &jobs[0], NULL, &handle) == 0);
	jobs[0].accepted++;
	if (scenario->cancels)
		(void)rota_handle_cancel(handle);
	result = rota_handle_wait_until(handle, ROTA_NO_DEADLINE, NULL);
	XP_CHECK(result == (jobs[0].ran ? 0 : -ECANCELED));
	XP_CHECK(jobs[0].ran + jobs[0].dropped == 1);
	rota_handle_unref(handle);
	finish();
	pool_destroy();
}

/* All are due at once: the timer thread may not sleep. */
void play_timers(const void *with)
{
	pool_setup(with);
	for (unsigned i = 0; i < scenario->jobs; i++) {
		XP_CHECK(rota_submit_at(pool, run_job, &jobs[i], 0) == 0);
		jobs[i].accepted++;
	}
	if (scenario->is_quiesce)
		wait_until_ran(scenario->jobs);
	finish();
	pool_destroy();
}

static void block_in_job(void *arg)
{
	struct job *job = arg;

	begin(job);
	XP_CHECK(rota_blocking_begin() == 0);
	say_ready();
	wait_for_release();
	XP_CHECK(rota_blocking_end() == 0);
	job->ran++;
}

void play_region(const void *with)
{
	pool_setup(with);
	xp_calm(true);
	jobs[0].accepted++;
	XP_CHECK(rota_submit(pool, block_in_job, &jobs[0]) == 0);
	wait_until_ready();
	xp_settle();
	xp_calm(false);
	release_jobs();
	for (unsigned i = 1; i <= scenario->jobs; i++)
		submit(i);
	wait_until_ran(scenario->jobs);
	finish();
	pool_destroy();
}

static void see(void *with, const struct rota_job *first)
{
	const struct job *job = first->arg;

	(void)with;
	XP_CHECK(job >= jobs && job < jobs + JOBS_MAX);
	XP_CHECK(!was_started[job - jobs]);
}

static void *look(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < JOBS_MAX; i++)
		was_started[i] = jobs[i].started;
	lanes_see_first(&pool->channel.lanes, see, NULL);
	return NULL;
}

void play_look(const void *with)
{
	unsigned looker;

	pool_setup(with);
	submit(0);
	looker = xp_start(look, NULL);
	for (unsigned i = 1; i < scenario->jobs; i++)
		submit(i);
	wait_until_ran(scenario->jobs);
	xp_join(looker);
	finish();
	pool_destroy();
}
