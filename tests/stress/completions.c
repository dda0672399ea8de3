/* SPDX-License-Identifier: MIT */
/*
 * Workers push while a loop reaps. The loop sleeps in poll() without a timeout:
 * a completion that does not make the descriptor readable stops it, and the
 * watchdog ends the case.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>

#include "../support.h"

enum { NR_SUBMITTERS = 3, CAPACITY = 64 };

struct field {
	struct rota_pool *pool;
	struct rota_completions *cq;
	struct watchdog dog;
	uint64_t end;
};

static intptr_t value_run(void *arg)
{
	return (intptr_t)arg + 1;
}

static void await_readable(struct field *field)
{
	struct pollfd poll_fd = {rota_completions_fd(field->cq), POLLIN, 0};

	CHECK_EQ(poll(&poll_fd, 1, -1), 1);
}

/* Some ten nanoseconds to some microseconds: to where the loop clears. */
static void gap(struct rng *rng)
{
	unsigned turns = rng_below(rng, rng_below(rng, 8) ? 300 : 4000);

	while (turns--)
		atomic_signal_fence(memory_order_seq_cst);
}

/* Few at a time, all awaited before the next ones: nothing else wakes it. */
static void quiesce(unsigned workers, size_t nr_at_once)
{
	struct field field = {
			.pool = make_pool(workers, 0, ROTA_FULL_FAIL),
			.end = stress_end_ns(),
	};
	struct rota_completion completions[8];
	unsigned rounds = 0, wakes = 0;
	struct rng rng;

	CHECK_EQ(rota_completions_create(8, &field.cq), 0);
	rng_init(&rng, workers);
	watchdog_start(&field.dog, field.pool);
	do {
		intptr_t nr = 1 + rng_below(&rng, 8), sum = 0, i;
		int left = (int)nr, reaped;

		for (i = 0; i < nr; i++) {
			CHECK_EQ(rota_completions_submit(field.cq, field.pool,
						 value_run, (void *)i, NULL),
					0);
			gap(&rng);
		}
		while (left) {
			await_readable(&field);
			reaped = rota_completions_reap(
					field.cq, completions, nr_at_once);
			CHECK(reaped >= 0 && reaped <= left);
			left -= reaped;
			while (reaped--)
				sum += completions[reaped].result;
			wakes++;
		}
		CHECK_EQ(sum, nr * (nr + 1) / 2);
		watchdog_feed(&field.dog);
		rounds++;
	} while (now_ns() < field.end);
	/* the last job's worker may be in its write: destroy waits for it */
	CHECK_EQ(rota_completions_destroy(field.cq), 0);
	watchdog_stop(&field.dog);
	test_note("%u rounds, %u wakes", rounds, wakes);
	end_pool(field.pool);
}

TEST_WITHIN(a_loop_that_sleeps_is_told_of_each_completion_of_one_worker, 60)
{
	quiesce(1, 8);
}

TEST_WITHIN(a_loop_that_sleeps_is_told_of_each_completion_of_four_workers, 60)
{
	quiesce(4, 8);
}

TEST_WITHIN(a_loop_that_reaps_two_at_a_time_is_told_of_the_rest, 60)
{
	quiesce(2, 2);
}

TEST_WITHIN(a_queue_may_go_right_after_its_last_reap, 60)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	uint64_t end = stress_end_ns();
	unsigned rounds = 0;

	do {
		struct rota_completions *cq;
		struct rota_completion completion;

		CHECK_EQ(rota_completions_create(1, &cq), 0);
		CHECK_EQ(rota_completions_submit(
					 cq, pool, value_run, NULL, NULL),
				0);
		while (rota_completions_reap(cq, &completion, 1) == 0)
			sched_yield();
		CHECK_EQ(rota_completions_destroy(cq), 0);
		rounds++;
	} while (now_ns() < end);
	test_note("%u rounds", rounds);
	end_pool(pool);
}

struct submitter {
	struct field *field;
	struct rng rng;
	unsigned long accepted, refused;
	pthread_t thread;
};

static void *submitter_run(void *arg)
{
	struct submitter *self = arg;

	while (now_ns() < self->field->end) {
		int error = rota_completions_submit(self->field->cq,
				self->field->pool, value_run,
				(void *)self->accepted, self);

		self->accepted += !error;
		self->refused += error != 0;
		if (error)
			sched_yield();
		CHECK(!error || error == -EAGAIN || error == -ESHUTDOWN);
	}
	return NULL;
}

/* A signal that makes a submitter sleep wherever it is, mid-submit too. */
static void stumble(int sig)
{
	struct timespec pause = {0, 100000};

	(void)sig;
	nanosleep(&pause, NULL);
}

/* Submitters race for places with the reaping that frees them, and with a
 * shutdown: each accepted job has its completion, no place is lost. They
 * stumble while others take and free the few places there are. */
static void contend(unsigned capacity, bool discards)
{
	struct sigaction action = {.sa_handler = stumble};
	struct field field = {
			.pool = make_pool(2, 2, ROTA_FULL_DROP_OLDEST),
			.end = stress_end_ns(),
	};
	struct submitter submitters[NR_SUBMITTERS] = {0};
	struct rota_completion completions[CAPACITY];
	unsigned long accepted = 0, refused = 0, ran = 0, dropped = 0;
	struct rng rng;
	int i, reaped;

	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	CHECK_EQ(rota_completions_create(capacity, &field.cq), 0);
	watchdog_start(&field.dog, field.pool);
	rng_init(&rng, capacity);
	for (i = 0; i < NR_SUBMITTERS; i++) {
		submitters[i].field = &field;
		submitters[i].thread =
				thread_start(submitter_run, &submitters[i]);
	}
	while (now_ns() < field.end) {
		reaped = rota_completions_reap(field.cq, completions, 3);
		CHECK(reaped >= 0);
		while (reaped--)
			if (completions[reaped].dropped)
				dropped++;
			else
				ran++;
		watchdog_feed(&field.dog);
		if (rng_below(&rng, 64) == 0)
			pthread_kill(submitters[rng_below(&rng, NR_SUBMITTERS)]
							.thread,
					SIGUSR1);
		if (discards && ran > 1000)
			break;
	}
	if (discards)
		CHECK_EQ(rota_pool_shutdown(field.pool, ROTA_DISCARD,
					 ROTA_NO_DEADLINE, NULL),
				0);
	for (i = 0; i < NR_SUBMITTERS; i++) {
		thread_join(submitters[i].thread);
		accepted += submitters[i].accepted;
		refused += submitters[i].refused;
	}
	check_rest(field.pool);
	reaped = rota_completions_reap(field.cq, completions, CAPACITY);
	CHECK(reaped >= 0);
	while (reaped--)
		if (completions[reaped].dropped)
			dropped++;
		else
			ran++;
	CHECK_EQ(ran + dropped, accepted);
	CHECK_EQ(stats_of(field.pool).ran, ran);
	CHECK_EQ(stats_of(field.pool).dropped, dropped);
	CHECK_EQ(rota_completions_destroy(field.cq), 0); /* all are free */
	watchdog_stop(&field.dog);
	test_note("%lu ran, %lu dropped, %lu refused", ran, dropped, refused);
	end_pool(field.pool);
}

TEST_WITHIN(each_job_that_many_threads_submit_has_one_completion, 60)
{
	contend(4, false);
}

TEST_WITHIN(each_job_that_a_discard_meets_has_one_completion, 60)
{
	contend(CAPACITY, true);
}
