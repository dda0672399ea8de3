/* SPDX-License-Identifier: MIT */
/*
 * What does it cost more if a job is a member of a group, has a handle, a key,
 * a priority, a deadline, lies in the caller's memory, or is copied?
 *
 * One thread submits waves of jobs of one kind to W workers and waits for the
 * last job of each wave; the clock runs over both. Then the program checks that
 * each job ran exactly once. Only rota has these, so it is compared with its
 * own plain jobs. One process makes one measurement and prints one line of JSON.
 */
#include <stdbool.h>

#include "rota.h"

#include "clock.h"
#include "last.h"
#include "options.h"
#include "usage.h"

enum kind { PLAIN, GROUP, HANDLE, KEY, HIGH, DEADLINE, INTRUSIVE, COPY };

static const char *const kind_names[] = {"plain", "group", "handle", "key",
		"high", "deadline", "intrusive", "copy"};

#define KIND_LAST (sizeof(kind_names) / sizeof(*kind_names) - 1)
#define NR_KEYS	  8
#define HOUR_NS	  3600000000000u

static struct {
	uint64_t kind, workers, waves, wave, seed;
} options = {.workers = 1, .waves = 50, .wave = 10000};

static const struct option known_options[] = {
		{"kind", &options.kind, 0, KIND_LAST},
		{"workers", &options.workers, 1, 511},
		{"waves", &options.waves, 1, 1000000},
		{"wave", &options.wave, 1, 1000000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

struct own_job {
	struct rota_work work;
	uint64_t id;
};

static struct rota_pool *pool;
static struct rota_group group;
static struct own_job *own_jobs;
static struct rota_handle **handles;

static void fail(const char *what, int error)
{
	fprintf(stderr, "kinds: %s: %s: %s\n", kind_names[options.kind], what,
			strerror(-error));
	exit(1);
}

static void run_job(void *id)
{
	last_job((uintptr_t)id);
}

static void run_own(struct rota_work *work)
{
	last_job(((struct own_job *)work)->id);
}

static void run_copy(void *id)
{
	last_job(*(uint64_t *)id);
}

static int submit_with(uint64_t id, const struct rota_job_options *job,
		struct rota_handle **ret_handle)
{
	return rota_submit_with(
			pool, run_job, (void *)(uintptr_t)id, job, ret_handle);
}

static inline int submit(enum kind kind, uint64_t id)
{
	void *arg = (void *)(uintptr_t)id;
	struct own_job *own;

	switch (kind) {
	case PLAIN:
		return rota_submit(pool, run_job, arg);
	case GROUP:
		return rota_group_submit(&group, run_job, arg);
	case HANDLE:
		return submit_with(id, NULL, &handles[id % options.wave]);
	case KEY:
		return submit_with(id,
				&(struct rota_job_options){
						.key = id % NR_KEYS + 1},
				NULL);
	case HIGH:
		return submit_with(id,
				&(struct rota_job_options){
						.priority = ROTA_PRIORITY_HIGH},
				NULL);
	case DEADLINE:
		return submit_with(id,
				&(struct rota_job_options){
						.deadline_ns = now_ns() +
							       HOUR_NS},
				NULL);
	case INTRUSIVE:
		own = &own_jobs[id % options.wave];
		own->id = id;
		return rota_submit_job(pool, &own->work);
	case COPY:
		return rota_submit_copy(pool, run_copy, NULL, &id, sizeof(id));
	}
	return -EINVAL;
}

/* What belongs to the kind and comes after the last job: part of its price. */
static void finish_wave(void)
{
	int error = 0;

	if (options.kind == GROUP)
		error = rota_group_wait(&group);
	if (error)
		fail("wait", error);
	for (uint64_t i = 0; options.kind == HANDLE && i < options.wave; i++)
		rota_handle_unref(handles[i]);
}

static uint64_t run_wave(uint64_t wave)
{
	uint64_t began_ns = now_ns(), id = wave * options.wave;

	last_begin(wave);
	for (; id < (wave + 1) * options.wave; id++) {
		int error = submit((enum kind)options.kind, id);

		if (error)
			fail("submit", error);
	}
	if (!last_wait(wave))
		fail("no job returned for long, some are lost", -EIO);
	finish_wave();
	return now_ns() - began_ns;
}

static void print_result(uint64_t took_ns, struct usage usage, bool verified)
{
	double jobs = (double)(options.waves * options.wave);

	printf("{\"program\": \"kinds\", \"pool\": \"rota\", \"kind\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"waves\": %" PRIu64 ", "
	       "\"wave\": %" PRIu64 ", \"ns_per_job\": %.3f, "
	       "\"cpu_ns_per_job\": %.3f, \"seed\": %" PRIu64 ", "
	       "\"verified\": %s}\n",
			kind_names[options.kind], options.workers,
			options.waves, options.wave, (double)took_ns / jobs,
			(double)usage.cpu_ns / jobs, options.seed,
			verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	struct rota_options pool_options = {0};
	uint64_t took_ns = 0;
	struct usage usage = {0};
	void *shift_heap;
	bool verified;
	int error;

	options_read(argc, argv, known_options);
	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	own_jobs = calloc(options.wave, sizeof(*own_jobs));
	handles = calloc(options.wave, sizeof(*handles));
	if (!shift_heap || !own_jobs || !handles)
		fail("start", -ENOMEM);
	for (uint64_t i = 0; i < options.wave; i++)
		own_jobs[i].work.run = run_own;
	last_expect(options.wave, options.workers);
	pool_options.workers = (unsigned)options.workers;
	error = rota_pool_create(&pool_options, &pool);
	if (error)
		fail("create", error);
	error = rota_group_init(&group, pool);
	if (error)
		fail("group", error);

	for (uint64_t wave = 0; wave <= options.waves; wave++) {
		uint64_t wave_ns;

		if (wave == 1)
			usage = usage_now(); /* the first one is warm-up */
		wave_ns = run_wave(wave);
		took_ns += wave ? wave_ns : 0;
	}
	usage = usage_since(usage);

	error = rota_group_fini(&group);
	if (error)
		fail("group", error);
	error = rota_pool_destroy(pool);
	if (error)
		fail("destroy", error);
	verified = tally_is_exact("kinds", kind_names[options.kind],
			(options.waves + 1) * options.wave);
	print_result(took_ns, usage, verified);
	free(handles);
	free(own_jobs);
	free(shift_heap);
	return verified ? 0 : 1;
}
