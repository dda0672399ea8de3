/* SPDX-License-Identifier: MIT */
/*
 * OpenMP tasks (omp task). Only a thread of a team can make them, so from
 * outside a job is a team of its own that ends with it and with all that it has
 * submitted: it takes part where jobs submit jobs (tree), and where jobs are
 * handed over at once and waited for. Promises no order. GCC's libgomp runs a
 * task at once, inside submit, when more than 64 for each thread are queued:
 * that bounds it. Whoever calls is one of the workers. The threads last as long
 * as the process; OMP_WAIT_POLICY of the environment holds for them. Corrections
 * are welcome.
 */
#include <omp.h>

#include "peer.h"

struct bench_pool {
	int nr_threads;
};

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	if (capacity)
		return -ENOTSUP;
	*ret_pool = malloc(sizeof(**ret_pool));
	if (!*ret_pool)
		return -ENOMEM;
	(*ret_pool)->nr_threads = (int)workers;
	omp_set_dynamic(0);
	return 0;
}

static int run_all(struct bench_pool *pool, const struct bench_job *jobs,
		size_t nr_jobs)
{
#pragma omp parallel num_threads(pool->nr_threads)
#pragma omp single
	for (size_t i = 0; i < nr_jobs; i++) {
		struct bench_job job = jobs[i];
#pragma omp task firstprivate(job)
		job.run(job.arg);
	}
	return 0;
}

static int submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	if (omp_get_level() == 0)
		return run_all(pool, &(struct bench_job){run, arg}, 1);
#pragma omp task firstprivate(run, arg)
	run(arg);
	return 0;
}

static void destroy(struct bench_pool *pool)
{
	free(pool);
}

static const struct bench_pool_ops openmp = {
		PEER("openmp", true, "none",
				"omp task: inline beyond 64 x "
				"threads",
				BENCH_NO_QUEUE | BENCH_NO_ORDER | BENCH_INLINE |
						BENCH_THREADS_STAY),
		.create = create,
		.submit = submit,
		.run_all = run_all,
		.destroy = destroy,
};

const struct bench_pool_ops *const peer_pools[] = {&openmp, NULL};
