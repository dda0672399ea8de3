/* SPDX-License-Identifier: MIT */
/* What calls and instructions cost that every pool is made of. */
#include "host.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS	20000u
#define ADDS	200000u
#define THREADS 20u

static alignas(128) _Atomic uint64_t counter;

static void read_clock(void)
{
	(void)now_ns();
}

static void enter_kernel(void)
{
	syscall(SYS_getpid);
}

static void add(void)
{
	atomic_fetch_add_explicit(&counter, 1, memory_order_seq_cst);
}

/* Inlined with what it calls, so that the call is not measured. */
static inline __attribute__((always_inline)) double cost_ns(
		void (*call)(void), unsigned times)
{
	double each_ns[STRETCHES];

	for (unsigned i = 0; i < STRETCHES; i++) {
		uint64_t began_ns = now_ns();

		for (unsigned nr = 0; nr < times; nr++)
			call();
		each_ns[i] = (double)(now_ns() - began_ns) / times;
	}
	return host_median(each_ns, STRETCHES);
}

double host_clock_ns(void)
{
	return cost_ns(read_clock, CALLS);
}

double host_syscall_ns(void)
{
	return cost_ns(enter_kernel, CALLS);
}

double host_locked_add_ns(void)
{
	return cost_ns(add, ADDS);
}

static void *do_nothing(void *arg)
{
	return arg;
}

static void start_and_join(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, do_nothing, NULL);

	if (error)
		host_fail("thread", error);
	pthread_join(thread, NULL);
}

double host_thread_ns(void)
{
	return cost_ns(start_and_join, THREADS);
}
