/* SPDX-License-Identifier: MIT */
/*
 * Boost.Asio: thread_pool and post. Promises that what one thread posts is
 * started in that order if there is one thread, no bound. One mutex, one queue;
 * memory of handlers is used again if a job posts. There is nothing to set but
 * the number of threads. Corrections are welcome.
 */
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "peer.h"

static boost::asio::thread_pool *asio_of(bench_pool *pool)
{
	return (boost::asio::thread_pool *)pool;
}

static int create(unsigned workers, unsigned capacity, bench_pool **ret_pool)
{
	if (capacity)
		return -ENOTSUP;
	*ret_pool = (bench_pool *)new boost::asio::thread_pool(workers);
	return 0;
}

static int submit(bench_pool *pool, void (*run)(void *), void *arg)
{
	boost::asio::post(*asio_of(pool), [=] { run(arg); });
	return 0;
}

static void destroy(bench_pool *pool)
{
	asio_of(pool)->join(); /* runs what is queued */
	delete asio_of(pool);
}

static const struct bench_pool_ops asio = {
		PEER("asio", true, "of each submitter", "post", 0),
		.create = create,
		.submit = submit,
		.destroy = destroy,
};

extern "C" const struct bench_pool_ops *const peer_pools[] = {&asio, nullptr};
