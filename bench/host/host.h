/* SPDX-License-Identifier: MIT */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H
/* What this machine can do, whatever pool runs on it; main.c prints it. */
#include <stdint.h>

#include "clock.h"

#define STRETCHES 31u /* of each figure; their median counts */

struct host_sleeps {
	double p50_ns, p99_ns;
};

struct host_steps {
	double ns_per_step;   /* of work.h */
	double drift_percent; /* between the first and the last tenth */
};

_Noreturn void host_fail(const char *what, int error);
void host_stay_on(int cpu);
double host_median(double *values, unsigned nr); /* sorts them */

double host_clock_ns(void);	 /* one clock_gettime(CLOCK_MONOTONIC) */
double host_syscall_ns(void);	 /* one getpid that enters the kernel */
double host_locked_add_ns(void); /* of a cache line that nobody else has */
double host_thread_ns(void);	 /* pthread_create and pthread_join */

/* One way of a ping-pong between threads that stay on these CPUs. */
double host_futex_ns(int here, int there);
double host_eventfd_ns(int here, int there);

/* How late a sleep until an absolute time ends. */
struct host_sleeps host_sleeps(void);
struct host_steps host_steps(int cpu);
/* CPU microseconds of who accepts, reads, writes and closes. */
double host_loopback_cpu_us(void);

#endif
