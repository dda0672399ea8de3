/* SPDX-License-Identifier: MIT */
/*
 * Does each submitter, and each worker, get its share while all are busy, and
 * do jobs start in order?
 *
 * P threads flood the pool for a while; each has at most --room jobs under way,
 * so what a thread gets through is what the pool served it. Each job knows its
 * submitter and its number there. Counted are the jobs that each worker ran and
 * that each submitter had run when the flood ends, and, with one worker, those
 * that started before an earlier one of their submitter (with several workers
 * nobody can tell from outside).
 * Bounds: Jain's index (shares.h) of 1, no inversion. It fails if a pool that
 * promises order inverts, or if somebody is starved: a submitter or a worker
 * that got no job at all, though the flood went on for --patience-ms more to
 * give it one. Workers are judged if a job takes 1 us or more: of shorter ones
 * fewer may be enough.
 * One process makes one measurement and prints one line of JSON.
 */
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdbool.h>

#include "clock.h"
#include "options.h"
#include "shares.h"
#include "stalled.h"
#include "subject.h"
#include "tally.h"
#include "work.h"

#define PRODUCERS_MAX 64
#define NR_SHIFT      48 /* an id: the submitter above, its number below */
#define LOOK_NS	      1000000u

static struct {
	uint64_t producers, workers, ms, patience_ms, job_ns, room;
	uint64_t steps_per_us, seed;
} options = {
		.producers = 4,
		.workers = 4,
		.ms = 200,
		.patience_ms = 3000,
		.job_ns = 1000,
		.room = 1024,
};

static const struct option known_options[] = {
		{"producers", &options.producers, 1, PRODUCERS_MAX},
		{"workers", &options.workers, 1, 511},
		{"ms", &options.ms, 1, 60000},
		{"patience-ms", &options.patience_ms, 0, 60000},
		{"job-ns", &options.job_ns, 0, 1000000},
		{"room", &options.room, 1, 1u << 20},
		{"steps-per-us", &options.steps_per_us, 0, 1000000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

/* What one thread that runs jobs counts; others read it. */
struct row {
	alignas(128) _Atomic uint64_t ran[PRODUCERS_MAX];
	uint64_t next[PRODUCERS_MAX]; /* of one worker: the number due */
	uint64_t inversions;
};

static struct bench_pool *pool;
static uint64_t job_steps;
static struct row *rows; /* as those of the tally */
static _Atomic bool is_over;
static uint64_t submitted[PRODUCERS_MAX];

static void run_job(void *arg)
{
	uint64_t id = (uintptr_t)arg;
	uint64_t producer = id >> NR_SHIFT;
	uint64_t number = id & ((UINT64_C(1) << NR_SHIFT) - 1);
	struct row *row;

	work(job_steps);
	tally_job(id);
	row = &rows[tally_mine - tally_of];
	if (number < row->next[producer])
		row->inversions++;
	else
		row->next[producer] = number + 1;
	atomic_store_explicit(&row->ran[producer],
			atomic_load_explicit(&row->ran[producer],
					memory_order_relaxed) +
					1,
			memory_order_release);
}

static unsigned nr_rows(void)
{
	return atomic_load_explicit(&tally_threads, memory_order_relaxed);
}

static uint64_t ran_of(uint64_t producer)
{
	uint64_t ran = 0;

	for (unsigned i = 0; i < nr_rows(); i++)
		ran += atomic_load_explicit(
				&rows[i].ran[producer], memory_order_acquire);
	return ran;
}

static void *producer_main(void *arg)
{
	uint64_t producer = (uintptr_t)arg, number = 0, ran = 0;
	uint64_t moved_ns = now_ns();

	while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
		uint64_t id = producer << NR_SHIFT | number;
		int error;

		if (number - ran >= options.room) {
			uint64_t now_ran = ran_of(producer);

			if (now_ran != ran)
				moved_ns = now_ns();
			else if (now_ns() - moved_ns > STALLED_NS)
				fail("no job returned for long, some are lost",
						-EIO);
			ran = now_ran;
			if (number - ran >= options.room)
				sched_yield();
			continue;
		}
		error = ops->submit(pool, run_job, (void *)(uintptr_t)id);
		if (error)
			fail("submit", error);
		number++;
	}
	submitted[producer] = number;
	return NULL;
}

/* All W workers count, those that ran nothing too. */
static struct shares shares_of_workers(void)
{
	struct shares shares = {0};
	uint64_t nr = nr_rows();

	for (unsigned i = 0; i < nr || i < options.workers; i++)
		shares_add(&shares, atomic_load_explicit(&tally_of[i].count,
						    memory_order_acquire));
	return shares;
}

static struct shares shares_of_producers(void)
{
	struct shares shares = {0};

	for (uint64_t i = 0; i < options.producers; i++)
		shares_add(&shares, ran_of(i));
	return shares;
}

static bool is_starved(const char *whom, const struct shares *shares)
{
	if (shares->min)
		return false;
	fprintf(stderr,
			"fairness: %s: WRONG: a %s got none of %" PRIu64
			" jobs\n",
			ops->name, whom, shares->total);
	return true;
}

/* The flood goes on until everybody has had a job, or patience is over. */
static bool nobody_is_starved(void)
{
	uint64_t until_ns = now_ns() + options.patience_ms * 1000000;
	struct shares workers, producers;

	for (;;) {
		workers = shares_of_workers();
		producers = shares_of_producers();
		if (options.job_ns < 1000)
			workers.min = 1;
		if ((workers.min && producers.min) || now_ns() > until_ns)
			break;
		sleep_until_ns(now_ns() + LOOK_NS);
	}
	return !is_starved("worker", &workers) &
	       !is_starved("submitter", &producers);
}

static bool is_verified(uint64_t inversions)
{
	struct tally_total expected = {0, 0};
	bool is_right;

	for (uint64_t p = 0; p < options.producers; p++) {
		expected.count += submitted[p];
		for (uint64_t number = 0; number < submitted[p]; number++)
			expected.sum += tally_mix(p << NR_SHIFT | number);
	}
	is_right = tally_matches("fairness", ops->name, expected);
	if (inversions && !(ops->limits & BENCH_NO_ORDER)) {
		fprintf(stderr,
				"fairness: %s: WRONG: %" PRIu64
				" jobs started before an earlier one\n",
				ops->name, inversions);
		is_right = false;
	}
	return is_right;
}

static void print_shares(const char *name, const struct shares *shares)
{
	printf("\"%s_min\": %" PRIu64 ", \"%s_max\": %" PRIu64
	       ", \"%s_jain\": %.6f, ",
			name, shares->min, name, shares->max, name,
			shares_jain(shares));
}

static void print_result(const struct shares *worker,
		const struct shares *producer, uint64_t took_ns,
		uint64_t inversions, bool verified)
{
	printf("{\"program\": \"fairness\", \"pool\": \"%s\", "
	       "\"producers\": %" PRIu64 ", \"workers\": %" PRIu64 ", "
	       "\"ms\": %" PRIu64 ", \"job_ns\": %" PRIu64 ", "
	       "\"room\": %" PRIu64 ", \"steps_per_us\": %" PRIu64 ", "
	       "\"jobs\": %" PRIu64 ", \"jobs_per_s\": %.1f, ",
			ops->name, options.producers, options.workers,
			options.ms, options.job_ns, options.room,
			options.steps_per_us, producer->total,
			(double)producer->total * 1e9 / (double)took_ns);
	print_shares("worker", worker);
	print_shares("producer", producer);
	printf("\"jain_bound\": 1, \"promises_order\": %s, ",
			ops->limits & BENCH_NO_ORDER ? "false" : "true");
	if (options.workers == 1)
		printf("\"inversions\": %" PRIu64 ", ", inversions);
	else
		printf("\"inversions\": null, ");
	printf("\"inversions_bound\": 0, \"seed\": %" PRIu64
	       ", \"verified\": %s}\n",
			options.seed, verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	pthread_t threads[PRODUCERS_MAX];
	struct shares workers, producers;
	uint64_t began_ns, took_ns, inversions = 0;
	void *shift_heap;
	bool verified, is_fair;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("fairness", ops,
			BENCH_ONE_SUBMITTER | BENCH_INLINE | BENCH_OWN_NUMBER);
	if (options.job_ns && !options.steps_per_us)
		options.steps_per_us = work_per_us();
	job_steps = options.job_ns * options.steps_per_us / 1000;
	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	rows = aligned_alloc(
			alignof(struct row), TALLY_THREADS * sizeof(*rows));
	if (!shift_heap || !rows)
		fail("start", -ENOMEM);
	memset(rows, 0, TALLY_THREADS * sizeof(*rows));
	error = ops->create((unsigned)options.workers, 0, &pool);
	if (error)
		fail("create", error);

	began_ns = now_ns();
	for (uint64_t i = 0; i < options.producers; i++) {
		error = pthread_create(&threads[i], NULL, producer_main,
				(void *)(uintptr_t)i);
		if (error)
			fail("thread", -error);
	}
	sleep_until_ns(began_ns + options.ms * 1000000);
	producers = shares_of_producers();
	workers = shares_of_workers();
	took_ns = now_ns() - began_ns;
	is_fair = nobody_is_starved();
	atomic_store_explicit(&is_over, true, memory_order_relaxed);
	for (uint64_t i = 0; i < options.producers; i++)
		pthread_join(threads[i], NULL);

	ops->destroy(pool);
	for (unsigned i = 0; i < nr_rows() && options.workers == 1; i++)
		inversions += rows[i].inversions;
	verified = is_verified(inversions) && is_fair;
	print_result(&workers, &producers, took_ns, inversions, verified);
	free(rows);
	free(shift_heap);
	return verified ? 0 : 1;
}
