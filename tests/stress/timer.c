/* SPDX-License-Identifier: MIT */
/* Timers that many threads start and stop while they beat, and a close. */
#include <errno.h>
#include <stdlib.h>

#include "../support.h"

enum { NR_THREADS = 3 };

/* Alone, awaited before the next: a wake-up that is lost stops it. */
static void one_by_one(unsigned most_us)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	uint64_t end = stress_end_ns();
	struct watchdog dog;
	atomic_uint ran = 0;
	struct rng rng;
	unsigned nr = 0;

	rng_init(&rng, most_us);
	watchdog_start(&dog, pool);
	/* something due later, so that the thread sleeps with a deadline */
	CHECK_EQ(rota_submit_at(pool, nothing_run, NULL, in_ms(3600000)), 0);
	do {
		unsigned turns = rng_below(&rng, 2000);
		uint64_t when_ns = now_ns();

		when_ns += most_us ? rng_below(&rng, most_us * 1000) : 0;
		CHECK_EQ(rota_submit_at(pool, count_run, &ran, when_ns), 0);
		nr++;
		while (atomic_load_explicit(&ran, memory_order_relaxed) != nr)
			;
		watchdog_feed(&dog);
		while (turns--)
			atomic_signal_fence(memory_order_seq_cst);
	} while (now_ns() < end);
	watchdog_stop(&dog);
	test_note("%u jobs", nr);
	end_pool(pool);
}

TEST_WITHIN(a_timer_thread_about_to_sleep_sees_what_is_due_at_once, 60)
{
	one_by_one(0);
}

TEST_WITHIN(a_timer_thread_about_to_sleep_sees_what_is_due_soon, 60)
{
	one_by_one(100);
}

struct field {
	struct rota_pool *pool;
	struct watchdog dog;
	uint64_t end;
	atomic_ulong accepted, ran, dropped;
	atomic_uint streams;
};

/* Freed as soon as its timer is stopped: a late run is a use after free. */
struct beat {
	struct field *field;
	uint64_t first_ns;
	unsigned runs;
	atomic_uint is_stopped;
};

static void beat_run(void *arg)
{
	struct beat *beat = arg;

	CHECK(now_ns() >= beat->first_ns);
	CHECK(!atomic_load(&beat->is_stopped));
	beat->runs++;
	watchdog_feed(&beat->field->dog);
}

static void once_run(void *arg)
{
	struct field *field = arg;

	atomic_fetch_add(&field->ran, 1);
	watchdog_feed(&field->dog);
}

static void once_dropped(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	if (job->run == once_run)
		atomic_fetch_add(&((struct field *)hook_arg)->dropped, 1);
}

static void stop(struct beat *beat, struct rota_timer *timer, struct rng *rng)
{
	uint64_t deadline = rng_below(rng, 2) ? 0 : ROTA_NO_DEADLINE;
	int error;

	do {
		error = rota_timer_stop(timer, deadline);
		CHECK(!error || (error == -EBUSY && !deadline));
	} while (error);
	atomic_store(&beat->is_stopped, 1);
	free(beat);
}

static void *actor_run(void *arg)
{
	struct field *field = arg;
	struct rng rng;
	int error = 0;

	rng_init(&rng, atomic_fetch_add(&field->streams, 1));
	while (now_ns() < field->end && error != -ESHUTDOWN) {
		uint64_t delay_ns = rng_below(&rng, 300000);
		struct beat *beat = malloc(sizeof(*beat));
		struct rota_timer *timer;

		*beat = (struct beat){field, now_ns() + delay_ns, 0, 0};
		error = rota_timer_start(field->pool, beat_run, beat,
				beat->first_ns, rng_below(&rng, 4) * 50000,
				&timer);
		if (error) {
			CHECK_EQ(error, -ESHUTDOWN);
			free(beat);
			break;
		}
		error = rota_submit_at(field->pool, once_run, field,
				now_ns() + delay_ns);
		CHECK(!error || error == -ESHUTDOWN);
		if (!error)
			atomic_fetch_add(&field->accepted, 1);
		if (rng_below(&rng, 4))
			sleep_ns(rng_below(&rng, 400000));
		stop(beat, timer, &rng);
	}
	return NULL;
}

static void act(struct field *field, unsigned close_after_us)
{
	struct rota_options o = {.workers = 2,
			.on_drop = once_dropped,
			.hook_arg = field};
	pthread_t threads[NR_THREADS];
	struct rota_report report;
	int i;

	field->pool = make_pool_with(&o);
	watchdog_start(&field->dog, NULL);
	for (i = 0; i < NR_THREADS; i++)
		threads[i] = thread_start(actor_run, field);
	if (close_after_us) {
		sleep_ns(close_after_us * 1000);
		CHECK_EQ(rota_pool_shutdown(field->pool,
					 close_after_us % 2 ? ROTA_DRAIN
							    : ROTA_DISCARD,
					 ROTA_NO_DEADLINE, &report),
				0);
		CHECK_EQ(report.queued + report.running, 0);
		CHECK_EQ(stats_of(field->pool).submitted,
				report.ran + report.dropped);
	}
	for (i = 0; i < NR_THREADS; i++)
		thread_join(threads[i]);
	if (!close_after_us)
		CHECK(wait_until(atomic_load(&field->ran) ==
						 atomic_load(&field->accepted),
				TEST_WAIT_MS));
	watchdog_stop(&field->dog);
	end_pool(field->pool);
	CHECK_EQ(atomic_load(&field->ran) + atomic_load(&field->dropped),
			atomic_load(&field->accepted));
}

TEST_WITHIN(timers_that_are_started_and_stopped_at_random_run_while_they_may,
		60)
{
	struct field field = {.end = stress_end_ns()};

	act(&field, 0);
	CHECK(atomic_load(&field.ran) > 0);
	CHECK_EQ(atomic_load(&field.dropped), 0);
	test_note("%lu jobs", atomic_load(&field.ran));
}

TEST_WITHIN(each_job_for_later_has_one_outcome_when_the_pool_shuts_down, 60)
{
	uint64_t end = stress_end_ns();
	unsigned long ran = 0, dropped = 0;
	struct rng rng;

	rng_init(&rng, 77);
	do {
		struct field field = {.end = UINT64_MAX};

		act(&field, 1 + rng_below(&rng, 2000));
		ran += atomic_load(&field.ran);
		dropped += atomic_load(&field.dropped);
	} while (now_ns() < end);
	test_note("%lu ran, %lu dropped", ran, dropped);
}

static void *first_run(void *arg)
{
	struct field *field = arg;
	int error = rota_submit_at(field->pool, once_run, field, 0);

	CHECK(!error || error == -ESHUTDOWN);
	if (!error)
		atomic_fetch_add(&field->accepted, 1);
	return NULL;
}

/* The thread that it starts may find the pool closed, and end before the job
 * comes. */
TEST_WITHIN(the_first_job_for_later_may_race_a_close, 60)
{
	uint64_t end = stress_end_ns();
	unsigned nr_accepted = 0, nr_dropped = 0, rounds = 0;
	struct rng rng;

	rng_init(&rng, 78);
	do {
		struct field field = {0};
		struct rota_options o = {
				.workers = 1,
				.on_drop = once_dropped,
				.hook_arg = &field,
		};
		pthread_t thread;

		field.pool = make_pool_with(&o);
		atomic_init(&field.dog.progress, 0);
		thread = thread_start(first_run, &field);
		sleep_ns(rng_below(&rng, 100000));
		CHECK_EQ(rota_pool_close(field.pool), 0);
		thread_join(thread);
		end_pool(field.pool);
		CHECK_EQ(atomic_load(&field.ran) + atomic_load(&field.dropped),
				atomic_load(&field.accepted));
		nr_accepted += (unsigned)atomic_load(&field.accepted);
		nr_dropped += (unsigned)atomic_load(&field.dropped);
		rounds++;
	} while (now_ns() < end);
	test_note("%u rounds, %u accepted, %u dropped", rounds, nr_accepted,
			nr_dropped);
}
