/* SPDX-License-Identifier: MIT */
/*
 * moodycamel::BlockingConcurrentQueue and a thread for each worker. Promises
 * the order of each submitter only, no bound. Best, as its author says: a token
 * for each thread that takes and for each that submits, and many jobs at once.
 * An idle thread spins 10,000 times before it sleeps. Do you know a better way?
 * Please correct this.
 */
#include <blockingconcurrentqueue.h>
#include <optional>
#include <thread>
#include <vector>

#include "peer.h"

using queue = moodycamel::BlockingConcurrentQueue<bench_job>;

struct bench_pool {
	std::shared_ptr<queue> jobs = std::make_shared<queue>();
	std::vector<std::jthread> threads;
};

static thread_local struct {
	std::shared_ptr<queue> jobs; /* of the token, which ends before */
	std::optional<moodycamel::ProducerToken> token;
} mine;

static void work(bench_pool *pool)
{
	moodycamel::ConsumerToken token(*pool->jobs);
	bench_job job;

	while (pool->jobs->wait_dequeue(token, job), job.run)
		job.run(job.arg);
	/* nothing comes from outside; what its jobs submit it runs itself */
	while (pool->jobs->try_dequeue(job))
		job.run(job.arg);
	pool->jobs->enqueue({nullptr, nullptr}); /* for the next one */
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

static int submit_many(bench_pool *pool, const bench_job *jobs, size_t nr_jobs)
{
	if (mine.jobs != pool->jobs) {
		mine.token.reset();
		mine.jobs = pool->jobs;
		mine.token.emplace(*mine.jobs);
	}
	nr_jobs == 1 ? mine.jobs->enqueue(*mine.token, *jobs)
		     : mine.jobs->enqueue_bulk(*mine.token, jobs, nr_jobs);
	return 0;
}

static int submit(bench_pool *pool, void (*run)(void *), void *arg)
{
	const bench_job job = {run, arg};

	return submit_many(pool, &job, 1);
}

static void destroy(bench_pool *pool)
{
	pool->jobs->enqueue({nullptr, nullptr});
	delete pool; /* joins */
}

static const bench_pool_ops best = {
		PEER("moodycamel", false, "of each submitter", "tokens", 0),
		.create = create,
		.submit = submit,
		.submit_many = submit_many,
		.destroy = destroy,
};

extern "C" const bench_pool_ops *const peer_pools[] = {&best, nullptr};
