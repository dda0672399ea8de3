/* SPDX-License-Identifier: MIT */
/*
 * Does anything grow in a program that runs for long?
 *
 * For --seconds, threads come, submit a few hundred jobs to one pool and end;
 * another thread creates small pools beside it, uses and destroys them; and
 * every other second a job blocks a worker for a second. The resident size is
 * looked at ten times a second. After a fifth of the time, the warm-up, a line
 * is laid through it by least squares.
 * Bound: a slope of 0. It fails if a job did not run once, if a thread is left,
 * or if the line rises by more than --max-growth-kib in all: stacks that come
 * and go, and jobs that wait behind a blocked worker, are that much at most.
 * One process makes one measurement and prints one line of JSON.
 */
#include <pthread.h>
#include <stdbool.h>

#include "await.h"
#include "clock.h"
#include "footprint.h"
#include "options.h"
#include "sanitized.h"
#include "subject.h"
#include "tally.h"

#define SUBMITTERS   4
#define LOOK_NS	     100000000u
#define ROOM	     20000u /* jobs under way, at most about */
#define SMALL_JOBS   50u
#define SAMPLES_MAX  36010u
#define BLOCK_EVERY  2000000000u
#define BLOCK_FOR_NS 1000000000u

static struct {
	uint64_t workers, seconds, jobs_per_thread, max_growth_kib;
} options = {
		.workers = 4,
		.seconds = 5,
		.jobs_per_thread = 200,
		.max_growth_kib = 4096,
};

static const struct option known_options[] = {
		{"workers", &options.workers, 2, 511},
		{"seconds", &options.seconds, 1, 3600},
		{"jobs-per-thread", &options.jobs_per_thread, 1, 10000},
		{"max-growth-kib", &options.max_growth_kib, 0, 1u << 30},
		{NULL, NULL, 0, 0},
};

static struct bench_pool *pool;
static uint64_t nr_ids; /* that were handed out; by the main thread */
static _Atomic bool is_over;
static _Atomic uint64_t nr_blocked; /* such jobs that ran */
static uint64_t nr_small_pools;

/* What the small pools' jobs do; their threads are too many for the tally. */
static struct {
	_Atomic uint64_t count, sum;
} small;

static struct {
	uint64_t nr, max_kib;
	double seconds[SAMPLES_MAX], kib[SAMPLES_MAX];
} samples;

static void run_job(void *id)
{
	tally_job((uintptr_t)id);
}

static void run_small_job(void *id)
{
	atomic_fetch_add_explicit(&small.count, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&small.sum, tally_mix((uintptr_t)id),
			memory_order_relaxed);
}

static void run_blocking_job(void *arg)
{
	(void)arg;
	sleep_until_ns(now_ns() + BLOCK_FOR_NS);
	atomic_fetch_add_explicit(&nr_blocked, 1, memory_order_relaxed);
}

static void submit(struct bench_pool *to, void (*run)(void *), uint64_t id)
{
	int error = ops->submit(to, run, (void *)(uintptr_t)id);

	if (error)
		fail("submit", error);
}

static void *submitter_main(void *first)
{
	uint64_t id = (uintptr_t)first, end = id + options.jobs_per_thread;

	for (; id < end; id++)
		submit(pool, run_job, id);
	return NULL;
}

static void *small_pools_main(void *arg)
{
	const struct tally_total expected = tally_expected(SMALL_JOBS);

	while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
		struct bench_pool *own;
		int error = ops->create(2, 0, &own);

		if (error)
			fail("create", error);
		atomic_store_explicit(&small.count, 0, memory_order_relaxed);
		atomic_store_explicit(&small.sum, 0, memory_order_relaxed);
		for (uint64_t id = 0; id < SMALL_JOBS; id++)
			submit(own, run_small_job, id);
		ops->destroy(own);
		if (small.count != expected.count || small.sum != expected.sum)
			fail("WRONG: jobs of a small pool did not run once",
					-EIO);
		nr_small_pools++;
	}
	return arg;
}

/* The next one comes when the oldest has ended. */
static void replace_submitter(pthread_t *thread, bool is_first)
{
	int error;

	if (!is_first)
		pthread_join(*thread, NULL);
	error = pthread_create(thread, NULL, submitter_main,
			(void *)(uintptr_t)nr_ids);
	if (error)
		fail("thread", -error);
	nr_ids += options.jobs_per_thread;
	if (nr_ids > ROOM && !await_jobs(nr_ids - ROOM))
		fail("no job returned for long, some are lost", -EIO);
}

static void look(uint64_t since_ns)
{
	uint64_t kib = rss_kib();

	if (kib > samples.max_kib)
		samples.max_kib = kib;
	if (since_ns < options.seconds * 1000000000u / 5 ||
			samples.nr == SAMPLES_MAX)
		return;
	samples.seconds[samples.nr] = (double)since_ns / 1e9;
	samples.kib[samples.nr++] = (double)kib;
}

/* KiB a second, by least squares. */
static double slope(void)
{
	double nr = (double)samples.nr, x = 0, y = 0, xx = 0, xy = 0;

	for (uint64_t i = 0; i < samples.nr; i++) {
		x += samples.seconds[i];
		y += samples.kib[i];
		xx += samples.seconds[i] * samples.seconds[i];
		xy += samples.seconds[i] * samples.kib[i];
	}
	return samples.nr > 1 ? (nr * xy - x * y) / (nr * xx - x * x) : 0;
}

/* How many blocking jobs it submitted. */
static uint64_t churn(pthread_t *submitters)
{
	uint64_t began_ns = now_ns(), since_ns = 0, look_ns = 0, block_ns = 0;
	uint64_t blocked = 0, turn = 0;

	for (; since_ns < options.seconds * 1000000000u; turn++) {
		replace_submitter(&submitters[turn % SUBMITTERS],
				turn < SUBMITTERS);
		since_ns = now_ns() - began_ns;
		if (since_ns >= block_ns) {
			submit(pool, run_blocking_job, 0);
			blocked++;
			block_ns += BLOCK_EVERY;
		}
		if (since_ns >= look_ns) {
			look(since_ns);
			look_ns = since_ns + LOOK_NS;
		}
	}
	for (uint64_t i = 0; i < SUBMITTERS && i < turn; i++)
		pthread_join(submitters[i], NULL);
	return blocked;
}

static bool is_flat(double grown_kib, uint64_t threads)
{
	if (threads != 1) {
		fprintf(stderr, "churn: %s: WRONG: %" PRIu64 " threads left\n",
				ops->name, threads - 1);
		return false;
	}
	if (IS_SANITIZED || grown_kib <= (double)options.max_growth_kib)
		return true;
	fprintf(stderr, "churn: %s: WRONG: it grew by %.0f KiB\n", ops->name,
			grown_kib);
	return false;
}

static void print_result(uint64_t blocked, double kib_per_s, double grown_kib,
		bool verified)
{
	printf("{\"program\": \"churn\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"seconds\": %" PRIu64 ", "
	       "\"jobs\": %" PRIu64 ", \"threads\": %" PRIu64 ", "
	       "\"small_pools\": %" PRIu64 ", \"blocked\": %" PRIu64 ", ",
			ops->name, options.workers, options.seconds, nr_ids,
			nr_ids / options.jobs_per_thread, nr_small_pools,
			blocked);
	printf("\"samples\": %" PRIu64 ", \"slope_kib_per_s\": %.3f, "
	       "\"slope_bound\": 0, \"grown_kib\": %.0f, "
	       "\"max_rss_kib\": %" PRIu64 ", \"verified\": %s}\n",
			samples.nr, kib_per_s, grown_kib, samples.max_kib,
			verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	pthread_t submitters[SUBMITTERS], small_pools;
	double kib_per_s, grown_kib = 0;
	uint64_t blocked;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("churn", ops,
			BENCH_ONE_SUBMITTER | BENCH_ONE_POOL |
					BENCH_THREADS_STAY);
	memset(&samples, 1, sizeof(samples)); /* page faults now */
	samples.nr = samples.max_kib = 0;
	error = ops->create((unsigned)options.workers, 0, &pool);
	if (error)
		fail("create", error);
	error = pthread_create(&small_pools, NULL, small_pools_main, NULL);
	if (error)
		fail("thread", -error);

	blocked = churn(submitters);
	atomic_store_explicit(&is_over, true, memory_order_relaxed);
	pthread_join(small_pools, NULL);
	if (!await_jobs(nr_ids))
		fail("no job returned for long, some are lost", -EIO);

	ops->destroy(pool);
	kib_per_s = slope();
	if (samples.nr)
		grown_kib = kib_per_s * (samples.seconds[samples.nr - 1] -
							samples.seconds[0]);
	verified = tally_is_exact("churn", ops->name, nr_ids);
	if (nr_blocked != blocked) {
		fprintf(stderr, "churn: %s: WRONG: a blocking job is lost\n",
				ops->name);
		verified = false;
	}
	verified &= is_flat(grown_kib, nr_threads_at_rest(1));
	print_result(blocked, kib_per_s, grown_kib, verified);
	return verified ? 0 : 1;
}
