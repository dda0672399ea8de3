/* SPDX-License-Identifier: MIT */
/*
 * oneTBB: task_arena::enqueue from outside, task_group::run from inside a job.
 * Promises no order, no bound. Best: an arena without a place for the thread
 * that submits, and global_control, or there are never more threads than CPUs
 * less one; what jobs submit stays with their worker. By default, enqueue alone
 * and as many threads as it likes. Do you know it better? Please correct this.
 */
#include <memory>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "peer.h"

struct bench_pool {
	tbb::task_scheduler_handle scheduler{tbb::attach{}};
	std::unique_ptr<tbb::global_control> threads;
	tbb::task_group group; /* of what jobs have submitted */
	tbb::task_arena arena;
};

template <bool is_best>
static int create(unsigned workers, unsigned capacity, bench_pool **ret_pool)
{
	if (capacity)
		return -ENOTSUP;
	*ret_pool = new bench_pool;
	if (!is_best)
		return 0;
	(*ret_pool)->threads = std::make_unique<tbb::global_control>(
			tbb::global_control::max_allowed_parallelism,
			workers + 1);
	(*ret_pool)->arena.initialize((int)workers, 0);
	return 0;
}

template <bool is_best>
static int submit(bench_pool *pool, void (*run)(void *), void *arg)
{
	static thread_local bool is_worker;

	if (is_best && is_worker)
		pool->group.run([=] { run(arg); });
	else
		pool->arena.enqueue([=] { is_worker = true, run(arg); });
	return 0;
}

static void destroy(bench_pool *pool)
{
	tbb::task_scheduler_handle scheduler = std::move(pool->scheduler);

	pool->arena.execute([=] { pool->group.wait(); });
	delete pool;
	/* returns when the threads are done with what is queued */
	tbb::finalize(scheduler, std::nothrow);
}

template <bool is_best>
static const bench_pool_ops ops = {
		PEER(is_best ? "onetbb" : "onetbb-default", !is_best, "none",
				is_best ? "global_control; task_group inside "
					  "jobs"
					: "enqueue alone",
				BENCH_NO_ORDER | (is_best ? 0
							  : BENCH_OWN_NUMBER)),
		.create = create<is_best>,
		.submit = submit<is_best>,
		.destroy = destroy,
};

extern "C" const bench_pool_ops *const peer_pools[] = {
		&ops<true>, &ops<false>, nullptr};
