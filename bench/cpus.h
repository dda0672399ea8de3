/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CPUS_H
#define BENCH_CPUS_H
/* The CPUs that we may use: how many, which are farthest apart, staying on one. */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

static inline uint64_t nr_cpus(void)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return 1;
	return (uint64_t)CPU_COUNT(&allowed);
}

/* How many of them so many threads can use. */
static inline uint64_t nr_cores_of(uint64_t threads)
{
	uint64_t cpus = nr_cpus();

	return threads < cpus ? threads : cpus;
}

/* The first and the last; -1: nobody knows. */
static inline void cpu_ends(int *ret_first, int *ret_last)
{
	cpu_set_t allowed;

	*ret_first = *ret_last = -1;
	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		if (*ret_first < 0)
			*ret_first = cpu;
		*ret_last = cpu;
	}
}

/* 0 or an errno. */
static inline int cpu_stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

#endif
