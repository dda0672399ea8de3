/* SPDX-License-Identifier: MIT */
/*
 * slower-N is rota with N percent more to do for each job, in the worker: of
 * what a job costs all in all, which BENCH_JOB_COST_NS says (1000 if it is not
 * set). slower-0 goes the same way without the delay, to compare with. One pool
 * a process, and all its jobs have one function, as in all the programs.
 */
#include "selftest.h"

#include "../../../bench/work.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "slower-";
static struct bench_pool_ops ops;
static unsigned long percent;
static uint64_t delay_steps; /* does not change once there is a pool */
static void (*_Atomic run_inner)(void *);

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	const char *text = getenv("BENCH_JOB_COST_NS");
	double cost_ns = text ? strtod(text, NULL) : 1000;

	delay_steps = (uint64_t)(cost_ns * (double)percent / 100 *
				 (double)work_per_us() / 1000);
	return pool_rota.create(workers, capacity, ret_pool);
}

/* The CPU would work at the delay and at the jobs around it at once. */
static void finish_all_before(void)
{
#ifdef __x86_64__
	__builtin_ia32_lfence();
#else
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

static void run_slower(void *arg)
{
	void (*run)(void *) =
			atomic_load_explicit(&run_inner, memory_order_relaxed);

	finish_all_before();
	work(delay_steps);
	finish_all_before();
	run(arg);
}

static int submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	void (*before)(void *) =
			atomic_load_explicit(&run_inner, memory_order_relaxed);

	if (!before) {
		atomic_store_explicit(&run_inner, run, memory_order_relaxed);
	} else if (before != run) {
		fputs("slower: jobs of more than one function\n", stderr);
		exit(1);
	}
	return pool_rota.submit(pool, run_slower, arg);
}

const struct bench_pool_ops *slower_pool_find(const char *name)
{
	char *end;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	percent = strtoul(name + sizeof(prefix) - 1, &end, 10);
	if (*end || end == name + sizeof(prefix) - 1)
		return NULL;
	ops = (struct bench_pool_ops){
			.name = name,
			.kind = BENCH_BROKEN,
			.create = create,
			.submit = submit,
			.counts = pool_rota.counts,
			.close = pool_rota.close,
			.destroy = pool_rota.destroy,
	};
	return &ops;
}
