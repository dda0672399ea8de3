/* SPDX-License-Identifier: MIT */
/*
 * What does a job cost in instructions? To be counted from outside, by
 * callgrind: cost_part.py runs it twice with different numbers of jobs and
 * takes the difference, so that whatever is done once cancels out.
 *
 * The first job blocks the one worker. Meanwhile the main thread submits all
 * the others; then it lets the worker go, and waits for it by destroying the
 * pool. So no two threads run at once and no job wakes anybody: the count is
 * that of the straight path, the same in each run. The main thread's part is
 * the submit, the worker's is taking and running. The loop and the job around
 * them are as short as can be: the one worker counts for itself.
 */
#include <semaphore.h>
#include <stdbool.h>

#include "options.h"
#include "subject.h"

#define BATCH_MAX 1024

static struct {
	uint64_t jobs, batch;
} options = {.jobs = 10000, .batch = 1};

static const struct option known_options[] = {
		{"jobs", &options.jobs, 1, 1000000},
		{"batch", &options.batch, 1, BATCH_MAX},
		{NULL, NULL, 0, 0},
};

static struct bench_pool *pool;
static sem_t is_blocked, may_go;
/* The worker's until it is joined: number, sum and sum of squares of the ids. */
static uint64_t nr_ran, sum_ran, squares_ran;

static void run_job(void *arg)
{
	uint64_t id = (uintptr_t)arg;

	nr_ran++;
	sum_ran += id;
	squares_ran += id * id;
}

static void run_first_job(void *id)
{
	sem_post(&is_blocked);
	while (sem_wait(&may_go) != 0)
		;
	run_job(id);
}

static int submit_batch(uint64_t first, uint64_t nr_jobs)
{
	struct bench_job jobs[BATCH_MAX];

	for (uint64_t i = 0; i < nr_jobs; i++)
		jobs[i] = (struct bench_job){
				run_job, (void *)(uintptr_t)(first + i)};
	return bench_submit_many(ops, pool, jobs, nr_jobs);
}

/* Ids 1 .. jobs; the first job has 0. */
static int submit_all(void)
{
	uint64_t nr, id = 1;
	int error = 0;

	for (; id <= options.jobs && !error; id += nr) {
		nr = 1;
		if (options.batch == 1) {
			error = ops->submit(
					pool, run_job, (void *)(uintptr_t)id);
			continue;
		}
		nr = options.jobs - id + 1;
		if (nr > options.batch)
			nr = options.batch;
		error = submit_batch(id, nr);
	}
	return error;
}

/* Ids 0 .. jobs, once each; no loop, it would count as the submitter's. */
static bool is_verified(void)
{
	uint64_t n = options.jobs;

	return nr_ran == n + 1 && sum_ran == n * (n + 1) / 2 &&
	       squares_ran == n * (n + 1) * (2 * n + 1) / 6;
}

int main(int argc, char **argv)
{
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("cost", ops, BENCH_INLINE);
	sem_init(&is_blocked, 0, 0);
	sem_init(&may_go, 0, 0);
	error = ops->create(1, 0, &pool);
	if (error)
		fail("create", error);
	error = ops->submit(pool, run_first_job, (void *)(uintptr_t)0);
	if (error)
		fail("submit", error);
	while (sem_wait(&is_blocked) != 0)
		;
	error = submit_all();
	if (error)
		fail("submit", error);
	sem_post(&may_go);
	ops->destroy(pool);
	verified = is_verified();
	if (!verified)
		fprintf(stderr,
				"cost: %s: WRONG: of %" PRIu64 " jobs, %" PRIu64
				" ran, or others than were submitted\n",
				ops->name, options.jobs + 1, nr_ran);
	printf("{\"program\": \"cost\", \"pool\": \"%s\", "
	       "\"jobs\": %" PRIu64 ", \"batch\": %" PRIu64 ", "
	       "\"bulk\": %s, \"verified\": %s}\n",
			ops->name, options.jobs, options.batch,
			options.batch > 1 && ops->submit_many ? "true"
							      : "false",
			verified ? "true" : "false");
	sem_destroy(&may_go);
	sem_destroy(&is_blocked);
	return verified ? 0 : 1;
}
