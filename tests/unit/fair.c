/* SPDX-License-Identifier: MIT */
/* No job waits behind a slow one while a worker is free, none for ever behind a
 * flood, and each submitter's jobs start in order. */
#include <errno.h>
#include <stdlib.h>

#include "../../runtime/tune.h"
#include "../support.h"

/* One of several jobs blocks until all the others have run, or else. */
enum { NR_JOBS = 201 };

enum form { ONE_BY_ONE, MANY, COPIED, NESTED };

struct batch {
	struct rota_pool *pool;
	enum form form;
	unsigned slow; /* its place */
	struct latch others;
	struct latch slow_one;
};

struct part {
	struct batch *batch;
	unsigned place;
};

static struct part parts[NR_JOBS];

static void part_run(void *arg)
{
	struct part *part = arg;

	if (part->place == part->batch->slow) {
		latch_wait(&part->batch->others);
		latch_down(&part->batch->slow_one);
	} else {
		latch_down(&part->batch->others);
	}
}

static void submit_parts(struct batch *batch)
{
	struct rota_job jobs[NR_JOBS];
	size_t accepted;

	for (unsigned i = 0; i < NR_JOBS; i++) {
		parts[i] = (struct part){batch, i};
		jobs[i] = (struct rota_job){part_run, &parts[i]};
	}
	if (batch->form == MANY) {
		CHECK_EQ(rota_submit_many(
					 batch->pool, jobs, NR_JOBS, &accepted),
				0);
		CHECK_EQ(accepted, NR_JOBS);
		return;
	}
	for (unsigned i = 0; i < NR_JOBS; i++)
		if (batch->form == COPIED)
			CHECK_EQ(rota_submit_copy(batch->pool, part_run, NULL,
						 &parts[i], sizeof(parts[i])),
					0);
		else
			CHECK_EQ(rota_submit(batch->pool, part_run, &parts[i]),
					0);
}

static void nested_run(void *arg)
{
	submit_parts(arg);
}

static void batch_begin(struct batch *batch)
{
	latch_init(&batch->others, NR_JOBS - 1);
	latch_init(&batch->slow_one, 1);
	if (batch->form == NESTED)
		CHECK_EQ(rota_submit(batch->pool, nested_run, batch), 0);
	else
		submit_parts(batch);
}

static void no_job_waits(enum form form)
{
	struct batch batch = {
			.pool = make_pool(2, 0, ROTA_FULL_FAIL), .form = form};

	for (batch.slow = 0; batch.slow < NR_JOBS; batch.slow++) {
		batch_begin(&batch);
		latch_wait(&batch.slow_one);
		if (batch.slow % 8 == 0)
			wait_all_parked(batch.pool);
	}
	check_rest(batch.pool);
	end_pool(batch.pool);
}

TEST(no_job_waits_behind_a_slow_one_if_submitted_one_by_one)
{
	no_job_waits(ONE_BY_ONE);
}

TEST(no_job_waits_behind_a_slow_one_if_many_are_submitted_at_once)
{
	no_job_waits(MANY);
}

TEST(no_job_waits_behind_a_slow_one_if_copied)
{
	no_job_waits(COPIED);
}

TEST(no_job_waits_behind_a_slow_one_if_submitted_by_a_job)
{
	no_job_waits(NESTED);
}

TEST(no_job_waits_behind_a_slow_one_while_the_pool_closes)
{
	struct batch batch = {.form = ONE_BY_ONE};

	for (batch.slow = 0; batch.slow < NR_JOBS; batch.slow++) {
		batch.pool = make_pool(2, 0, ROTA_FULL_FAIL);
		batch.form = batch.slow % 2 ? ONE_BY_ONE : MANY;
		batch_begin(&batch);
		CHECK_EQ(rota_pool_shutdown(batch.pool, ROTA_DRAIN,
					 in_ms(TEST_WAIT_MS), NULL),
				0);
		latch_wait(&batch.slow_one);
		end_pool(batch.pool);
	}
}

/* Floods, which keep a backlog, and one job of another submitter now and then:
 * how many of the others start before it? */
enum { BACKLOG = 20000, NR_PROBES = 300, FAIR = 4096 };
/* if one is the oldest of nested jobs */
enum { DEEP = 2 * DEEP_TURN * OWN_TURN };

struct flood {
	struct rota_pool *pool;
	atomic_bool is_over;
	atomic_ulong nr_submitted, nr_ran;
	pthread_t thread;
};

static void drop_run(void *arg)
{
	struct flood *flood = arg;

	atomic_fetch_add(&flood->nr_ran, 1);
}

static void *flood_run(void *arg)
{
	struct flood *flood = arg;

	while (!atomic_load(&flood->is_over))
		if (atomic_load(&flood->nr_submitted) -
						atomic_load(&flood->nr_ran) <
				BACKLOG) {
			atomic_fetch_add(&flood->nr_submitted, 1);
			CHECK_EQ(rota_submit(flood->pool, drop_run, flood), 0);
		}
	return NULL;
}

/* A job that is there again as soon as it has run. */
static void again_run(void *arg)
{
	struct flood *flood = arg;

	atomic_fetch_add(&flood->nr_ran, 1);
	if (!atomic_load(&flood->is_over))
		CHECK_EQ(rota_submit(flood->pool, again_run, flood), 0);
}

struct probe {
	struct flood *flood;
	unsigned long started_at; /* others that ran before it */
	atomic_bool has_run;
};

static void probe_run(void *arg)
{
	struct probe *probe = arg;

	probe->started_at = atomic_load(&probe->flood->nr_ran);
	atomic_store(&probe->has_run, true);
}

static void wait_bounded(
		unsigned nr_flooders, unsigned nr_again, unsigned bound)
{
	struct flood flood = {.pool = make_pool(1, 0, ROTA_FULL_FAIL)};
	pthread_t flooders[4];
	unsigned long most = 0;

	for (unsigned i = 0; i < nr_flooders; i++)
		flooders[i] = thread_start(flood_run, &flood);
	for (unsigned i = 0; i < nr_again; i++)
		CHECK_EQ(rota_submit(flood.pool, again_run, &flood), 0);
	CHECK(wait_until(atomic_load(&flood.nr_ran) > 1000, TEST_WAIT_MS));
	for (unsigned i = 0; i < NR_PROBES; i++) {
		struct probe probe = {.flood = &flood};
		unsigned long at;

		CHECK_EQ(rota_submit(flood.pool, probe_run, &probe), 0);
		/* read late: what ran meanwhile is not held against it */
		at = atomic_load(&flood.nr_ran);
		CHECK(wait_until(atomic_load(&probe.has_run), TEST_WAIT_MS));
		if (probe.started_at > at && probe.started_at - at > most)
			most = probe.started_at - at;
	}
	atomic_store(&flood.is_over, true);
	for (unsigned i = 0; i < nr_flooders; i++)
		thread_join(flooders[i]);
	check_rest(flood.pool);
	end_pool(flood.pool);
	test_note("at most %lu others before it", most);
	/* in a queue for all, what is queued comes first */
	CHECK(most <= bound + (getenv("ROTA_TEST_CHANNEL") ? nr_flooders * BACKLOG +
									      nr_again
							   : 0));
}

TEST(a_job_waits_for_a_bounded_number_of_others_beside_a_flood)
{
	wait_bounded(1, 0, FAIR);
}

TEST(a_job_waits_for_a_bounded_number_of_others_beside_several_floods)
{
	wait_bounded(4, 0, FAIR);
}

TEST(a_job_waits_for_a_bounded_number_of_others_beside_one_that_comes_again)
{
	wait_bounded(0, 1, FAIR);
}

TEST(a_job_waits_for_a_bounded_number_of_others_beside_many_that_come_again)
{
	wait_bounded(0, 200, FAIR);
}

TEST(a_job_waits_for_a_bounded_number_of_others_beside_very_many)
{
	wait_bounded(0, LANE_OWN_SLOTS + 44, FAIR);
}

TEST(a_job_waits_for_a_bounded_number_of_others_beside_both)
{
	wait_bounded(2, 3, FAIR);
}

struct elder {
	struct flood flood;
	struct probe probe;
};

/* Submits a job, then itself for ever. */
static void elder_run(void *arg)
{
	struct elder *elder = arg;

	CHECK_EQ(rota_submit(elder->flood.pool, probe_run, &elder->probe), 0);
	again_run(&elder->flood);
}

TEST(a_job_behind_one_that_comes_again_waits_for_a_bounded_number_of_others)
{
	struct elder elder = {
			.flood = {.pool = make_pool(1, 0, ROTA_FULL_FAIL)},
			.probe = {.flood = &elder.flood},
	};

	CHECK_EQ(rota_submit(elder.flood.pool, elder_run, &elder), 0);
	CHECK(wait_until(atomic_load(&elder.probe.has_run), TEST_WAIT_MS));
	atomic_store(&elder.flood.is_over, true);
	check_rest(elder.flood.pool);
	test_note("%lu others before it", elder.probe.started_at);
	CHECK(elder.probe.started_at <= DEEP);
	end_pool(elder.flood.pool);
}

enum { NR_SUBMITTERS = 4, NR_STEPS = 100000 };

struct stepper {
	struct rota_pool *pool;
	unsigned line;
	pthread_t thread;
};

static void *stepper_run(void *arg)
{
	struct stepper *self = arg;

	for (unsigned step = 1; step <= NR_STEPS; step++)
		CHECK_EQ(rota_submit(self->pool, step_run,
					 step_of(self->line, step)),
				0);
	return NULL;
}

static void each_in_order(bool is_held)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct stepper steppers[NR_SUBMITTERS];
	struct blocker blocker;

	if (is_held)
		blocker_hold(&blocker, pool);
	for (unsigned i = 0; i < NR_SUBMITTERS; i++) {
		steppers[i] = (struct stepper){.pool = pool, .line = i};
		steppers[i].thread = thread_start(stepper_run, &steppers[i]);
	}
	for (unsigned i = 0; i < NR_SUBMITTERS; i++)
		thread_join(steppers[i].thread);
	if (is_held)
		blocker_release(&blocker);
	check_rest(pool);
	for (unsigned i = 0; i < NR_SUBMITTERS; i++)
		CHECK_EQ(steps_done(i), NR_STEPS);
	end_pool(pool);
}

TEST(each_submitter_keeps_its_order_while_the_worker_keeps_up)
{
	each_in_order(false);
}

TEST(each_submitter_keeps_its_order_while_all_jobs_pile_up)
{
	each_in_order(true);
}
