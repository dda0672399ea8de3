/* SPDX-License-Identifier: MIT */
/*
 * Random submitters, workers and jobs: each job exactly once, and in order
 * where one worker runs them. In two forms: quiesce waits for all jobs without
 * any stop, so that a lost wake-up stays lost; drain lets the stop race them.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "../support.h"

enum { MAX_SUBMITTERS = 16, JOBS = 400, NESTED = 4 };

struct round {
	struct rota_pool *pool;
	struct watchdog *dog;
	unsigned submitters, workers, capacity;
	atomic_ulong nr_accepted, nr_ran;
	bool is_ordered;
};

struct job {
	struct round *round;
	struct submitter *submitter;
	unsigned id;
	unsigned kind;
	atomic_uchar times;
	atomic_uint nested_accepted, nested_ran;
};

struct submitter {
	struct round *round;
	struct rng rng;
	unsigned last_id; /* plain: written by the only worker */
	struct job jobs[JOBS];
	pthread_t thread;
};

static void spin(unsigned turns)
{
	while (turns-- > 0)
		atomic_signal_fence(memory_order_seq_cst);
}

static void ran_one(struct round *round)
{
	atomic_fetch_add(&round->nr_ran, 1);
	watchdog_feed(round->dog);
}

static void nested_run(void *arg)
{
	struct job *job = arg;

	atomic_fetch_add(&job->nested_ran, 1);
	ran_one(job->round);
}

static void nested_copy_run(void *arg)
{
	nested_run(*(struct job **)arg);
}

static void submit_nested(struct job *job)
{
	struct rota_job jobs[NESTED];
	size_t accepted = 0;
	int i;

	if (job->kind % 3 == 0) {
		for (i = 0; i < NESTED; i++)
			jobs[i] = (struct rota_job){nested_run, job};
		if (rota_submit_many(job->round->pool, jobs, NESTED, &accepted))
			accepted = 0;
	} else if (job->kind % 3 == 1) {
		accepted = rota_submit(job->round->pool, nested_run, job) == 0;
	} else {
		accepted = rota_submit_copy(job->round->pool, nested_copy_run,
					   NULL, &job, sizeof(job)) == 0;
	}
	atomic_fetch_add(&job->nested_accepted, (unsigned)accepted);
	atomic_fetch_add(&job->round->nr_accepted, accepted);
}

static void job_run(void *arg)
{
	struct job *job = arg;

	CHECK_EQ(atomic_fetch_add(&job->times, 1), 0);
	if (job->round->is_ordered) {
		CHECK_EQ(job->submitter->last_id + 1, job->id);
		job->submitter->last_id = job->id;
	}
	if (job->kind < 10)
		submit_nested(job);
	else if (job->kind < 12)
		sched_yield();
	else if (job->kind == 12)
		sleep_ns(20000);
	else if (job->kind < 40)
		spin(job->kind * 10);
	ran_one(job->round);
}

static void *submitter_run(void *arg)
{
	struct submitter *self = arg;
	struct round *round = self->round;
	unsigned i = 0, nr, j;
	struct rota_job many[8];
	size_t accepted;
	int error;

	while (i < JOBS) {
		nr = rng_below(&self->rng, 4) ? 1
					      : 1 + rng_below(&self->rng, 8);
		if (nr > JOBS - i)
			nr = JOBS - i;
		for (j = 0; j < nr; j++)
			many[j] = (struct rota_job){
					job_run, &self->jobs[i + j]};
		accepted = 1;
		if (nr == 1)
			error = rota_submit(
					round->pool, job_run, &self->jobs[i]);
		else
			error = rota_submit_many(
					round->pool, many, nr, &accepted);
		CHECK_EQ(error, 0);
		atomic_fetch_add(&round->nr_accepted, accepted);
		i += (unsigned)accepted;
		if (rng_below(&self->rng, 64) == 0)
			sched_yield();
		else if (rng_below(&self->rng, 200) == 0)
			sleep_ns(rng_below(&self->rng, 50000));
	}
	return NULL;
}

static void check_all_once(struct submitter *submitters, unsigned nr)
{
	unsigned s, i;

	for (s = 0; s < nr; s++) {
		for (i = 0; i < JOBS; i++) {
			struct job *job = &submitters[s].jobs[i];

			CHECK_EQ(atomic_load(&job->times), 1);
			CHECK_EQ(atomic_load(&job->nested_ran),
					atomic_load(&job->nested_accepted));
		}
	}
}

static void one_round(struct rng *rng, bool quiesce, struct watchdog *dog)
{
	static struct submitter submitters[MAX_SUBMITTERS];
	struct round round = {.dog = dog};
	struct rota_report report;
	unsigned s, i;

	round.submitters = 1 + rng_below(rng, MAX_SUBMITTERS);
	round.workers = 1 + rng_below(rng, 16);
	round.capacity = rng_below(rng, 2) ? 0 : 1 + rng_below(rng, 64);
	/* nested jobs run inline when a bounded pool is full; order holds */
	round.is_ordered = round.workers == 1;
	round.pool = make_pool(round.workers, round.capacity, ROTA_FULL_BLOCK);
	dog->pool = NULL;
	for (s = 0; s < round.submitters; s++) {
		submitters[s].round = &round;
		submitters[s].last_id = 0;
		rng_init(&submitters[s].rng, rng_next(rng));
		for (i = 0; i < JOBS; i++) {
			struct job *job = &submitters[s].jobs[i];

			job->round = &round;
			job->submitter = &submitters[s];
			job->id = i + 1;
			job->kind = rng_below(rng, 100);
			atomic_store(&job->times, 0);
			atomic_store(&job->nested_accepted, 0);
			atomic_store(&job->nested_ran, 0);
		}
		submitters[s].thread =
				thread_start(submitter_run, &submitters[s]);
	}
	for (s = 0; s < round.submitters; s++)
		thread_join(submitters[s].thread);
	if (quiesce) /* nested jobs add to both sides */
		while (atomic_load(&round.nr_ran) <
						(unsigned long)round.submitters *
								JOBS ||
				stats_of(round.pool).queued ||
				stats_of(round.pool).running)
			sleep_ns(50000);
	CHECK_EQ(rota_pool_shutdown(round.pool, ROTA_DRAIN, ROTA_NO_DEADLINE,
				 &report),
			0);
	CHECK_EQ(report.dropped, 0);
	CHECK_EQ(report.ran, atomic_load(&round.nr_ran));
	CHECK_EQ(report.ran, atomic_load(&round.nr_accepted));
	check_all_once(submitters, round.submitters);
	end_pool(round.pool);
}

static void many_rounds(bool quiesce, uint64_t stream)
{
	uint64_t end = stress_end_ns();
	struct watchdog dog;
	unsigned nr = 0;
	struct rng rng;

	rng_init(&rng, stream);
	watchdog_start(&dog, NULL);
	do {
		one_round(&rng, quiesce, &dog);
		nr++;
	} while (now_ns() < end);
	watchdog_stop(&dog);
	test_note("%u rounds", nr);
}

TEST_WITHIN(random_jobs_run_exactly_once_and_the_pool_quiesces, 60)
{
	many_rounds(true, 1);
}

TEST_WITHIN(random_jobs_run_exactly_once_while_a_shutdown_drains, 60)
{
	many_rounds(false, 2);
}
