/* SPDX-License-Identifier: MIT */
/*
 * Twice as many requests as can be answered: how many are still answered in
 * time, and how soon is all well afterwards?
 *
 * Requests of --job-us each come at fixed times, whatever the pool does, and
 * count if their answer is there --deadline-us after that time. Three phases:
 * calm at half of what the workers can do, a flood at --load percent of it, calm
 * again. rota gets a bounded queue and a deadline for each job, and sheds what
 * it cannot do in time; a pool that has no deadlines takes everything. What the
 * workers can do is measured first, by a closed loop. The program checks that
 * each request had exactly one end. One process makes one measurement and prints
 * one line of JSON.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include "clock.h"
#include "options.h"
#include "rota.h"
#include "stalled.h"
#include "subject.h"
#include "work.h"

#define NS_PER_US 1000u
#define NS_PER_S  1000000000u

static struct {
	uint64_t workers, job_us, deadline_us, load, flood_ms, calm_ms, seed;
} options = {
		.workers = 2,
		.job_us = 200,
		.deadline_us = 50000,
		.load = 200,
		.flood_ms = 2000,
		.calm_ms = 500,
};

static const struct option known_options[] = {
		{"workers", &options.workers, 1, 511},
		{"job-us", &options.job_us, 1, 1000000},
		{"deadline-us", &options.deadline_us, 1, 60000000},
		{"load", &options.load, 1, 1000},
		{"flood-ms", &options.flood_ms, 1, 600000},
		{"calm-ms", &options.calm_ms, 1, 600000},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

struct request {
	uint64_t due_ns;	   /* when it came */
	_Atomic uint64_t ended_ns; /* UINT64_MAX: shed */
	_Atomic uint32_t ends;
};

enum phase { PEAK, BEFORE, FLOOD, AFTER, NR_PHASES };

struct phase_counts {
	uint64_t first, nr; /* requests */
	uint64_t began_ns, took_ns;
	uint64_t in_time, late, shed;
	uint64_t last_bad_ns; /* when the last one came that was not in time */
};

static struct bench_pool *pool;
static bool has_deadlines;
static uint64_t steps;
static struct request *requests;
static uint64_t nr_requests, max_requests;
static struct phase_counts phases[NR_PHASES];

static void end(struct request *request, uint64_t ended_ns)
{
	atomic_store_explicit(
			&request->ended_ns, ended_ns, memory_order_relaxed);
	atomic_fetch_add_explicit(&request->ends, 1, memory_order_release);
}

static void run_request(void *request)
{
	work(steps);
	end(request, now_ns());
}

static void drop_request(void *request, enum rota_drop_reason reason)
{
	(void)reason;
	end(request, UINT64_MAX);
}

static void submit(struct request *request)
{
	struct rota_job_options job = {
			.drop = drop_request,
			.deadline_ns = request->due_ns +
				       (options.deadline_us - options.job_us) *
						       NS_PER_US,
	};
	int error = has_deadlines ? rota_submit_with((struct rota_pool *)pool,
						    run_request, request, &job,
						    NULL)
				  : ops->submit(pool, run_request, request);

	if (error == -EAGAIN)
		end(request, UINT64_MAX); /* full: refused at once */
	else if (error)
		fail("submit", error);
}

static struct request *new_request(uint64_t due_ns)
{
	struct request *request = &requests[nr_requests++];

	if (nr_requests > max_requests)
		fail("requests", -ENOBUFS);
	request->due_ns = due_ns;
	return request;
}

static uint64_t nr_ended(uint64_t from)
{
	uint64_t ended = from;

	while (ended < nr_requests &&
			atomic_load_explicit(&requests[ended].ends,
					memory_order_acquire))
		ended++;
	return ended;
}

/* As fast as the workers answer: a few more than they are, at any time. */
static double measure_peak(uint64_t for_ns)
{
	uint64_t began_ns = now_ns(), now, ended = 0;

	while ((now = now_ns()) - began_ns < for_ns) {
		ended = nr_ended(ended);
		while (nr_requests < ended + 8 * options.workers)
			submit(new_request(now));
		sleep_until_ns(now + options.job_us * NS_PER_US);
	}
	ended = nr_ended(ended);
	return (double)ended * NS_PER_S / (double)(now_ns() - began_ns);
}

/* At fixed times, late ones at once. */
static void offer(struct phase_counts *phase, double per_s, uint64_t ms)
{
	uint64_t nr = (uint64_t)(per_s * (double)ms / 1e3);
	uint64_t began_ns = now_ns();

	phase->first = nr_requests;
	phase->nr = nr;
	phase->began_ns = began_ns;
	phase->took_ns = ms * 1000000;
	for (uint64_t i = 0; i < nr; i++) {
		uint64_t due_ns = began_ns +
				  (uint64_t)((double)i * NS_PER_S / per_s);

		if (due_ns > now_ns())
			sleep_until_ns(due_ns);
		submit(new_request(due_ns));
	}
	sleep_until_ns(began_ns + phase->took_ns);
}

static void wait_for_all(void)
{
	uint64_t moved_ns = now_ns(), before = 0, ended = 0;

	while ((ended = nr_ended(ended)) < nr_requests) {
		if (ended != before)
			moved_ns = now_ns();
		else if (now_ns() - moved_ns > STALLED_NS)
			fail("requests without an end", -EIO);
		before = ended;
		sleep_until_ns(now_ns() + 1000000);
	}
}

static void count(struct phase_counts *phase)
{
	for (uint64_t i = phase->first; i < phase->first + phase->nr; i++) {
		struct request *request = &requests[i];
		uint64_t ended_ns = request->ended_ns;
		bool is_in_time = ended_ns <=
				  request->due_ns + options.deadline_us *
								    NS_PER_US;

		phase->in_time += is_in_time;
		phase->shed += ended_ns == UINT64_MAX;
		phase->late += !is_in_time && ended_ns != UINT64_MAX;
		if (!is_in_time)
			phase->last_bad_ns = request->due_ns;
	}
}

static bool all_ended_once(void)
{
	for (uint64_t i = 0; i < nr_requests; i++) {
		if (requests[i].ends == 1)
			continue;
		fprintf(stderr,
				"overload: %s: WRONG: request %" PRIu64
				" had %u ends\n",
				ops->name, i, requests[i].ends);
		return false;
	}
	return true;
}

static void print_phase(const char *name, const struct phase_counts *phase)
{
	printf("\"%s_per_s\": %.1f, \"%s_in_time\": %" PRIu64
	       ", \"%s_late\": %" PRIu64 ", \"%s_shed\": %" PRIu64 ", ",
			name,
			(double)phase->in_time * NS_PER_S /
					(double)phase->took_ns,
			name, phase->in_time, name, phase->late, name,
			phase->shed);
}

static void print_result(double peak_per_s, bool verified)
{
	struct phase_counts *after = &phases[AFTER];
	double recovered_ms =
			after->last_bad_ns ? (double)(after->last_bad_ns -
							     after->began_ns) /
							     1e6
					   : 0;

	printf("{\"program\": \"overload\", \"pool\": \"%s\", "
	       "\"workers\": %" PRIu64 ", \"job_us\": %" PRIu64 ", "
	       "\"deadline_us\": %" PRIu64 ", \"load_percent\": %" PRIu64 ", "
	       "\"peak_per_s\": %.1f, ",
			ops->name, options.workers, options.job_us,
			options.deadline_us, options.load, peak_per_s);
	print_phase("before", &phases[BEFORE]);
	print_phase("flood", &phases[FLOOD]);
	print_phase("after", after);
	printf("\"recovered_ms\": %.3f, \"seed\": %" PRIu64
	       ", \"verified\": %s}\n",
			recovered_ms, options.seed,
			verified ? "true" : "false");
}

/* What the queue holds is answered in half the time that there is. */
static int create(void)
{
	struct rota_options rota = {
			.workers = (unsigned)options.workers,
			.capacity = (unsigned)(options.workers *
					       options.deadline_us /
					       options.job_us / 2),
			.full_policy = ROTA_FULL_FAIL,
	};

	has_deadlines = ops == &pool_rota;
	if (!has_deadlines)
		return ops->create((unsigned)options.workers, 0, &pool);
	if (!rota.capacity)
		rota.capacity = 1;
	return rota_pool_create(&rota, (struct rota_pool **)&pool);
}

int main(int argc, char **argv)
{
	double peak_per_s;
	void *shift_heap;
	bool verified;
	int error;

	ops = options_read(argc, argv, known_options);
	options_need("overload", ops, 0);
	if (options.deadline_us < 2 * options.job_us) {
		fputs("overload: a deadline of less than two jobs\n", stderr);
		return 2;
	}
	max_requests = (options.flood_ms * options.load / 100 +
				       2 * options.calm_ms + 1000) *
		       1000 / options.job_us * options.workers * 2;
	/* the seed moves what follows in memory: layout is a source of noise */
	shift_heap = malloc(64 * (options.seed % 64 + 1));
	requests = calloc(max_requests, sizeof(*requests));
	if (!shift_heap || !requests)
		fail("start", -ENOMEM);
	prctl(PR_SET_TIMERSLACK, 1ul); /* of this thread: a punctual schedule */
	steps = options.job_us * work_per_us();
	error = create();
	if (error)
		fail("create", error);

	peak_per_s = measure_peak(options.calm_ms * 1000000);
	wait_for_all();
	offer(&phases[BEFORE], peak_per_s / 2, options.calm_ms);
	wait_for_all();
	offer(&phases[FLOOD], peak_per_s * (double)options.load / 100,
			options.flood_ms);
	offer(&phases[AFTER], peak_per_s / 2, options.calm_ms);
	wait_for_all();

	ops->destroy(pool);
	for (int i = BEFORE; i < NR_PHASES; i++)
		count(&phases[i]);
	verified = all_ended_once();
	print_result(peak_per_s, verified);
	free(requests);
	free(shift_heap);
	return verified ? 0 : 1;
}
