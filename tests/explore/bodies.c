/* SPDX-License-Identifier: MIT */
#include "bodies.h"
#include "scenario.h"
#include "sys/os.h"
#include <errno.h>

static unsigned started[JOBS_MAX];

static void start_submitters(unsigned from)
{
	for (unsigned i = from; i < scenario->submitters; i++)
		started[i] = xp_start(submitter, (void *)(uintptr_t)i);
}

static void join_submitters(unsigned from)
{
	for (unsigned i = from; i < scenario->submitters; i++)
		xp_join(started[i]);
}

void play(const void *with)
{
	pool_setup(with);
	start_submitters(1);
	submitter((void *)0);
	join_submitters(1);
	if (scenario->is_quiesce)
		wait_until_ran(scenario->submitters * scenario->jobs);
	pool_finish(ROTA_DRAIN);
	check_jobs();
	for (unsigned i = 0; i < scenario->submitters * scenario->jobs; i++)
		XP_CHECK(jobs[i].accepted || scenario->is_timed);
	pool_destroy();
}

void play_many(const void *with)
{
	pool_setup(with);
	submit_many(scenario->jobs);
	wait_until_ran(scenario->jobs);
	pool_finish(ROTA_DRAIN);
	check_jobs();
	pool_destroy();
}

static void play_stop(const void *with, enum rota_shutdown_mode mode)
{
	pool_setup(with);
	start_submitters(0);
	pool_finish(mode);
	join_submitters(0);
	check_jobs();
	XP_CHECK(submit(JOBS_MAX - 1) == -ESHUTDOWN);
	pool_destroy();
}

void play_close(const void *with)
{
	play_stop(with, ROTA_DRAIN);
}

void play_discard(const void *with)
{
	play_stop(with, ROTA_DISCARD);
}

void play_drain(const void *with)
{
	pool_setup(with);
	start_submitters(1);
	submitter((void *)0);
	XP_CHECK(rota_pool_drain(pool, ROTA_NO_DEADLINE) == 0);
	for (unsigned i = 0; i < scenario->jobs; i++)
		XP_CHECK(jobs[i].ran);
	join_submitters(1);
	pool_finish(ROTA_DRAIN);
	check_jobs();
	pool_destroy();
}

void play_destroy(const void *with)
{
	pool_setup(with);
	start_submitters(0);
	xp_settle();
	release_jobs();
	pool_destroy();
	join_submitters(0);
	check_jobs();
}

void play_close_blocked(const void *with)
{
	pool_setup(with);
	start_submitters(0);
	xp_settle();
	XP_CHECK(rota_pool_close(pool) == 0);
	join_submitters(0);
	release_jobs();
	pool_finish(ROTA_DRAIN);
	check_jobs();
	pool_destroy();
}

void play_pass_on(const void *with)
{
	pool_setup(with);
	submit(0);
	submit(1);
	for (unsigned i = 2; i < 4; i++)
		started[i] = xp_start(submitter, (void *)(uintptr_t)i);
	xp_join(started[2]);
	xp_join(started[3]);
	release_jobs();
	pool_finish(ROTA_DRAIN);
	check_jobs();
	pool_destroy();
}
