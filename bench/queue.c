/* SPDX-License-Identifier: MIT */
/*
 * What does a queue cost, without a pool around it?
 *
 *	pairwise	each thread pushes, works 50 to 150 ns, pops, works again
 *	half		each thread pushes or pops by lot, and works
 *	ping-pong	two threads, two queues, one value that depends on the
 *			one before; its round trip
 *
 * After Yang and Mellor-Crummey (PPoPP 2016). A tenth goes first, as warm-up.
 * Times are of a core: the time that passed, times the CPUs that the threads
 * can use, for a pair of calls, less the same without a queue; each the median
 * of five runs, taken in turn. Bounds: "faa", the
 * same with all threads adding to one word instead; for the ping-pong "word",
 * one word for each way: what a cache line takes there and back.
 * Each value must come out once, and the value of the ping-pong be that of the
 * last trip. One process makes one measurement and prints one line of JSON.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "clock.h"
#include "cpus.h"
#include "median.h"
#include "options.h"
#include "queues/queue.h"
#include "stalled.h"
#include "tally.h"
#include "work.h"

#define THREADS_MAX 64
#define ID_SHIFT    40	/* a value: the thread above, its number below */
#define TRIPS	    100 /* that are timed together */
#define REPEATS	    5
#define TRIES	    1000 /* until a thread lets others have the CPU */

enum mode { PAIRWISE, HALF, PING_PONG };

static const char *const mode_names[] = {"pairwise", "half", "ping-pong"};

static struct {
	uint64_t mode, queue, threads, pairs, pin, steps_per_us, seed;
} options = {.threads = 2, .pairs = 200000};

static const struct option known_options[] = {
		{"mode", &options.mode, PAIRWISE, PING_PONG},
		{"queue", &options.queue, 0, 99},
		{"threads", &options.threads, 1, THREADS_MAX},
		{"pairs", &options.pairs, TRIPS, 1u << 30},
		{"pin", &options.pin, 0, 1},
		{"steps-per-us", &options.steps_per_us, 0, 1000000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

static const struct queue_ops *ops;
static void *queues[2];
static pthread_barrier_t start;
static struct sum {
	alignas(128) uint64_t pushed, popped; /* sums of hashes */
	uint64_t nr_pushed, nr_popped;
	uint64_t ended_ns;
} sums[THREADS_MAX];
static uint64_t *trip_ns;	/* of TRIPS at a time */
static int first_cpu, last_cpu; /* before the first thread stays on one */

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "queue: %s: %s\n", ops->name, what);
	exit(1);
}

/* Between two tries that found it full, or empty. */
static void pause_between(unsigned *tries, uint64_t *since_ns)
{
	if (++*tries % TRIES)
		return;
	sched_yield();
	if (*tries == TRIES)
		*since_ns = now_ns();
	else if (now_ns() - *since_ns > STALLED_NS)
		fail("no value came for long, some are lost");
}

static void push(unsigned queue, uint64_t value)
{
	unsigned tries = 0;
	uint64_t since_ns = 0;

	while (!ops->push(queues[queue], value))
		pause_between(&tries, &since_ns);
}

static uint64_t pop(unsigned queue)
{
	unsigned tries = 0;
	uint64_t value, since_ns = 0;

	while (!ops->pop(queues[queue], &value))
		pause_between(&tries, &since_ns);
	return value;
}

static uint64_t random_step(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* 50 to 150 ns. */
static void delay(uint64_t *state)
{
	work(options.steps_per_us / 20 +
			random_step(state) % (options.steps_per_us / 10 + 1));
}

static void add_popped(struct sum *sum, uint64_t value)
{
	sum->popped += tally_mix(value);
	sum->nr_popped++;
}

static void use_queue(struct sum *sum, uint64_t thread, uint64_t pairs,
		uint64_t *state)
{
	uint64_t id = thread << ID_SHIFT | sum->nr_pushed;
	uint64_t end = 2 * pairs, value;

	for (uint64_t i = 0; i < end; i++) {
		bool is_push = options.mode == PAIRWISE
					       ? i % 2 == 0
					       : random_step(state) & 1;

		if (is_push) {
			push(0, id);
			sum->pushed += tally_mix(id++);
			sum->nr_pushed++;
		} else if (options.mode == PAIRWISE) {
			add_popped(sum, pop(0));
		} else if (ops->pop(queues[0], &value)) {
			add_popped(sum, value);
		}
		delay(state);
	}
}

static uint64_t pairs_of_thread(void)
{
	return options.pairs / options.threads / REPEATS + 1;
}

static void *thread_main(void *arg)
{
	uint64_t thread = (uintptr_t)arg, state = options.seed + thread;
	uint64_t pairs = pairs_of_thread();
	struct sum *sum = &sums[thread];

	use_queue(sum, thread, pairs / 10, &state);
	pthread_barrier_wait(&start);
	use_queue(sum, thread, pairs, &state);
	sum->ended_ns = now_ns();
	return NULL;
}

/* Core nanoseconds of a pair of calls. */
static double run_threads(const struct queue_ops *of, bool *ret_is_exact)
{
	struct sum all = {0};
	pthread_t threads[THREADS_MAX];
	uint64_t began_ns, value;

	ops = of;
	queues[0] = ops->create();
	if (!queues[0])
		fail("no memory");
	memset(sums, 0, sizeof(sums));
	pthread_barrier_init(&start, NULL, (unsigned)options.threads + 1);
	for (uint64_t i = 0; i < options.threads; i++) {
		if (pthread_create(&threads[i], NULL, thread_main,
				    (void *)(uintptr_t)i))
			fail("no thread");
	}
	pthread_barrier_wait(&start);
	began_ns = now_ns();
	for (uint64_t i = 0; i < options.threads; i++) {
		pthread_join(threads[i], NULL);
		all.pushed += sums[i].pushed;
		all.popped += sums[i].popped;
		all.nr_pushed += sums[i].nr_pushed;
		all.nr_popped += sums[i].nr_popped;
		if (sums[i].ended_ns > all.ended_ns)
			all.ended_ns = sums[i].ended_ns;
	}
	while (all.nr_popped < all.nr_pushed && of->pop(queues[0], &value))
		add_popped(&all, value);
	*ret_is_exact = all.nr_pushed == all.nr_popped &&
			all.pushed == all.popped && !of->pop(queues[0], &value);
	ops->destroy(queues[0]);
	pthread_barrier_destroy(&start);
	return (double)(all.ended_ns - began_ns) *
	       (double)nr_cores_of(options.threads) /
	       (double)(pairs_of_thread() * options.threads);
}

struct times {
	double none_ns, bound_ns, queue_ns;
	bool is_exact;
};

static struct times compare(const struct queue_ops *queue)
{
	const struct queue_ops *const all[] = {&queue_none, &queue_faa, queue};
	uint64_t ps[3][REPEATS]; /* picoseconds */
	struct times times = {.is_exact = true};

	for (unsigned i = 0; i < REPEATS; i++) {
		for (unsigned which = 0; which < 3; which++) {
			bool is_exact;

			ps[which][i] = (uint64_t)(1000 *
						  run_threads(all[which],
								  &is_exact));
			times.is_exact &= is_exact || all[which] != queue;
		}
	}
	times.none_ns = median_of(ps[0], REPEATS) / 1000;
	times.bound_ns = median_of(ps[1], REPEATS) / 1000 - times.none_ns;
	times.queue_ns = median_of(ps[2], REPEATS) / 1000 - times.none_ns;
	return times;
}

static void stay_on(bool is_last)
{
	if (options.pin && cpu_stay_on(is_last ? last_cpu : first_cpu))
		fail("cannot stay on a CPU");
}

/* Never 0. */
static uint64_t next_value(uint64_t value)
{
	return tally_mix(value + 1) | 1;
}

static void *answer_main(void *arg)
{
	stay_on(true);
	for (uint64_t i = 0; i < options.pairs / TRIPS * TRIPS; i++)
		push(1, next_value(pop(0)));
	return arg;
}

/* Nanoseconds of a round trip, the median of many hundreds. */
static double run_ping_pong(const struct queue_ops *of, bool *ret_is_exact)
{
	uint64_t value = 1, expected = 1, nr = options.pairs / TRIPS;
	pthread_t thread;

	ops = of;
	queues[0] = ops->create();
	queues[1] = ops->create();
	if (!queues[0] || !queues[1])
		fail("no memory");
	if (pthread_create(&thread, NULL, answer_main, NULL))
		fail("no thread");
	stay_on(false);
	for (uint64_t i = 0; i < nr; i++) {
		uint64_t began_ns = now_ns();

		for (unsigned trip = 0; trip < TRIPS; trip++) {
			push(0, value);
			value = pop(1);
		}
		trip_ns[i] = now_ns() - began_ns;
	}
	pthread_join(thread, NULL);
	for (uint64_t i = 0; i < nr * TRIPS; i++)
		expected = next_value(expected);
	*ret_is_exact = value == expected && !of->pop(queues[0], &value) &&
			!of->pop(queues[1], &value);
	ops->destroy(queues[0]);
	ops->destroy(queues[1]);
	return median_of(trip_ns, nr) / TRIPS;
}

static struct times play(const struct queue_ops *queue)
{
	struct times times = {0};
	bool is_exact;

	times.bound_ns = run_ping_pong(&queue_word, &is_exact);
	times.queue_ns = run_ping_pong(queue, &is_exact);
	times.is_exact = is_exact;
	return times;
}

int main(int argc, char **argv)
{
	const struct queue_ops *queue;
	struct times times;

	options_read(argc, argv, known_options);
	queue = queue_at((unsigned)options.queue);
	if (!queue)
		options_fail(argv[0], "--queue: there is none", known_options);
	if (!options.steps_per_us)
		options.steps_per_us = work_per_us();
	trip_ns = calloc(options.pairs / TRIPS, sizeof(*trip_ns));
	cpu_ends(&first_cpu, &last_cpu);
	if (!trip_ns || first_cpu < 0)
		return 1;
	times = options.mode == PING_PONG ? play(queue) : compare(queue);
	if (!times.is_exact)
		fprintf(stderr, "queue: %s: WRONG: not each value came once\n",
				queue->name);
	printf("{\"program\": \"queue\", \"queue\": \"%s\", \"mode\": \"%s\", "
	       "\"threads\": %" PRIu64 ", \"pairs\": %" PRIu64 ", "
	       "\"pin\": %" PRIu64 ", \"ns\": %.2f, \"bound_ns\": %.2f, "
	       "\"delay_ns\": %.2f, \"steps_per_us\": %" PRIu64 ", "
	       "\"seed\": %" PRIu64 ", \"verified\": %s}\n",
			queue->name, mode_names[options.mode],
			options.mode == PING_PONG ? 2 : options.threads,
			options.pairs, options.pin, times.queue_ns,
			times.bound_ns, times.none_ns, options.steps_per_us,
			options.seed, times.is_exact ? "true" : "false");
	free(trip_ns);
	return times.is_exact ? 0 : 1;
}
