/* SPDX-License-Identifier: MIT */
/*
 * GLib: GThreadPool. Promises first come, first served unless a sort function
 * is given, no bound. Best: exclusive, so that all threads are there from the
 * start; by default they are started when jobs come and shared by all pools.
 * A thread that starts the others stays. A job needs memory for its two words.
 * Corrections are welcome.
 */
#include <glib.h>

#include "peer.h"

static void run_call(void *data, void *unused)
{
	(void)unused;
	call_run(data);
}

static int create_with(unsigned workers, unsigned capacity, gboolean exclusive,
		struct bench_pool **ret_pool)
{
	if (capacity)
		return -ENOTSUP;
	*ret_pool = (struct bench_pool *)g_thread_pool_new(
			run_call, NULL, (int)workers, exclusive, NULL);
	return *ret_pool ? 0 : -EAGAIN;
}

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	return create_with(workers, capacity, TRUE, ret_pool);
}

static int create_shared(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	return create_with(workers, capacity, FALSE, ret_pool);
}

static int submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	struct call *call = call_new(run, arg);

	return call && g_thread_pool_push((GThreadPool *)pool, call, NULL)
			       ? 0
			       : -ENOMEM;
}

static void destroy(struct bench_pool *pool)
{
	g_thread_pool_free((GThreadPool *)pool, FALSE, TRUE);
}

static const struct bench_pool_ops exclusive = {
		PEER("glib", false, "of all submits", "exclusive threads",
				BENCH_THREADS_STAY),
		.create = create,
		.submit = submit,
		.destroy = destroy,
};

static const struct bench_pool_ops shared = {
		PEER("glib-default", true, "of all submits", "shared threads",
				BENCH_THREADS_STAY),
		.create = create_shared,
		.submit = submit,
		.destroy = destroy,
};

const struct bench_pool_ops *const peer_pools[] = {&exclusive, &shared, NULL};
