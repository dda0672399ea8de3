/* SPDX-License-Identifier: MIT */
/*
 * How far apart are two CPUs? The time that a cache line takes there and back.
 *
 * Two threads, each on a CPU of its own (the first and the last that we may
 * use), answer each other through one atomic word for a while. Printed is the
 * median of many stretches of 100 round trips, so that a thread that loses its
 * CPU for a moment does not count. A virtual CPU may move between sockets at
 * any time: results compare only at equal distances.
 * Prints one line of JSON; null if there is only one CPU.
 */
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "clock.h"
#include "cpus.h"
#include "options.h"

#define TRIPS_PER_STRETCH 100u
#define STRETCHES_MAX	  65536u

static struct {
	uint64_t ms;
} options = {.ms = 20};

static const struct option known_options[] = {
		{"ms", &options.ms, 1, 10000},
		{NULL, NULL, 0, 0},
};

/* Odd: the answer is due; the largest number ends it. */
static alignas(128) _Atomic uint32_t ball;
static uint32_t stretch_ns[STRETCHES_MAX];

static void fail(const char *what, int error)
{
	fprintf(stderr, "line: %s: %s\n", what, strerror(error));
	exit(1);
}

static void stay_on(int cpu)
{
	int error = cpu_stay_on(cpu);

	if (error)
		fail("cannot stay on a CPU", error);
}

static void *answer_main(void *cpu)
{
	stay_on(*(int *)cpu);
	for (;;) {
		uint32_t seen = atomic_load_explicit(
				&ball, memory_order_acquire);

		if (seen == UINT32_MAX)
			return NULL;
		if (seen & 1)
			atomic_store_explicit(
					&ball, seen + 1, memory_order_release);
	}
}

static void run_stretch(uint32_t *number)
{
	for (unsigned i = 0; i < TRIPS_PER_STRETCH; i++) {
		atomic_store_explicit(&ball, *number + 1, memory_order_release);
		*number += 2;
		while (atomic_load_explicit(&ball, memory_order_acquire) !=
				*number)
			;
	}
}

static int compare_times(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	return (first > second) - (first < second);
}

/* Nanoseconds of one round trip. */
static double measure(int here, int there)
{
	uint64_t end_ns, now;
	unsigned nr = 0;
	uint32_t number = 0;
	pthread_t thread;
	int error;

	stay_on(here);
	error = pthread_create(&thread, NULL, answer_main, &there);
	if (error)
		fail("thread", error);
	run_stretch(&number); /* the other thread is there */
	now = now_ns();
	end_ns = now + options.ms * 1000000;
	while (now < end_ns && nr < STRETCHES_MAX) {
		uint64_t began_ns = now;

		run_stretch(&number);
		now = now_ns();
		stretch_ns[nr++] = (uint32_t)(now - began_ns);
	}
	atomic_store_explicit(&ball, UINT32_MAX, memory_order_release);
	pthread_join(thread, NULL);
	qsort(stretch_ns, nr, sizeof(*stretch_ns), compare_times);
	return (double)stretch_ns[nr / 2] / TRIPS_PER_STRETCH;
}

int main(int argc, char **argv)
{
	int first, last;

	options_read(argc, argv, known_options);
	cpu_ends(&first, &last);
	if (first < 0)
		fail("cannot find out which CPUs there are", errno);
	printf("{\"program\": \"line\", \"cpus\": [%d, %d], ", first, last);
	if (first == last)
		printf("\"round_trip_ns\": null}\n");
	else
		printf("\"round_trip_ns\": %.1f}\n", measure(first, last));
	return 0;
}
