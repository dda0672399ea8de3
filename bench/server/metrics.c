/* SPDX-License-Identifier: MIT */
/*
 * What happened so far, for Prometheus?
 */
#include "metrics.h"

#include "../view.h"
#include "server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The buckets that are shown, always the same: 64 ns to 69 s. Their bounds are
 * inclusive there. */
enum { FIRST_BUCKET = 5, LAST_BUCKET = 35 };

static void family(
		FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(FILE *out, const char *name, const char *type, const char *help,
		uint64_t value)
{
	family(out, name, type, help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

/* Exactly, for any number of ns. */
static void seconds(FILE *out, uint64_t ns)
{
	fprintf(out, "%" PRIu64 ".%09" PRIu64, ns / 1000000000,
			ns % 1000000000);
}

static void times(FILE *out, const char *name, const char *help,
		const struct bench_times *times)
{
	uint64_t sum = 0;

	family(out, name, "histogram", help);
	for (unsigned i = 0; i <= LAST_BUCKET; i++) {
		sum += times->buckets[i];
		if (i < FIRST_BUCKET)
			continue;
		fprintf(out, "%s_bucket{le=\"", name);
		seconds(out, (UINT64_C(2) << i) - 1);
		fprintf(out, "\"} %" PRIu64 "\n", sum);
	}
	fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", name,
			times->count, name);
	seconds(out, times->sum_ns);
	fprintf(out, "\n%s_count %" PRIu64 "\n", name, times->count);
}

static void add_workers(FILE *out, struct server *server)
{
	static const char *const states[] = {"starting", "running", "searching",
			"parked", "blocked", "spare", "ended"};
	enum { NR_STATES = sizeof(states) / sizeof(*states) };
	const struct bench_pool_ops *ops = server->options.pool_ops;
	unsigned nr[NR_STATES] = {0};
	struct bench_worker worker;

	family(out, "pool_worker_jobs_total", "counter",
			"Jobs that each worker has run.");
	for (unsigned i = 0; i < server_nr_workers(server); i++) {
		ops->worker(server->pool, i, &worker);
		fprintf(out,
				"pool_worker_jobs_total{worker=\"%u\"} %" PRIu64
				"\n",
				i, worker.ran);
		for (unsigned s = 0; s < NR_STATES; s++)
			nr[s] += !strcmp(states[s], worker.state);
	}
	family(out, "pool_worker_states", "gauge", "Workers in each state.");
	for (unsigned s = 0; s < NR_STATES; s++)
		fprintf(out, "pool_worker_states{state=\"%s\"} %u\n", states[s],
				nr[s]);
}

static void add_view(FILE *out, struct server *server)
{
	struct bench_view view;

	server->options.pool_ops->view(server->pool, &view);
	add_workers(out, server);
	one(out, "pool_parks_total", "counter",
			"Times that a worker went to sleep.", view.parks);
	one(out, "pool_stuck_jobs_total", "counter",
			"Jobs that ran longer than the watchdog's time.",
			view.stuck_jobs);
	one(out, "pool_stalls_total", "counter",
			"Times that jobs waited and none ended so long.",
			view.stalls);
	one(out, "pool_rescues_total", "counter",
			"Lost wake-ups that the watchdog found.", view.rescues);
	if (!view.is_measured)
		return;
	family(out, "pool_oldest_wait_seconds", "gauge",
			"How long the job waits that waits longest.");
	fputs("pool_oldest_wait_seconds ", out);
	seconds(out, view.oldest_wait_ns);
	fputc('\n', out);
	times(out, "pool_queue_wait_seconds",
			"From the submit of a job to its start.", &view.wait);
	times(out, "pool_run_seconds", "From the start of a job to its end.",
			&view.run);
}

static void add_server(FILE *out, struct server *server)
{
	one(out, "server_connections", "gauge", "Open connections.",
			server_nr_conns(server));
	one(out, "server_requests_total", "counter", "Requests answered.",
			atomic_load_explicit(&server->nr_answered,
					memory_order_relaxed));
	one(out, "server_refused_total", "counter",
			"Connections refused because the pool was full.",
			atomic_load_explicit(&server->nr_refused,
					memory_order_relaxed));
	one(out, "server_accept_pauses_total", "counter",
			"Times that file descriptors or memory ran out.",
			atomic_load_explicit(&server->nr_accept_pauses,
					memory_order_relaxed));
}

static void add_counts(FILE *out, struct server *server)
{
	const struct bench_pool_ops *ops = server->options.pool_ops;
	struct bench_counts counts;

	ops->counts(server->pool, &counts);
	family(out, "pool_info", "gauge", "Which pool runs the jobs.");
	fprintf(out, "pool_info{pool=\"%s\"} 1\n", ops->name);
	one(out, "pool_workers", "gauge", "Threads that run jobs.",
			server->options.workers);
	one(out, "pool_jobs_submitted_total", "counter", "Jobs accepted.",
			counts.submitted);
	family(out, "pool_jobs_total", "counter",
			"Jobs finished, by their outcome.");
	fprintf(out, "pool_jobs_total{outcome=\"ran\"} %" PRIu64 "\n",
			counts.ran);
	fprintf(out, "pool_jobs_total{outcome=\"dropped\"} %" PRIu64 "\n",
			counts.dropped);
	one(out, "pool_jobs_queued", "gauge", "Jobs that wait.", counts.queued);
	one(out, "pool_jobs_running", "gauge", "Jobs that run.",
			counts.running);
	one(out, "pool_wakes_total", "counter", "Calls to wake a worker.",
			counts.wakes);
}

char *metrics_text(struct server *server, size_t *ret_bytes)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_bytes);

	if (!out)
		return NULL;
	add_counts(out, server);
	if (server->options.pool_ops->view)
		add_view(out, server);
	add_server(out, server);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
