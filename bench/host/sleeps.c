/* SPDX-License-Identifier: MIT */
/*
 * How late does a sleep end, and how steady is the work that all benchmark
 * jobs do? A thread each millisecond, as cyclictest does it.
 */
#include "host.h"

#include "hist.h"
#include "work.h"

#include <time.h>

#define SLEEPS	  1000u
#define PERIOD_NS 1000000u
#define STEPS	  20000u
#define TRIALS	  5000u /* of so many steps on each CPU */

static struct hist lags;

struct host_sleeps host_sleeps(void)
{
	uint64_t wanted_ns = now_ns();

	for (unsigned i = 0; i < SLEEPS; i++) {
		struct timespec at;

		wanted_ns += PERIOD_NS;
		at.tv_sec = (time_t)(wanted_ns / 1000000000);
		at.tv_nsec = (long)(wanted_ns % 1000000000);
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at,
				       NULL) != 0)
			;
		hist_add(&lags, now_ns() - wanted_ns);
	}
	return (struct host_sleeps){
			.p50_ns = (double)hist_quantile(&lags, 0.50),
			.p99_ns = (double)hist_quantile(&lags, 0.99),
	};
}

struct host_steps host_steps(int cpu)
{
	static double each_ns[TRIALS];
	double first, last;

	host_stay_on(cpu);
	for (unsigned i = 0; i < TRIALS; i++) {
		uint64_t began_ns = now_ns();

		work(STEPS);
		each_ns[i] = (double)(now_ns() - began_ns) / STEPS;
	}
	first = host_median(each_ns, TRIALS / 10);
	last = host_median(each_ns + TRIALS - TRIALS / 10, TRIALS / 10);
	return (struct host_steps){
			.ns_per_step = host_median(each_ns, TRIALS),
			.drift_percent = 100 * (last - first) / first,
	};
}
