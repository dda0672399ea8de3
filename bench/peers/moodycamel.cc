/* SPDX-License-Identifier: MIT */
/*
 * moodycamel::BlockingConcurrentQueue and a thread for each worker. Promises
 * the order of each submitter only, no bound. Best, as its author says: a token
 * for each thread that takes and for each that submits; by default there are
 * none. An idle thread spins 10,000 times before it sleeps. Do you know a
 * better way? Please correct this.
 */
#include <blockingconcurrentqueue.h>
#include <thread>
#include <vector>

#include "peer.h"

struct bench_pool {
	moodycamel::BlockingConcurrentQueue<call> jobs;
	std::vector<std::jthread> threads;
	static inline unsigned nr_pools;
	unsigned serial = ++nr_pools;
};

template <bool tokens> static void work(bench_pool *pool)
{
	moodycamel::ConsumerToken token(pool->jobs);
	call job;

	while (tokens ? pool->jobs.wait_dequeue(token, job)
		      : pool->jobs.wait_dequeue(job),
			job.run)
		job.run(job.arg);
	/* nothing comes from outside; what its jobs submit it runs itself */
	while (pool->jobs.try_dequeue(job))
		job.run(job.arg);
	pool->jobs.enqueue({nullptr, nullptr}); /* for the next one */
}

template <bool tokens>
static int create(unsigned workers, unsigned capacity, bench_pool **ret_pool)
{
	if (capacity)
		return -ENOTSUP;
	*ret_pool = new bench_pool;
	while (workers--)
		(*ret_pool)->threads.emplace_back(work<tokens>, *ret_pool);
	return 0;
}

template <bool tokens>
static int submit(bench_pool *pool, void (*run)(void *), void *arg)
{
	static thread_local moodycamel::ProducerToken *token;
	static thread_local unsigned serial; /* of its pool */

	if (!tokens)
		return pool->jobs.enqueue({run, arg}) ? 0 : -ENOMEM;
	if (serial != pool->serial) /* never freed, as the queue may be */
		token = new moodycamel::ProducerToken(pool->jobs);
	serial = pool->serial;
	return pool->jobs.enqueue(*token, {run, arg}) ? 0 : -ENOMEM;
}

static void destroy(bench_pool *pool)
{
	pool->jobs.enqueue({nullptr, nullptr});
	delete pool; /* joins */
}

template <bool tokens>
static const bench_pool_ops ops = {
		PEER(tokens ? "moodycamel" : "moodycamel-default", !tokens,
				"of each submitter",
				tokens ? "tokens" : "no tokens", 0),
		.create = create<tokens>,
		.submit = submit<tokens>,
		.destroy = destroy,
};

extern "C" const bench_pool_ops *const peer_pools[] = {
		&ops<true>, &ops<false>, nullptr};
