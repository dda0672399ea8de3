/* SPDX-License-Identifier: MIT */
/*
 * What does a hop cost if each job submits its successor?
 *
 * So many chains at once: a job submits the next of its chain from inside
 * itself, only the first of each comes from outside. The clock runs from before
 * the first submit to the end of the last job of all (last.h). A first wave of
 * chains is warm-up. "ns_per_hop" is the time over the number of all jobs,
 * "ns_per_step" that over the length of a chain.
 * The bound, "inline_ns_per_hop", has no pool: the same jobs in a loop of one
 * thread. So many chains on so many processors can take no less than that over
 * the smaller of both numbers.
 * One process makes one measurement and prints one line of JSON.
 */
#include <stdbool.h>

#include "last.h"
#include "options.h"
#include "subject.h"
#include "usage.h"
#include "wakes.h"

enum { INLINE, WARM_UP, TIMED }; /* waves; from TIMED on all are timed */

static struct {
	uint64_t workers, chains, hops, waves, seed;
} options = {.workers = 2, .chains = 1, .hops = 100000, .waves = 3};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, 511},
		{"chains", &options.chains, 1, 1000000},
		{"hops", &options.hops, 1, 1u << 30},
		{"waves", &options.waves, 1, 1000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

static struct bench_pool *pool;
static uint64_t wave_jobs;
static uint64_t wave_end; /* id after the last one of this wave */

static void run_job(void *arg)
{
	uint64_t id = (uintptr_t)arg, next = id + options.chains;
	int error = 0;

	if (next < wave_end)
		error = ops->submit(pool, run_job, (void *)(uintptr_t)next);
	if (error)
		fail("submit", error);
	last_job(id);
}

/* How long a wave took whose jobs have all been started somehow. */
static uint64_t wait_for_wave(uint64_t wave, uint64_t began_ns)
{
	uint64_t ended_ns = last_wait(wave);

	if (!ended_ns)
		fail("no job returned for long, some are lost", -EIO);
	return ended_ns - began_ns;
}

static uint64_t run_inline(void)
{
	uint64_t began_ns = now_ns();

	last_begin(INLINE);
	for (uint64_t id = 0; id < wave_jobs; id++)
		last_job(id);
	return wait_for_wave(INLINE, began_ns);
}

static uint64_t run_wave(uint64_t wave)
{
	uint64_t id = wave * wave_jobs, began_ns;

	sleep_until_ns(now_ns() + 2000000); /* let the workers rest */
	wave_end = id + wave_jobs;
	last_begin(wave);
	began_ns = now_ns();
	for (uint64_t end = id + options.chains; id < end; id++) {
		int error = ops->submit(pool, run_job, (void *)(uintptr_t)id);

		if (error)
			fail("submit", error);
	}
	return wait_for_wave(wave, began_ns);
}

static void print_result(uint64_t took_ns, uint64_t inline_ns,
		struct usage usage, uint64_t wakes, bool verified)
{
	double jobs = (double)(options.waves * wave_jobs);

	printf("{\"program\": \"chain\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"chains\": %" PRIu64 ", "
	       "\"hops\": %" PRIu64 ", \"waves\": %" PRIu64 ", "
	       "\"ns_per_hop\": %.3f, \"ns_per_step\": %.3f, "
	       "\"inline_ns_per_hop\": %.3f, ",
			ops->name, options.workers, options.chains,
			options.hops, options.waves, (double)took_ns / jobs,
			(double)took_ns /
					(double)(options.waves * options.hops),
			(double)inline_ns / (double)wave_jobs);
	printf("\"cpu_ns_per_hop\": %.3f, \"switches_per_hop\": %.6f, "
	       "\"pool_wakes_per_hop\": %.6f, \"seed\": %" PRIu64 ", "
	       "\"verified\": %s}\n",
			(double)usage.cpu_ns / jobs,
			(double)(usage.voluntary + usage.involuntary) / jobs,
			(double)wakes / jobs, options.seed,
			verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	uint64_t took_ns = 0, inline_ns, wakes, nr_waves;
	struct usage usage;
	void *shift_heap;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("chain", ops, BENCH_NO_NESTED);
	wave_jobs = options.chains * options.hops;
	nr_waves = TIMED + options.waves;
	last_expect(wave_jobs, options.workers);
	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	if (!shift_heap)
		fail("start", -ENOMEM);
	inline_ns = run_inline();
	error = ops->create((unsigned)options.workers, 0, &pool);
	if (error)
		fail("create", error);

	run_wave(WARM_UP);
	wakes = wakes_of(ops, pool);
	usage = usage_now();
	for (uint64_t wave = TIMED; wave < nr_waves; wave++)
		took_ns += run_wave(wave);
	usage = usage_since(usage);
	wakes = wakes_of(ops, pool) - wakes;

	ops->destroy(pool);
	/* after the end of every worker */
	verified = tally_is_exact("chain", ops->name, nr_waves * wave_jobs);
	print_result(took_ns, inline_ns, usage, wakes, verified);
	free(shift_heap);
	return verified ? 0 : 1;
}
