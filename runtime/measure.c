/* SPDX-License-Identifier: MIT */
#include "measure.h"
#include "pool.h"
#include "sys/probe.h"
#include <errno.h>

struct timed {
	_Atomic uint64_t submitted_ns; /* A: see measure_oldest_ns() */
	struct rota_job job;
};

static size_t measure_bytes(struct rota_pool *pool)
{
	return sizeof(struct measure) +
	       pool->nr_workers * sizeof(struct measured);
}

int measure_init(struct rota_pool *pool)
{
	pool->measure = os_pages_map(measure_bytes(pool));
	if (!pool->measure)
		return -ENOMEM;
	pool->measure->boxes.bytes = sizeof(struct timed);
	lanes_go_round(&pool->channel.lanes);
	return 0;
}

void measure_fini(struct rota_pool *pool)
{
	if (!pool->measure)
		return;
	boxes_fini(&pool->measure->boxes, NULL);
	os_pages_unmap(pool->measure, measure_bytes(pool));
}

/* The run of a wrapped job that never was in the queue: it waited for nothing
 * that a histogram should show. */
static void run_timed(void *arg)
{
	struct rota_job job = {run_timed, arg};

	measure_unwrap(&job);
	job.run(job.arg);
}

void measure_wrap(struct rota_pool *pool, const struct rota_job *jobs,
		size_t nr_jobs, struct rota_job *ret_timed)
{
	uint64_t now_ns = os_now_ns();

	for (size_t i = 0; i < nr_jobs; i++) {
		struct box *box = box_get(
				&pool->measure->boxes, sizeof(struct timed));
		struct timed *timed = box ? (void *)box->payload : NULL;

		ret_timed[i] = jobs[i];
		if (!box)
			continue;
		/* relaxed: published with the job */
		atomic_store_explicit(&timed->submitted_ns, now_ns,
				memory_order_relaxed);
		timed->job = jobs[i];
		ret_timed[i] = (struct rota_job){run_timed, box};
	}
}

static uint64_t time_in(const struct rota_job *job)
{
	struct box *box = job->arg;
	struct timed *timed = (void *)box->payload;

	/* relaxed: came with the job, or is any */
	return atomic_load_explicit(&timed->submitted_ns, memory_order_relaxed);
}

uint64_t measure_unwrap(struct rota_job *job)
{
	struct box *box = job->arg;
	uint64_t at_ns;

	if (job->run != run_timed)
		return 0;
	at_ns = time_in(job);
	*job = ((struct timed *)(void *)box->payload)->job;
	box_put(box);
	return at_ns;
}

static void keep(struct times *times, uint64_t ns)
{
	/* relaxed: statistics, which `ran` publishes; only this worker writes */
	add_alone(&times->buckets[63 - __builtin_clzll(ns | 1)], 1,
			memory_order_relaxed);
	add_alone(&times->all_ns, ns, memory_order_relaxed);
	if (ns > atomic_load_explicit(&times->longest_ns, memory_order_relaxed))
		atomic_store_explicit(
				&times->longest_ns, ns, memory_order_relaxed);
}

void measure_run(struct worker *self, struct rota_job job)
{
	uint64_t submitted_ns = measure_unwrap(&job);
	struct measured *measured = &self->pool->measure->workers[self->index];
	uint64_t start_ns = os_now_ns(), wait_ns = 0, run_ns;

	if (submitted_ns) {
		wait_ns = start_ns - submitted_ns;
		keep(&measured->times[ROTA_HISTOGRAM_WAIT], wait_ns);
	}
	/* relaxed: a moment's truth for who looks */
	atomic_store_explicit(
			&measured->since_ns, start_ns, memory_order_relaxed);
	PROBE3(start, self->pool, self->index, wait_ns);
	job.run(job.arg);
	run_ns = os_now_ns() - start_ns;
	PROBE3(done, self->pool, self->index, run_ns);
	atomic_store_explicit(&measured->since_ns, 0, memory_order_relaxed);
	keep(&measured->times[ROTA_HISTOGRAM_RUN], run_ns);
}

void measure_lost(struct worker *self)
{
	/* relaxed: as in measure_run() */
	atomic_store_explicit(
			&self->pool->measure->workers[self->index].since_ns, 0,
			memory_order_relaxed);
}

uint64_t measure_running_ns(struct rota_pool *pool, unsigned worker)
{
	uint64_t since_ns, now_ns;

	if (!pool->measure)
		return 0;
	/* relaxed: a moment's truth */
	since_ns = atomic_load_explicit(
			&pool->measure->workers[worker].since_ns,
			memory_order_relaxed);
	now_ns = os_now_ns();
	return since_ns && since_ns < now_ns ? now_ns - since_ns : 0;
}

static void see_time(void *oldest_ns, const struct rota_job *first)
{
	uint64_t *oldest = oldest_ns, at_ns;

	if (first->run != run_timed)
		return;
	at_ns = time_in(first);
	if (at_ns < *oldest)
		*oldest = at_ns;
}

uint64_t measure_oldest_ns(struct rota_pool *pool)
{
	uint64_t oldest_ns = UINT64_MAX, now_ns;

	if (!pool->measure)
		return 0;
	channel_see_first(&pool->channel, see_time, &oldest_ns);
	now_ns = os_now_ns();
	return oldest_ns < now_ns ? now_ns - oldest_ns : 0;
}

static void add_up(struct times *times, struct rota_histogram *sum)
{
	/* relaxed: statistics; the caller has read `ran` if it is at rest */
	uint64_t max_ns = atomic_load_explicit(
			&times->longest_ns, memory_order_relaxed);

	for (unsigned i = 0; i < ROTA_HISTOGRAM_BUCKETS; i++) {
		uint64_t nr = atomic_load_explicit(
				&times->buckets[i], memory_order_relaxed);

		sum->buckets[i] += nr;
		sum->count += nr;
	}
	sum->sum_ns += atomic_load_explicit(
			&times->all_ns, memory_order_relaxed);
	if (max_ns > sum->max_ns)
		sum->max_ns = max_ns;
}

int rota_pool_histogram(struct rota_pool *pool, enum rota_histogram_kind which,
		struct rota_histogram *ret_histogram)
{
	struct rota_histogram sum = {.size = sizeof(sum)};

	if (!pool || !ret_histogram || (unsigned)which > ROTA_HISTOGRAM_RUN ||
			(ret_histogram->size &&
					ret_histogram->size < sizeof(sum)))
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	if (!pool->measure)
		return -ENODATA;
	for (unsigned i = 0; i < pool->nr_workers; i++)
		add_up(&pool->measure->workers[i].times[which], &sum);
	if (ret_histogram->size)
		sum.size = ret_histogram->size;
	*ret_histogram = sum;
	return 0;
}
