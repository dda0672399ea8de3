/* SPDX-License-Identifier: MIT */
/*
 * What can this machine do? The costs below which no pool can go: each result
 * may be divided by them, and two machines compared.
 * Prints one line of JSON; null where it takes two CPUs and there is one.
 */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpus.h"

void host_fail(const char *what, int error)
{
	fprintf(stderr, "host: %s: %s\n", what, strerror(error));
	exit(1);
}

void host_stay_on(int cpu)
{
	int error = cpu_stay_on(cpu);

	if (error)
		host_fail("cannot stay on a CPU", error);
}

static int compare_doubles(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

double host_median(double *values, unsigned nr)
{
	qsort(values, nr, sizeof(*values), compare_doubles);
	return nr % 2 ? values[nr / 2]
		      : (values[nr / 2 - 1] + values[nr / 2]) / 2;
}

static void print_steps(void)
{
	const char *comma = "";
	cpu_set_t allowed;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	printf("\"work_step\": [");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		struct host_steps steps;

		if (!CPU_ISSET(cpu, &allowed))
			continue;
		steps = host_steps(cpu);
		printf("%s{\"cpu\": %d, \"ns\": %.4f, \"drift_percent\": %.2f}",
				comma, cpu, steps.ns_per_step,
				steps.drift_percent);
		comma = ", ";
	}
	printf("], ");
}

static void print_across(int first, int last)
{
	if (first == last) {
		printf("\"futex_across_one_way_ns\": null, "
		       "\"eventfd_across_one_way_ns\": null, ");
		return;
	}
	printf("\"futex_across_one_way_ns\": %.0f, ",
			host_futex_ns(first, last));
	printf("\"eventfd_across_one_way_ns\": %.0f, ",
			host_eventfd_ns(first, last));
}

int main(void)
{
	struct host_sleeps sleeps;
	int first, last;

	cpu_ends(&first, &last);
	if (first < 0)
		host_fail("cannot find out which CPUs there are", EINVAL);
	printf("{\"program\": \"host\", \"clock_gettime_ns\": %.2f, "
	       "\"syscall_ns\": %.1f, \"locked_add_ns\": %.3f, "
	       "\"thread_create_join_ns\": %.0f, ",
			host_clock_ns(), host_syscall_ns(),
			host_locked_add_ns(), host_thread_ns());
	sleeps = host_sleeps();
	printf("\"sleep_lag_p50_ns\": %.0f, \"sleep_lag_p99_ns\": %.0f, ",
			sleeps.p50_ns, sleeps.p99_ns);
	printf("\"loopback_request_cpu_us\": %.2f, ", host_loopback_cpu_us());
	print_steps();
	print_across(first, last);
	printf("\"futex_one_cpu_one_way_ns\": %.0f, ",
			host_futex_ns(first, first));
	printf("\"eventfd_one_cpu_one_way_ns\": %.0f}\n",
			host_eventfd_ns(first, first));
	return 0;
}
