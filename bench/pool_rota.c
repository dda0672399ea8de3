/* SPDX-License-Identifier: MIT */
/*
 * rota behind the benchmark interface: a struct bench_pool is the rota_pool
 * itself, every option but workers, max_workers and capacity is the default.
 */
#include "pool.h"

#include "rota.h"
#include "view.h"

#include <string.h>

/* What the server calls a stuck job. */
#define WATCHDOG_NS 10000000000ull

_Static_assert(BENCH_BUCKETS == ROTA_HISTOGRAM_BUCKETS, "buckets");

/* A struct bench_job is a struct rota_job by another name: no copy is needed. */
#define SAME_MEMBER(name)                                                      \
	(offsetof(struct bench_job, name) == offsetof(struct rota_job, name))
_Static_assert(sizeof(struct bench_job) == sizeof(struct rota_job), "size");
_Static_assert(SAME_MEMBER(run) && SAME_MEMBER(arg), "layout");

static struct rota_pool *rota_of(struct bench_pool *pool)
{
	return (struct rota_pool *)pool;
}

static int create_with(const struct rota_options *options,
		struct bench_pool **ret_pool)
{
	struct rota_pool *pool;
	int error = rota_pool_create(options, &pool);

	if (error)
		return error;
	*ret_pool = (struct bench_pool *)pool;
	return 0;
}

static int create_blocking(unsigned workers, unsigned max_workers,
		unsigned capacity, struct bench_pool **ret_pool)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = workers,
			.max_workers = max_workers,
			.capacity = capacity,
	};

	return create_with(&options, ret_pool);
}

static int create_measured(unsigned workers, unsigned max_workers,
		unsigned capacity, struct bench_pool **ret_pool)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = workers,
			.max_workers = max_workers,
			.capacity = capacity,
			.measure = 1,
			.watchdog_ns = WATCHDOG_NS,
	};

	return create_with(&options, ret_pool);
}

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	return create_blocking(workers, 0, capacity, ret_pool);
}

static int create_ring(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = workers,
			.capacity = capacity,
			.channel = ROTA_CHANNEL_RING,
	};

	return create_with(&options, ret_pool);
}

static void blocking_begin(void)
{
	rota_blocking_begin();
}

static void blocking_end(void)
{
	rota_blocking_end();
}

static int submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	return rota_submit(rota_of(pool), run, arg);
}

static int try_submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	return rota_try_submit(rota_of(pool), run, arg);
}

static int submit_many(struct bench_pool *pool, const struct bench_job *jobs,
		size_t nr_jobs)
{
	const struct rota_job *left = (const struct rota_job *)jobs;

	while (nr_jobs) {
		size_t accepted;
		int error = rota_submit_many(
				rota_of(pool), left, nr_jobs, &accepted);

		if (error)
			return error;
		left += accepted;
		nr_jobs -= accepted;
	}
	return 0;
}

static int run_all(struct bench_pool *pool, const struct bench_job *jobs,
		size_t nr_jobs)
{
	struct rota_group group;
	int wait_error, error = rota_group_init(&group, rota_of(pool));

	if (error)
		return error;
	for (size_t i = 0; i < nr_jobs && !error; i++)
		error = rota_group_submit(&group, jobs[i].run, jobs[i].arg);
	wait_error = rota_group_wait(&group);
	rota_group_fini(&group);
	return error ? error : wait_error;
}

static void counts(struct bench_pool *pool, struct bench_counts *ret_counts)
{
	struct rota_stats stats = {.size = sizeof(stats)};

	if (rota_pool_stats(rota_of(pool), &stats))
		return;
	*ret_counts = (struct bench_counts){
			.submitted = stats.submitted,
			.ran = stats.ran,
			.dropped = stats.dropped,
			.queued = stats.queued,
			.running = stats.running,
			.wakes = stats.wakes,
	};
}

static void close_pool(struct bench_pool *pool)
{
	rota_pool_close(rota_of(pool));
}

static void destroy(struct bench_pool *pool)
{
	rota_pool_destroy(rota_of(pool));
}

static bool times(struct bench_pool *pool, enum rota_histogram_kind which,
		struct bench_times *ret_times)
{
	struct rota_histogram histogram = {.size = sizeof(histogram)};

	if (rota_pool_histogram(rota_of(pool), which, &histogram))
		return false;
	ret_times->count = histogram.count;
	ret_times->sum_ns = histogram.sum_ns;
	ret_times->max_ns = histogram.max_ns;
	memcpy(ret_times->buckets, histogram.buckets,
			sizeof(ret_times->buckets));
	return true;
}

static void view(struct bench_pool *pool, struct bench_view *ret_view)
{
	struct rota_stats stats = {.size = sizeof(stats)};

	*ret_view = (struct bench_view){0};
	if (rota_pool_stats(rota_of(pool), &stats))
		return;
	ret_view->parks = stats.parks;
	ret_view->stuck_jobs = stats.stuck_jobs;
	ret_view->stalls = stats.stalls;
	ret_view->rescues = stats.rescues;
	ret_view->oldest_wait_ns = stats.oldest_wait_ns;
	ret_view->is_measured =
			times(pool, ROTA_HISTOGRAM_WAIT, &ret_view->wait) &&
			times(pool, ROTA_HISTOGRAM_RUN, &ret_view->run);
}

static void worker(struct bench_pool *pool, unsigned index,
		struct bench_worker *ret_worker)
{
	static const char *const states[] = {
			[ROTA_WORKER_STARTING] = "starting",
			[ROTA_WORKER_RUNNING] = "running",
			[ROTA_WORKER_SEARCHING] = "searching",
			[ROTA_WORKER_PARKED] = "parked",
			[ROTA_WORKER_ENDED] = "ended",
			[ROTA_WORKER_BLOCKED] = "blocked",
			[ROTA_WORKER_SPARE] = "spare",
	};
	struct rota_worker_stats stats = {.size = sizeof(stats)};

	rota_worker_stats(rota_of(pool), index, &stats);
	*ret_worker = (struct bench_worker){
			.state = states[stats.state],
			.ran = stats.ran,
			.running_ns = stats.running_ns,
	};
}

const struct bench_pool_ops pool_rota = {
		.name = "rota",
		.kind = BENCH_ROTA,
		.about = {.is_default = true,
				.order = "of each submitter",
				.bound = "exact, if asked for; then one ring"},
		.create = create,
		.create_blocking = create_blocking,
		.blocking_begin = blocking_begin,
		.blocking_end = blocking_end,
		.submit = submit,
		.try_submit = try_submit,
		.submit_many = submit_many,
		.run_all = run_all,
		.counts = counts,
		.close = close_pool,
		.destroy = destroy,
		.create_measured = create_measured,
		.view = view,
		.worker = worker,
};

/* One ring for all submitters, bounded or not. */
const struct bench_pool_ops pool_rota_ring = {
		.name = "rota-ring",
		.kind = BENCH_ROTA,
		.about = {.order = "of all submits",
				.bound = "exact, if asked for",
				.note = "the other channel"},
		.create = create_ring,
		.submit = submit,
		.try_submit = try_submit,
		.submit_many = submit_many,
		.run_all = run_all,
		.counts = counts,
		.close = close_pool,
		.destroy = destroy,
};
