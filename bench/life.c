/* SPDX-License-Identifier: MIT */
/*
 * How long does it take to create a pool and to destroy it, empty or with jobs
 * queued, and does anything stay behind?
 *
 * A pool is created and destroyed again and again. With --queued=N its workers
 * are held (gate.h) while N jobs are submitted; the time of the destroy begins
 * before they are let go and includes all N.
 * Bound: "threads_p50_ns", the same number of bare threads started and joined,
 * measured here too. A pool may start them later, or at once but in parallel.
 * It fails if a job did not run once, or if from the end of the warm-up to the
 * end more stays behind than --cycles can leave by chance: a thread; half a
 * mapping, 64 bytes of heap or half a page a cycle, above what the C library
 * keeps for itself (32 mappings, 16 KiB of heap, 1 MiB of pages).
 * One process makes one measurement and prints one line of JSON.
 */
#define TALLY_THREADS 65536 /* each pool has new ones */

#include <pthread.h>
#include <stdbool.h>

#include "clock.h"
#include "footprint.h"
#include "gate.h"
#include "hist.h"
#include "options.h"
#include "sanitized.h"
#include "subject.h"
#include "tally.h"

static struct {
	uint64_t workers, queued, cycles, seed;
} options = {.workers = 4, .cycles = 200};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, 511},
		{"queued", &options.queued, 0, 10000000},
		{"cycles", &options.cycles, 1, 100000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

static struct gate gate;
static struct hist create_ns, destroy_ns, threads_ns;

static void run_job(void *id)
{
	tally_job((uintptr_t)id);
}

static void fill(struct bench_pool *pool, uint64_t first)
{
	int error = gate_close(&gate, ops, pool, (unsigned)options.workers);

	for (uint64_t i = 0; i < options.queued && !error; i++)
		error = ops->submit(
				pool, run_job, (void *)(uintptr_t)(first + i));
	if (error)
		fail("submit", error);
}

static void run_cycle(uint64_t number, bool is_counted)
{
	uint64_t began_ns = now_ns(), created_ns, ending_ns, ended_ns;
	uint64_t target = (number + 1) * options.queued;
	struct bench_pool *pool;
	int error = ops->create((unsigned)options.workers, 0, &pool);

	if (error)
		fail("create", error);
	created_ns = now_ns();
	if (options.queued)
		fill(pool, number * options.queued);
	ending_ns = now_ns();
	if (options.queued)
		gate_open(&gate);
	ops->destroy(pool);
	ended_ns = now_ns();
	if (tally_sum().count != target) {
		fprintf(stderr,
				"life: %s: WRONG: after destroy, %" PRIu64
				" jobs had run, not %" PRIu64 "\n",
				ops->name, tally_sum().count, target);
		exit(1);
	}
	if (is_counted) {
		hist_add(&create_ns, created_ns - began_ns);
		hist_add(&destroy_ns, ended_ns - ending_ns);
	}
}

static void *bare_thread(void *arg)
{
	return arg;
}

static void run_bare_threads(void)
{
	pthread_t threads[511];
	uint64_t began_ns = now_ns();

	for (uint64_t i = 0; i < options.workers; i++) {
		int error = pthread_create(
				&threads[i], NULL, bare_thread, NULL);

		if (error)
			fail("thread", -error);
	}
	for (uint64_t i = 0; i < options.workers; i++)
		pthread_join(threads[i], NULL);
	hist_add(&threads_ns, now_ns() - began_ns);
}

static int64_t grown(uint64_t before, uint64_t after)
{
	return (int64_t)after - (int64_t)before;
}

static bool is_little(const char *what, int64_t much, uint64_t allowed)
{
	if (much <= (int64_t)allowed)
		return true;
	fprintf(stderr,
			"life: %s: WRONG: %" PRId64 " %s more than %" PRIu64
			" cycles before\n",
			ops->name, much, what, options.cycles);
	return false;
}

static bool nothing_stayed(
		const struct footprint *before, const struct footprint *after)
{
	uint64_t cycles = options.cycles;

	if (!is_little("threads", grown(before->threads, after->threads), 0))
		return false;
	if (IS_SANITIZED)
		return true;
	return is_little("mappings", grown(before->mappings, after->mappings),
			       32 + cycles / 2) &&
	       is_little("bytes of heap",
			       grown(before->heap_bytes, after->heap_bytes),
			       16384 + 64 * cycles) &&
	       is_little("KiB", grown(before->rss_kib, after->rss_kib),
			       1024 + 2 * cycles);
}

static void print_result(const struct footprint *before,
		const struct footprint *after, bool verified)
{
	printf("{\"program\": \"life\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"queued\": %" PRIu64 ", "
	       "\"cycles\": %" PRIu64 ", \"create_p50_ns\": %" PRIu64 ", "
	       "\"create_p99_ns\": %" PRIu64 ", ",
			ops->name, options.workers, options.queued,
			options.cycles, hist_quantile(&create_ns, 0.5),
			hist_quantile(&create_ns, 0.99));
	printf("\"destroy_p50_ns\": %" PRIu64 ", \"destroy_p99_ns\": %" PRIu64
	       ", \"threads_p50_ns\": %" PRIu64 ", ",
			hist_quantile(&destroy_ns, 0.5),
			hist_quantile(&destroy_ns, 0.99),
			hist_quantile(&threads_ns, 0.5));
	printf("\"threads_grown\": %" PRId64 ", \"mappings_grown\": %" PRId64
	       ", \"heap_grown_bytes\": %" PRId64
	       ", \"rss_grown_kib\": %" PRId64 ", \"seed\": %" PRIu64
	       ", \"verified\": %s}\n",
			grown(before->threads, after->threads),
			grown(before->mappings, after->mappings),
			grown(before->heap_bytes, after->heap_bytes),
			grown(before->rss_kib, after->rss_kib), options.seed,
			verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	struct footprint before, after;
	uint64_t warm_up;
	void *shift_heap;
	bool verified;

	ops = options_read(argc, argv, known_options);
	options_need("life", ops,
			BENCH_THREADS_STAY |
					(options.queued ? BENCH_INLINE | BENCH_OWN_NUMBER
							: 0));
	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	if (!shift_heap)
		fail("start", -ENOMEM);
	memset(tally_of, 0, sizeof(tally_of)); /* page faults now */
	for (uint64_t i = 0; i < options.cycles; i++)
		run_bare_threads();

	warm_up = options.cycles / 10 + 5;
	for (uint64_t i = 0; i < warm_up; i++)
		run_cycle(i, false);
	before = footprint_at_rest(1);
	for (uint64_t i = 0; i < options.cycles; i++)
		run_cycle(warm_up + i, true);
	after = footprint_at_rest(before.threads);

	verified = tally_is_exact("life", ops->name,
			(warm_up + options.cycles) * options.queued);
	verified &= nothing_stayed(&before, &after);
	print_result(&before, &after, verified);
	free(shift_heap);
	return verified ? 0 : 1;
}
