/* SPDX-License-Identifier: MIT */
/* A close races submits, or comes before the first one of a thread: what was
 * accepted runs or is dropped, once; what was refused does neither. */
#include <errno.h>
#include <sched.h>

#include "../support.h"

enum { NR_SUBMITTERS = 4 };

struct race {
	struct rota_pool *pool;
	atomic_bool is_go;
	atomic_ulong ran, dropped;
};

struct submitter {
	struct race *race;
	struct rng rng;
	unsigned long accepted;
	unsigned pause; /* before its first submit */
	int error;
	pthread_t thread;
};

static void race_run(void *arg)
{
	struct race *race = arg;

	atomic_fetch_add_explicit(&race->ran, 1, memory_order_relaxed);
}

static void copy_run(void *arg)
{
	race_run(*(struct race **)arg);
}

static void copy_drop(void *arg, enum rota_drop_reason reason)
{
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	atomic_fetch_add(&(*(struct race **)arg)->dropped, 1);
}

static void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	struct race *race = job->arg;

	(void)hook_arg;
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	atomic_fetch_add(&race->dropped, 1);
}

/* One submit of any form; how many jobs it added. */
static size_t submit_some(struct submitter *self)
{
	struct race *race = self->race;
	struct rota_job jobs[40];
	size_t nr = 1 + rng_below(&self->rng, 40), accepted = 1;

	switch (rng_below(&self->rng, 8)) {
	case 0:
		for (size_t i = 0; i < nr; i++)
			jobs[i] = (struct rota_job){race_run, race};
		self->error = rota_submit_many(race->pool, jobs, nr, &accepted);
		break;
	case 1:
		self->error = rota_submit_copy(race->pool, copy_run, copy_drop,
				&race, sizeof(race));
		break;
	default:
		self->error = rota_submit(race->pool, race_run, race);
	}
	CHECK(accepted <= nr || self->error);
	return self->error ? 0 : accepted;
}

static void *submitter_run(void *arg)
{
	struct submitter *self = arg;

	while (!atomic_load(&self->race->is_go))
		sched_yield();
	for (unsigned i = 0; i < self->pause; i++)
		atomic_signal_fence(memory_order_seq_cst);
	do {
		self->accepted += submit_some(self);
	} while (!self->error);
	CHECK_EQ(self->error, -ESHUTDOWN);
	return NULL;
}

static void pause_a_little(struct rng *rng)
{
	unsigned kind = rng_below(rng, 4);

	if (kind == 0)
		sleep_ns(rng_below(rng, 300000));
	else if (kind == 1)
		sched_yield();
	else
		for (unsigned i = rng_below(rng, 20000); i; i--)
			atomic_signal_fence(memory_order_seq_cst);
}

static void one_race(struct rng *rng, enum rota_shutdown_mode mode)
{
	struct submitter submitters[NR_SUBMITTERS];
	struct race race = {.is_go = false};
	struct rota_options o = {
			.workers = 1 + rng_below(rng, 3),
			.on_drop = on_drop,
	};
	unsigned nr = 1 + rng_below(rng, NR_SUBMITTERS);
	unsigned long accepted = 0;
	struct rota_report report;
	struct rota_stats stats;

	race.pool = make_pool_with(&o);
	for (unsigned i = 0; i < nr; i++) {
		submitters[i] = (struct submitter){
				.race = &race, .pause = rng_below(rng, 30000)};
		rng_init(&submitters[i].rng, rng_next(rng));
		submitters[i].thread =
				thread_start(submitter_run, &submitters[i]);
	}
	atomic_store(&race.is_go, true);
	pause_a_little(rng);
	if (rng_below(rng, 2))
		CHECK_EQ(rota_pool_close(race.pool), 0);
	CHECK_EQ(rota_pool_shutdown(race.pool, mode, ROTA_NO_DEADLINE, &report),
			0);
	for (unsigned i = 0; i < nr; i++) {
		thread_join(submitters[i].thread);
		accepted += submitters[i].accepted;
	}
	CHECK_EQ(report.ran, atomic_load(&race.ran));
	CHECK_EQ(report.dropped, atomic_load(&race.dropped));
	CHECK_EQ(report.ran + report.dropped, accepted);
	CHECK_EQ(report.running, 0);
	CHECK_EQ(report.queued, 0);
	CHECK(mode == ROTA_DISCARD || !report.dropped);
	stats = stats_of(race.pool);
	CHECK_EQ(stats.submitted, accepted);
	CHECK_EQ(stats.queued, 0);
	end_pool(race.pool);
	CHECK_EQ(atomic_load(&race.ran) + atomic_load(&race.dropped), accepted);
}

TEST(a_close_that_races_submits_loses_no_job_and_adds_none)
{
	struct rng rng;

	rng_init(&rng, 1);
	for (unsigned round = 0; round < 400; round++)
		one_race(&rng, ROTA_DRAIN);
}

TEST(a_discard_that_races_submits_loses_no_job_and_adds_none)
{
	struct rng rng;

	rng_init(&rng, 2);
	for (unsigned round = 0; round < 400; round++)
		one_race(&rng, ROTA_DISCARD);
}

static void check_refused(struct rota_pool *pool, atomic_uint *ran)
{
	struct rota_job job = {count_run, ran};
	size_t accepted = 77;

	CHECK_EQ(rota_submit(pool, count_run, ran), -ESHUTDOWN);
	CHECK_EQ(rota_try_submit(pool, count_run, ran), -ESHUTDOWN);
	CHECK_EQ(rota_submit_until(pool, count_run, ran, ROTA_NO_DEADLINE),
			-ESHUTDOWN);
	CHECK_EQ(rota_submit_many(pool, &job, 1, &accepted), -ESHUTDOWN);
	CHECK_EQ(accepted, 77);
	CHECK_EQ(rota_submit_copy(pool, count_run, NULL, "x", 1), -ESHUTDOWN);
}

struct newcomer {
	struct rota_pool *pool;
	atomic_uint ran;
};

static void *newcomer_run(void *arg)
{
	struct newcomer *self = arg;

	check_refused(self->pool, &self->ran);
	return NULL;
}

TEST(the_first_submit_of_a_thread_is_refused_if_the_pool_is_closed)
{
	struct newcomer newcomer = {.pool = make_pool(2, 0, ROTA_FULL_FAIL)};
	struct rota_report report;
	struct blocker blocker;

	for (unsigned i = 0; i < 2; i++) {
		if (i == 1) { /* and one that has a worker left */
			newcomer.pool = make_pool(2, 0, ROTA_FULL_FAIL);
			blocker_hold(&blocker, newcomer.pool);
		}
		CHECK_EQ(rota_pool_close(newcomer.pool), 0);
		thread_join(thread_start(newcomer_run, &newcomer));
		sleep_ns(NS_PER_MS); /* for workers to go, or not yet */
		thread_join(thread_start(newcomer_run, &newcomer));
		check_refused(newcomer.pool, &newcomer.ran);
		if (i == 1)
			blocker_release(&blocker);
		CHECK_EQ(rota_pool_shutdown(newcomer.pool, ROTA_DRAIN,
					 ROTA_NO_DEADLINE, &report),
				0);
		check_refused(newcomer.pool, &newcomer.ran);
		CHECK_EQ(report.ran, i);
		CHECK_EQ(report.queued, 0);
		end_pool(newcomer.pool);
	}
	CHECK_EQ(atomic_load(&newcomer.ran), 0);
}

/* Jobs everywhere: in a submitter's lane, in the lanes of two held workers, and
 * in the chain, where the nested ones go that their lane has no room for. */
enum { NR_NESTED = 400, NR_OUTSIDE = 3000 };

static atomic_uint outcomes[2 * NR_NESTED + NR_OUTSIDE];

static void outcome_run(void *arg)
{
	atomic_fetch_add((atomic_uint *)arg, 1);
}

static void outcome_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)hook_arg;
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	atomic_fetch_add((atomic_uint *)job->arg, 16);
}

struct stock {
	struct rota_pool *pool;
	unsigned first;
	struct blocker blocker;
};

static void stock_run(void *arg)
{
	struct stock *stock = arg;

	for (unsigned i = 0; i < NR_NESTED; i++)
		CHECK_EQ(rota_submit(stock->pool, outcome_run,
					 &outcomes[stock->first + i]),
				0);
	blocker_run(&stock->blocker);
}

TEST(a_discard_drops_the_jobs_of_every_lane_and_of_the_chain)
{
	struct rota_options o = {
			.workers = 2,
			.on_drop = outcome_drop,
	};
	struct rota_pool *pool = make_pool_with(&o);
	unsigned nr = 0, nr_ran = 0;
	struct rota_report report;
	struct stock stocks[2];

	for (unsigned i = 0; i < 2; i++) {
		stocks[i].pool = pool;
		stocks[i].first = i * NR_NESTED;
		blocker_init(&stocks[i].blocker);
		CHECK_EQ(rota_submit(pool, stock_run, &stocks[i]), 0);
	}
	/* the second one may first run what the first one left */
	for (unsigned i = 0; i < 2; i++)
		latch_wait(&stocks[i].blocker.entered);
	for (; nr < NR_OUTSIDE; nr++)
		CHECK_EQ(rota_submit(pool, outcome_run,
					 &outcomes[2 * NR_NESTED + nr]),
				0);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, in_ms(20), &report),
			-ETIMEDOUT);
	CHECK_EQ(report.running, 2);
	CHECK_EQ(report.queued, 0); /* this thread has dropped them */
	for (unsigned i = 0; i < 2; i++)
		blocker_release(&stocks[i].blocker);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DRAIN, ROTA_NO_DEADLINE, &report),
			0);
	for (unsigned i = 0; i < 2 * NR_NESTED + NR_OUTSIDE; i++) {
		unsigned outcome = atomic_load(&outcomes[i]);

		CHECK(outcome == 1 || outcome == 16);
		CHECK(i < 2 * NR_NESTED || outcome == 16);
		nr_ran += outcome == 1;
	}
	CHECK_EQ(report.ran, nr_ran + 2);
	CHECK_EQ(report.ran + report.dropped, 2 * NR_NESTED + NR_OUTSIDE + 2);
	end_pool(pool);
}
