/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CPUS_H
#define BENCH_CPUS_H
/* How many CPUs we may use, and how many of them so many threads can. */
#include <sched.h>
#include <stdint.h>

static inline uint64_t nr_cpus(void)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return 1;
	return (uint64_t)CPU_COUNT(&allowed);
}

static inline uint64_t nr_cores_of(uint64_t threads)
{
	uint64_t cpus = nr_cpus();

	return threads < cpus ? threads : cpus;
}

#endif
