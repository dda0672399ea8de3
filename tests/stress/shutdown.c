/* SPDX-License-Identifier: MIT */
/*
 * Submitters race a close, a drain or a discard: what was accepted is what ran
 * plus what was dropped, and what was refused never runs.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "../support.h"

enum { NR_SUBMITTERS = 4, JOBS = 3000 };

enum outcome { NONE, RAN, DROPPED };

struct job {
	atomic_uchar accepted;
	atomic_uchar outcomes[3];
};

struct submitter {
	struct rota_pool *pool;
	struct rng rng;
	struct latch *start;
	struct job *jobs;
	unsigned nr_offered;
	pthread_t thread;
};

static void job_run(void *arg)
{
	struct job *job = arg;

	atomic_fetch_add(&job->outcomes[RAN], 1);
}

static void copy_run(void *arg)
{
	job_run(*(struct job **)arg);
}

static void copy_drop(void *arg, enum rota_drop_reason reason)
{
	struct job *job = *(struct job **)arg;

	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	atomic_fetch_add(&job->outcomes[DROPPED], 1);
}

static void plain_drop(void *hook_arg, const struct rota_job *dropped,
		enum rota_drop_reason reason)
{
	struct job *job = dropped->arg;

	(void)hook_arg;
	CHECK(dropped->run == job_run);
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	atomic_fetch_add(&job->outcomes[DROPPED], 1);
}

static void *submitter_run(void *arg)
{
	struct submitter *self = arg;
	struct rota_job many[4];
	unsigned i = 0, j;
	size_t accepted;
	int error = 0;

	latch_meet(self->start);
	while (i + 4 <= JOBS && error != -ESHUTDOWN) {
		struct job *job = &self->jobs[i];

		accepted = 1;
		switch (rng_below(&self->rng, 4)) {
		case 0:
			error = rota_submit(self->pool, job_run, job);
			break;
		case 1:
			error = rota_submit_copy(self->pool, copy_run,
					copy_drop, &job, sizeof(job));
			break;
		case 2:
			error = rota_submit_until(
					self->pool, job_run, job, in_ms(1));
			break;
		default:
			for (j = 0; j < 4; j++)
				many[j] = (struct rota_job){job_run, &job[j]};
			error = rota_submit_many(
					self->pool, many, 4, &accepted);
			break;
		}
		if (error) {
			CHECK(error == -ESHUTDOWN || error == -ETIMEDOUT);
			accepted = 0;
		}
		for (j = 0; j < accepted; j++)
			atomic_store(&job[j].accepted, 1);
		i += accepted ? (unsigned)accepted : 1;
	}
	self->nr_offered = i;
	return NULL;
}

static void stop(struct rota_pool *pool, struct rng *rng,
		struct rota_report *report)
{
	unsigned way = rng_below(rng, 5);

	if (way == 0)
		CHECK_EQ(rota_pool_close(pool), 0);
	if (way == 1) /* a timed drain that a discard overrides */
		(void)rota_pool_shutdown(pool, ROTA_DRAIN, 0, NULL);
	if (way == 2)
		(void)rota_pool_drain(pool, in_ms(1));
	CHECK_EQ(rota_pool_shutdown(pool,
				 way == 0 || way == 3 ? ROTA_DRAIN
						      : ROTA_DISCARD,
				 ROTA_NO_DEADLINE, report),
			0);
}

static void one_round(struct rng *rng, struct job *jobs)
{
	struct submitter submitters[NR_SUBMITTERS];
	struct rota_options o = {
			.workers = 1 + rng_below(rng, 6),
			.capacity = rng_below(rng, 2) ? 0
						      : 1 + rng_below(rng, 20),
			.on_drop = plain_drop,
	};
	struct rota_pool *pool = make_pool_with(&o);
	uint64_t accepted = 0, ran = 0, dropped = 0;
	struct rota_report report;
	struct latch start;
	unsigned s, i;

	latch_init(&start, NR_SUBMITTERS + 1);
	for (i = 0; i < NR_SUBMITTERS * JOBS; i++)
		jobs[i] = (struct job){0};
	for (s = 0; s < NR_SUBMITTERS; s++) {
		submitters[s] = (struct submitter){.pool = pool,
				.start = &start,
				.jobs = jobs + s * JOBS};
		rng_init(&submitters[s].rng, rng_next(rng));
		submitters[s].thread =
				thread_start(submitter_run, &submitters[s]);
	}
	latch_meet(&start);
	if (rng_below(rng, 4))
		sleep_ns(rng_below(rng, 400000));
	stop(pool, rng, &report);
	for (s = 0; s < NR_SUBMITTERS; s++)
		thread_join(submitters[s].thread);
	for (i = 0; i < NR_SUBMITTERS * JOBS; i++) {
		struct job *job = &jobs[i];

		CHECK_EQ(job->outcomes[RAN] + job->outcomes[DROPPED],
				job->accepted);
		accepted += job->accepted;
		ran += job->outcomes[RAN];
		dropped += job->outcomes[DROPPED];
	}
	CHECK_EQ(report.ran, ran);
	CHECK_EQ(report.dropped, dropped);
	CHECK_EQ(report.running + report.queued, 0);
	CHECK_EQ(stats_of(pool).submitted, accepted);
	end_pool(pool);
}

TEST_WITHIN(submits_that_race_a_stop_each_have_exactly_one_outcome, 60)
{
	struct job *jobs = calloc(NR_SUBMITTERS * JOBS, sizeof(*jobs));
	uint64_t end = stress_end_ns();
	struct watchdog dog;
	unsigned nr = 0;
	struct rng rng;

	rng_init(&rng, 1);
	watchdog_start(&dog, NULL);
	do {
		one_round(&rng, jobs);
		watchdog_feed(&dog);
		nr++;
	} while (now_ns() < end);
	watchdog_stop(&dog);
	test_note("%u rounds", nr);
	free(jobs);
}

struct stopper {
	struct rota_pool *pool;
	struct latch *start;
	enum rota_shutdown_mode mode;
	struct rota_report report;
	pthread_t thread;
};

static void *stopper_run(void *arg)
{
	struct stopper *self = arg;

	latch_meet(self->start);
	CHECK_EQ(rota_pool_shutdown(self->pool, self->mode, ROTA_NO_DEADLINE,
				 &self->report),
			0);
	return NULL;
}

TEST_WITHIN(shutdowns_that_race_each_other_agree_on_the_report, 60)
{
	enum { NR = 4 };
	uint64_t end = stress_end_ns();
	struct rng rng;

	rng_init(&rng, 2);
	do {
		struct rota_pool *pool = make_pool(
				1 + rng_below(&rng, 4), 0, ROTA_FULL_FAIL);
		struct stopper stoppers[NR];
		unsigned jobs = rng_below(&rng, 100), i;
		atomic_uint ran = 0;
		struct latch start;

		latch_init(&start, NR);
		for (i = 0; i < jobs; i++)
			CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		for (i = 0; i < NR; i++) {
			stoppers[i] = (struct stopper){
					.pool = pool, .start = &start};
			stoppers[i].mode = rng_below(&rng, 2) ? ROTA_DRAIN
							      : ROTA_DISCARD;
			stoppers[i].thread =
					thread_start(stopper_run, &stoppers[i]);
		}
		for (i = 0; i < NR; i++)
			thread_join(stoppers[i].thread);
		for (i = 0; i < NR; i++) {
			CHECK_EQ(stoppers[i].report.ran, atomic_load(&ran));
			CHECK_EQ(stoppers[i].report.dropped,
					jobs - atomic_load(&ran));
		}
		end_pool(pool);
	} while (now_ns() < end);
}
