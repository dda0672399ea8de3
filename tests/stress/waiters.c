/* SPDX-License-Identifier: MIT */
/* Drains of all patience beside each other and beside random work. */
#include <errno.h>
#include <sched.h>

#include "../support.h"

enum { NR_WAITERS = 6, NR_SUBMITTERS = 2 };

struct field {
	struct rota_pool *pool;
	struct watchdog *dog;
	atomic_bool is_over;
};

struct actor {
	struct field *field;
	struct rng rng;
	unsigned long nr_timeouts, nr_rests;
	pthread_t thread;
};

static void short_run(void *arg)
{
	struct field *field = arg;

	watchdog_feed(field->dog);
}

static void resubmit_run(void *arg)
{
	struct field *field = arg;

	CHECK_EQ(rota_submit(field->pool, short_run, field), 0);
	watchdog_feed(field->dog);
}

static void long_run(void *arg)
{
	sleep_ns(100000);
	short_run(arg);
}

/* A burst, then a rest that is long enough for patient waiters. */
static void *submitter_run(void *arg)
{
	static const rota_run_fn runs[] = {short_run, resubmit_run, long_run};
	struct actor *self = arg;
	unsigned i;

	while (!atomic_load(&self->field->is_over)) {
		for (i = rng_below(&self->rng, 12); i > 0; i--)
			CHECK_EQ(rota_submit(self->field->pool,
						 runs[rng_below(&self->rng, 9) %
								 5 / 2],
						 self->field),
					0);
		sleep_ns(rng_below(&self->rng, 600000));
	}
	return NULL;
}

static void *waiter_run(void *arg)
{
	struct actor *self = arg;
	uint64_t deadline;
	int error;

	while (!atomic_load(&self->field->is_over)) {
		deadline = ROTA_NO_DEADLINE;
		if (rng_below(&self->rng, 2))
			deadline = now_ns() + rng_below(&self->rng, 400000);
		error = rota_pool_drain(self->field->pool, deadline);
		if (error == -ETIMEDOUT) {
			CHECK(now_ns() >= deadline);
			self->nr_timeouts++;
		} else {
			CHECK_EQ(error, 0);
			self->nr_rests++;
		}
		if (rng_below(&self->rng, 4) == 0)
			sleep_ns(rng_below(&self->rng, 200000));
	}
	return NULL;
}

static void act(bool quiesce, uint64_t stream)
{
	struct watchdog dog;
	struct field field = {
			.pool = make_pool(3, 0, ROTA_FULL_FAIL), .dog = &dog};
	struct actor actors[NR_WAITERS + NR_SUBMITTERS] = {0};
	unsigned long timeouts = 0, rests = 0;
	uint64_t end = stress_end_ns();
	int i;

	watchdog_start(&dog, field.pool);
	for (i = 0; i < NR_WAITERS + NR_SUBMITTERS; i++) {
		actors[i].field = &field;
		rng_init(&actors[i].rng, stream + (uint64_t)i);
		actors[i].thread = thread_start(
				i < NR_WAITERS ? waiter_run : submitter_run,
				&actors[i]);
	}
	while (now_ns() < end)
		sleep_ns(10 * NS_PER_MS);
	atomic_store(&field.is_over, true);
	for (i = 0; i < NR_WAITERS + NR_SUBMITTERS; i++) {
		thread_join(actors[i].thread);
		timeouts += actors[i].nr_timeouts;
		rests += actors[i].nr_rests;
	}
	if (quiesce)
		check_rest(field.pool);
	watchdog_stop(&dog);
	end_pool(field.pool);
	CHECK(rests > 0);
	test_note("%lu timeouts, %lu rests", timeouts, rests);
}

TEST_WITHIN(drains_of_all_patience_return_while_others_submit, 60)
{
	act(true, 1);
}

TEST_WITHIN(a_destroy_follows_the_last_drain_at_once, 60)
{
	act(false, 100);
}

struct exact {
	struct rota_pool *pool;
	struct watchdog *dog;
	uint64_t end;
	struct rng rng;
	pthread_t thread;
};

static void mark_run(void *arg)
{
	*(unsigned *)arg += 1; /* plain: the drain orders it */
}

/* After a drain, all that this thread submitted before it has run. */
static void *exact_run(void *arg)
{
	struct exact *self = arg;

	do {
		unsigned marks[16] = {0};
		unsigned nr = 1 + rng_below(&self->rng, 16), i;

		for (i = 0; i < nr; i++)
			CHECK_EQ(rota_submit(self->pool, mark_run, &marks[i]),
					0);
		CHECK_EQ(rota_pool_drain(self->pool, ROTA_NO_DEADLINE), 0);
		for (i = 0; i < nr; i++)
			CHECK_EQ(marks[i], 1);
		watchdog_feed(self->dog);
	} while (now_ns() < self->end);
	return NULL;
}

TEST_WITHIN(after_a_drain_all_that_was_submitted_before_it_has_run, 60)
{
	enum { NR = 4 };
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct exact exacts[NR];
	struct watchdog dog;
	int i;

	watchdog_start(&dog, pool);
	for (i = 0; i < NR; i++) {
		exacts[i] = (struct exact){.pool = pool,
				.dog = &dog,
				.end = stress_end_ns()};
		rng_init(&exacts[i].rng, 200 + (uint64_t)i);
		exacts[i].thread = thread_start(exact_run, &exacts[i]);
	}
	for (i = 0; i < NR; i++)
		thread_join(exacts[i].thread);
	watchdog_stop(&dog);
	check_rest(pool);
	end_pool(pool);
}
