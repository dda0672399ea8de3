/* SPDX-License-Identifier: MIT */
/*
 * Threads that come and go, 1 to 80 at a time, submit bursts to a few pools,
 * while others drain, count and close: each job has one outcome, and with one
 * worker those of each thread start in order. In two forms: quiesce waits for
 * all jobs without any stop, drain lets the stop race them.
 */
#include <errno.h>
#include <sched.h>

#include "../support.h"

enum { MAX_POOLS = 3, MAX_AT_A_TIME = 80, MAX_VISITORS = 120, MAX_JOBS = 700 };

struct place {
	struct rota_pool *pool;
	bool is_ordered;
	atomic_ulong accepted, ran, dropped;
};

struct world {
	struct place places[MAX_POOLS];
	unsigned nr_places;
	struct watchdog *dog;
	atomic_bool is_over;
};

struct job {
	struct visitor *visitor;
	struct place *place;
	unsigned step;
	bool has_child;
	bool was_accepted;
	atomic_uchar outcomes;
};

struct visitor {
	struct world *world;
	struct rng rng;
	unsigned nr_jobs;
	unsigned last[MAX_POOLS]; /* plain: the only worker writes */
	struct job jobs[MAX_JOBS];
	pthread_t thread;
};

static struct visitor visitors[MAX_VISITORS];

static void child_run(void *arg)
{
	struct job *job = arg;

	atomic_fetch_add(&job->place->ran, 1);
	watchdog_feed(job->visitor->world->dog);
}

static void job_run(void *arg)
{
	struct job *job = arg;
	struct place *place = job->place;

	CHECK_EQ(atomic_fetch_add(&job->outcomes, 1), 0);
	if (place->is_ordered) {
		unsigned at = (unsigned)(place - job->visitor->world->places);

		CHECK(job->visitor->last[at] < job->step);
		job->visitor->last[at] = job->step;
	}
	if (job->has_child) {
		atomic_fetch_add(&place->accepted, 1);
		if (rota_submit(place->pool, child_run, job))
			atomic_fetch_sub(&place->accepted, 1);
	}
	atomic_fetch_add(&place->ran, 1);
	watchdog_feed(job->visitor->world->dog);
}

static void copy_run(void *arg)
{
	job_run(*(struct job **)arg);
}

static void count_drop(struct job *job)
{
	CHECK_EQ(atomic_fetch_add(&job->outcomes, 1), 0);
	atomic_fetch_add(&job->place->dropped, 1);
}

static void copy_drop(void *arg, enum rota_drop_reason reason)
{
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	count_drop(*(struct job **)arg);
}

static void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)hook_arg;
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	if (job->run == child_run)
		atomic_fetch_add(&((struct job *)job->arg)->place->dropped, 1);
	else
		count_drop(job->arg);
}

static void dawdle(struct rng *rng)
{
	unsigned kind = rng_below(rng, 64);

	if (kind < 4)
		sched_yield();
	else if (kind == 4)
		sleep_ns(rng_below(rng, 100000));
}

/* Submit the next jobs of this visitor, one way or the other. */
static unsigned submit_burst(struct visitor *self, unsigned from)
{
	struct world *world = self->world;
	struct place *place =
			&world->places[rng_below(&self->rng, world->nr_places)];
	unsigned nr = 1 +
		      rng_below(&self->rng, rng_below(&self->rng, 4) ? 8 : 400);
	bool is_many = rng_below(&self->rng, 3) == 0;
	struct rota_job many[400];
	size_t accepted = 0;

	if (nr > self->nr_jobs - from)
		nr = self->nr_jobs - from;
	for (unsigned i = 0; i < nr; i++) {
		self->jobs[from + i].place = place;
		many[i] = (struct rota_job){job_run, &self->jobs[from + i]};
	}
	if (!is_many) {
		struct job *job = &self->jobs[from];
		int error = rng_below(&self->rng, 2)
					    ? rota_submit(place->pool, job_run,
							      job)
					    : rota_submit_copy(place->pool,
							      copy_run,
							      copy_drop, &job,
							      sizeof(job));

		CHECK(error == 0 || error == -ESHUTDOWN);
		nr = 1;
		accepted = !error;
	} else if (rota_submit_many(place->pool, many, nr, &accepted)) {
		accepted = 0;
	}
	for (unsigned i = 0; i < accepted; i++)
		self->jobs[from + i].was_accepted = true;
	atomic_fetch_add(&place->accepted, accepted);
	return nr; /* the refused ones are not tried again */
}

static void *visitor_run(void *arg)
{
	struct visitor *self = arg;

	for (unsigned done = 0; done < self->nr_jobs;) {
		done += submit_burst(self, done);
		dawdle(&self->rng);
	}
	return NULL;
}

static void visitor_start(
		struct visitor *visitor, struct world *world, struct rng *rng)
{
	visitor->world = world;
	rng_init(&visitor->rng, rng_next(rng));
	visitor->nr_jobs =
			1 + rng_below(rng, rng_below(rng, 4) ? 40 : MAX_JOBS);
	for (unsigned i = 0; i < MAX_POOLS; i++)
		visitor->last[i] = 0;
	for (unsigned i = 0; i < visitor->nr_jobs; i++) {
		struct job *job = &visitor->jobs[i];

		job->visitor = visitor;
		job->step = i + 1;
		job->has_child = rng_below(rng, 16) == 0;
		job->was_accepted = false;
		atomic_store(&job->outcomes, 0);
	}
	visitor->thread = thread_start(visitor_run, visitor);
}

/* One who looks: nothing that it does changes an outcome. */
static void *onlooker_run(void *arg)
{
	struct world *world = arg;
	struct rng rng;
	int error;

	rng_init(&rng, 99);
	while (!atomic_load(&world->is_over)) {
		struct place *place = &world->places[rng_below(
				&rng, world->nr_places)];
		struct rota_stats stats = stats_of(place->pool);

		CHECK(stats.ran + stats.dropped <= stats.submitted);
		CHECK(stats.running <= stats.submitted);
		error = rota_pool_drain(place->pool,
				rng_below(&rng, 2)
						? 0
						: now_ns() + rng_below(&rng, 200000));
		CHECK(error == 0 || error == -ETIMEDOUT);
		dawdle(&rng);
	}
	return NULL;
}

static void stop_some(struct world *world, struct rng *rng)
{
	struct place *place = &world->places[rng_below(rng, world->nr_places)];
	int error = 0;

	switch (rng_below(rng, 4)) {
	case 0:
		CHECK_EQ(rota_pool_close(place->pool), 0);
		break;
	case 1:
		error = rota_pool_shutdown(place->pool, ROTA_DISCARD,
				now_ns() + rng_below(rng, 100000), NULL);
		break;
	default:
		error = rota_pool_shutdown(place->pool, ROTA_DRAIN,
				now_ns() + rng_below(rng, 1000000), NULL);
	}
	CHECK(error == 0 || error == -ETIMEDOUT);
}

static void make_places(struct world *world, struct rng *rng)
{
	world->nr_places = 1 + rng_below(rng, MAX_POOLS);
	for (unsigned i = 0; i < world->nr_places; i++) {
		struct rota_options o = {
				.workers = rng_below(rng, 2)
							   ? 1
							   : 1 + rng_below(rng, 8),
				.on_drop = on_drop,
		};

		world->places[i].pool = make_pool_with(&o);
		world->places[i].is_ordered = o.workers == 1;
	}
}

static void end_place(struct place *place, bool quiesce)
{
	struct rota_report report;

	/* nothing but the jobs themselves wakes a worker here */
	while (quiesce && atomic_load(&place->ran) !=
					  atomic_load(&place->accepted))
		sleep_ns(50000);
	CHECK_EQ(rota_pool_shutdown(place->pool, ROTA_DRAIN, ROTA_NO_DEADLINE,
				 &report),
			0);
	CHECK_EQ(report.ran, atomic_load(&place->ran));
	CHECK_EQ(report.dropped, atomic_load(&place->dropped));
	CHECK_EQ(report.ran + report.dropped, atomic_load(&place->accepted));
	CHECK_EQ(report.queued + report.running, 0);
	CHECK_EQ(stats_of(place->pool).submitted, report.ran + report.dropped);
	end_pool(place->pool);
}

static void one_round(struct rng *rng, bool quiesce, struct watchdog *dog)
{
	struct world world = {.dog = dog};
	unsigned at_a_time = 1 + rng_below(rng, MAX_AT_A_TIME), joined = 0;
	unsigned nr = at_a_time + rng_below(rng, MAX_VISITORS - at_a_time + 1);
	unsigned stop_at = rng_below(rng, nr + 1);
	pthread_t onlooker;

	make_places(&world, rng);
	onlooker = thread_start(onlooker_run, &world);
	for (unsigned i = 0; i < nr; i++) {
		if (i >= at_a_time)
			thread_join(visitors[joined++].thread);
		visitor_start(&visitors[i], &world, rng);
		if (!quiesce && i >= stop_at && rng_below(rng, 8) == 0)
			stop_some(&world, rng);
	}
	if (!quiesce)
		stop_some(&world, rng);
	while (joined < nr)
		thread_join(visitors[joined++].thread);
	atomic_store(&world.is_over, true);
	thread_join(onlooker);
	for (unsigned i = 0; i < world.nr_places; i++)
		end_place(&world.places[i], quiesce);
	for (unsigned i = 0; i < nr; i++)
		for (unsigned k = 0; k < visitors[i].nr_jobs; k++)
			CHECK_EQ(atomic_load(&visitors[i].jobs[k].outcomes),
					visitors[i].jobs[k].was_accepted);
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

TEST_WITHIN(threads_come_and_go_and_all_that_they_submit_runs, 60)
{
	many_rounds(true, 1);
}

TEST_WITHIN(threads_come_and_go_while_their_pools_are_stopped, 60)
{
	many_rounds(false, 2);
}
