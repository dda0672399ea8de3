/* SPDX-License-Identifier: MIT */
/*
 * oneTBB: task_arena::enqueue from outside, task_group::run from inside a job.
 * Promises no order, no bound. Best: an arena without a place for the thread
 * that submits, and global_control, or there are never more threads than CPUs
 * less one; what jobs submit stays with their worker. By default, enqueue alone
 * and as many threads as it likes. Do you know it better? Please correct this.
 */
#include <optional>
#include <tbb/tbb.h>

#include "peer.h"

struct bench_pool {
	tbb::task_scheduler_handle scheduler{tbb::attach{}};
	std::optional<tbb::global_control> threads;
	tbb::task_group group; /* of what jobs have submitted */
	tbb::task_arena arena;
};

static const auto limit = tbb::global_control::max_allowed_parallelism;

template <bool is_best>
static int create(unsigned workers, unsigned capacity, bench_pool **ret_pool)
{
	if (capacity)
		return -ENOTSUP;
	*ret_pool = new bench_pool;
	if (is_best) {
		(*ret_pool)->threads.emplace(limit, workers + 1);
		(*ret_pool)->arena.initialize((int)workers, 0);
	}
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

static int run_all(bench_pool *pool, const bench_job *jobs, size_t nr_jobs)
{
	pool->arena.execute([=] {
		for (size_t i = 0; i < nr_jobs; i++)
			pool->group.run([=] { jobs[i].run(jobs[i].arg); });
		pool->group.wait();
	});
	return 0;
}

static void destroy(bench_pool *pool)
{
	auto scheduler = std::move(pool->scheduler);

	pool->arena.execute([=] { pool->group.wait(); });
	delete pool;
	/* returns when the threads are done with what is queued */
	tbb::finalize(scheduler, std::nothrow);
}

template <bool is_best>
static const bench_pool_ops ops = {
		PEER(is_best ? "onetbb" : "onetbb-default", !is_best, "none",
				is_best ? "groups inside jobs" : "enqueue",
				BENCH_NO_ORDER | BENCH_ONE_POOL |
						!is_best * BENCH_OWN_NUMBER),
		.create = create<is_best>,
		.submit = submit<is_best>,
		.run_all = run_all,
		.destroy = destroy,
};

extern "C" const bench_pool_ops *const peer_pools[] = {
		&ops<true>, &ops<false>, nullptr};
