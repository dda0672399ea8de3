/* SPDX-License-Identifier: MIT */
/*
 * moodycamel.cc as most programs have it, without tokens: then the queue finds
 * out which thread it is that submits.
 */
#include <blockingconcurrentqueue.h>
#include <thread>
#include <vector>

#include "peer.h"

struct bench_pool {
	moodycamel::BlockingConcurrentQueue<bench_job> jobs;
	std::vector<std::jthread> threads;
};

static void work(bench_pool *pool)
{
	bench_job job;

	while (pool->jobs.wait_dequeue(job), job.run)
		job.run(job.arg);
	/* nothing comes from outside; what its jobs submit it runs itself */
	while (pool->jobs.try_dequeue(job))
		job.run(job.arg);
	pool->jobs.enqueue({nullptr, nullptr}); /* for the next one */
}

static int create(unsigned workers, unsigned capacity, bench_pool **ret_pool)
{
	if (capacity)
		return -ENOTSUP;
	*ret_pool = new bench_pool;
	while (workers--)
		(*ret_pool)->threads.emplace_back(work, *ret_pool);
	return 0;
}

static int submit(bench_pool *pool, void (*run)(void *), void *arg)
{
	return pool->jobs.enqueue({run, arg}) ? 0 : -ENOMEM;
}

static int submit_many(bench_pool *pool, const bench_job *jobs, size_t nr_jobs)
{
	return pool->jobs.enqueue_bulk(jobs, nr_jobs) ? 0 : -ENOMEM;
}

static void destroy(bench_pool *pool)
{
	pool->jobs.enqueue({nullptr, nullptr});
	delete pool; /* joins */
}

static const bench_pool_ops plain = {
		PEER("moodycamel-default", true, "of each submitter",
				"no tokens", 0),
		.create = create,
		.submit = submit,
		.submit_many = submit_many,
		.destroy = destroy,
};

extern "C" const bench_pool_ops *const peer_pools[] = {&plain, nullptr};
