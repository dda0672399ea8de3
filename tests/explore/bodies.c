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
		wait_until_ran(nr_all_jobs());
	pool_finish(xp_options->discards ? ROTA_DISCARD : ROTA_DRAIN);
	check_jobs();
	for (unsigned i = 0; i < scenario->submitters * scenario->jobs; i++)
		XP_CHECK(jobs[i].accepted || scenario->is_timed);
	pool_destroy();
}

static void wait_and_finish(void)
{
	if (scenario->is_quiesce)
		wait_until_ran(nr_all_jobs());
	pool_finish(ROTA_DRAIN);
	check_jobs();
	pool_destroy();
}

void play_take_over(const void *with)
{
	pool_setup(with);
	for (unsigned i = 0; i < scenario->submitters; i++)
		xp_join(xp_start(submitter, (void *)(uintptr_t)i));
	wait_and_finish();
}

static void *submit_at_the_end(void *unused)
{
	(void)unused;
	submit(0);
	xp_end_begins();
	submit(1);
	return NULL;
}

void play_end_submits(const void *with)
{
	unsigned ending;

	pool_setup(with);
	ending = xp_start(submit_at_the_end, NULL);
	start_submitters(1);
	xp_join(ending);
	join_submitters(1);
	wait_and_finish();
}

static void *submit_and_stay(void *number)
{
	submitter(number);
	say_ready();
	wait_for_release();
	return NULL;
}

void play_end_late(const void *with)
{
	unsigned staying;

	pool_setup(with);
	staying = xp_start(submit_and_stay, (void *)0);
	wait_until_ready();
	pool_finish(ROTA_DRAIN);
	pool_destroy();
	release_jobs();
	xp_join(staying);
	check_jobs();
}

void play_lane_comes_free(const void *with)
{
	unsigned staying;

	pool_setup(with);
	xp_calm(true);
	submit(JOBS_MAX - 1);
	staying = xp_start(submit_and_stay, (void *)0);
	wait_until_ready();
	xp_settle();
	xp_calm(false);
	start_submitters(1);
	release_jobs();
	xp_join(staying);
	join_submitters(1);
	wait_until_ran(1 + nr_all_jobs());
	pool_finish(ROTA_DRAIN);
	check_jobs();
	pool_destroy();
}

void play_crowded(const void *with)
{
	pool_setup(with);
	xp_calm(true);
	submit(JOBS_MAX - 1);
	xp_settle();
	xp_calm(false);
	start_submitters(0);
	join_submitters(0);
	if (scenario->is_quiesce)
		wait_until_ran(1 + nr_all_jobs());
	pool_finish(ROTA_DRAIN);
	check_jobs();
	pool_destroy();
}

void play_close_in_job(const void *with)
{
	pool_setup(with);
	submitter((void *)0);
	wait_until_ready();
	pool_finish(ROTA_DRAIN);
	check_jobs();
	pool_destroy();
}

static void *close_it(void *unused)
{
	(void)unused;
	XP_CHECK(rota_pool_close(pool) == 0);
	return NULL;
}

void play_closed_by_other(const void *with)
{
	unsigned closer;

	pool_setup(with);
	xp_calm(true);
	closer = xp_start(close_it, NULL);
	submit(0);
	wait_until_ran(1);
	xp_calm(false);
	for (unsigned i = 1; i < scenario->jobs; i++)
		submit(i);
	xp_join(closer);
	pool_finish(ROTA_DRAIN);
	check_jobs();
	pool_destroy();
}

void play_behind_one(const void *with)
{
	pool_setup(with);
	submit(0);
	xp_settle();
	for (unsigned i = 1; i < scenario->jobs; i++)
		submit(i);
	release_jobs();
	wait_and_finish();
}

static void *submit_one_by_one(void *number)
{
	unsigned first = (unsigned)(uintptr_t)number * scenario->jobs;

	for (unsigned i = first; i < first + scenario->jobs; i++) {
		XP_CHECK(submit(i) == 0);
		wait_for_job(i);
	}
	return NULL;
}

void play_one_by_one(const void *with)
{
	unsigned other;

	pool_setup(with);
	other = xp_start(submit_one_by_one, (void *)1);
	submit_one_by_one((void *)0);
	xp_join(other);
	wait_and_finish();
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
