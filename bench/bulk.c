/* SPDX-License-Identifier: MIT */
/*
 * What does a submit cost the thread that submits, one by one and many at once?
 *
 * One thread submits groups of jobs to a pool that has room for them; only the
 * submit calls of a group are timed, with one clock reading before and one
 * after it. --batch is the number of jobs per call; a pool that cannot take
 * several gets them one by one. The workers run the jobs meanwhile: what they
 * do to the submitter is part of the price. With --gap-us=0 the next group
 * comes as soon as fewer than --room jobs are left, else when the gap is over.
 * One process makes one measurement and prints one line of JSON.
 */
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include "clock.h"
#include "options.h"
#include "stalled.h"
#include "subject.h"
#include "tally.h"
#include "wakes.h"

#define GROUP_MAX 1024
static struct {
	uint64_t workers, jobs, group, batch, room, gap_us, seed;
} options = {
		.workers = 1,
		.jobs = 640000,
		.group = 64,
		.batch = 64,
		.room = 1024,
};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, 511},
		{"jobs", &options.jobs, 1, 1u << 30},
		{"group", &options.group, 1, GROUP_MAX},
		{"batch", &options.batch, 1, GROUP_MAX},
		{"room", &options.room, 1, 1u << 30},
		{"gap-us", &options.gap_us, 0, 1000000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

static struct bench_pool *pool;
static struct bench_job group[GROUP_MAX];
static uint64_t next_id, tick_ns;

static void run_job(void *id)
{
	tally_job((uintptr_t)id);
}

static void wait_for_room(void)
{
	uint64_t began_ns = now_ns();

	if (options.gap_us) {
		do
			tick_ns += options.gap_us * 1000;
		while (tick_ns < began_ns + options.gap_us * 500);
		sleep_until_ns(tick_ns);
	}
	while (next_id - tally_sum().count >= options.room) {
		if (now_ns() - began_ns > STALLED_NS)
			fail("no job returned for long, some are lost", -EIO);
		sched_yield();
	}
}

/* What the submit calls of one group took. */
static uint64_t submit_group(void)
{
	uint64_t began_ns;
	int error = 0;

	for (uint64_t i = 0; i < options.group; i++)
		group[i] = (struct bench_job){
				run_job, (void *)(uintptr_t)next_id++};
	began_ns = now_ns();
	if (options.batch == 1) {
		for (uint64_t i = 0; i < options.group && !error; i++)
			error = ops->submit(pool, group[i].run, group[i].arg);
	} else {
		uint64_t nr, i = 0;

		for (; i < options.group && !error; i += nr) {
			nr = options.group - i;
			if (nr > options.batch)
				nr = options.batch;
			error = bench_submit_many(ops, pool, &group[i], nr);
		}
	}
	if (error)
		fail("submit", error);
	return now_ns() - began_ns;
}

static void print_result(uint64_t submit_ns, uint64_t groups, uint64_t wakes,
		bool verified)
{
	bool is_bulk = options.batch > 1 && ops->submit_many;

	printf("{\"program\": \"bulk\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"jobs\": %" PRIu64 ", "
	       "\"group\": %" PRIu64 ", \"batch\": %" PRIu64 ", "
	       "\"bulk\": %s, \"room\": %" PRIu64 ", \"gap_us\": %" PRIu64 ", ",
			ops->name, options.workers, groups * options.group,
			options.group, options.batch,
			is_bulk ? "true" : "false", options.room,
			options.gap_us);
	printf("\"submit_ns_per_job\": %.3f, \"pool_wakes_per_group\": %.6f, "
	       "\"seed\": %" PRIu64 ", \"verified\": %s}\n",
			(double)submit_ns / (double)(groups * options.group),
			(double)wakes / (double)groups, options.seed,
			verified ? "true" : "false");
}

int main(int argc, char **argv)
{
	uint64_t groups, warm_up, wakes, submit_ns = 0;
	void *shift_heap;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("bulk", ops, 0);
	groups = (options.jobs + options.group - 1) / options.group;
	warm_up = groups / 10 + 1;
	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	if (!shift_heap)
		fail("start", -ENOMEM);
	prctl(PR_SET_TIMERSLACK, 1ul); /* of this thread: a punctual schedule */
	error = ops->create((unsigned)options.workers, 0, &pool);
	if (error)
		fail("create", error);

	tick_ns = now_ns();
	for (uint64_t i = 0; i < warm_up; i++) {
		wait_for_room();
		submit_group();
	}
	wakes = wakes_of(ops, pool);
	for (uint64_t i = 0; i < groups; i++) {
		wait_for_room();
		submit_ns += submit_group();
	}
	wakes = wakes_of(ops, pool) - wakes;

	ops->destroy(pool);
	verified = tally_is_exact("bulk", ops->name, next_id);
	print_result(submit_ns, groups, wakes, verified);
	free(shift_heap);
	return verified ? 0 : 1;
}
