/* SPDX-License-Identifier: MIT */
/*
 * What happened so far, in JSON?
 */
#include "stats.h"

#include "../view.h"
#include "server.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void set(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

static uint64_t load(atomic_ullong *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static json_t *times_object(const struct bench_times *times)
{
	json_t *object = json_object(), *buckets = json_array();

	set(object, "count", times->count);
	set(object, "sum_ns", times->sum_ns);
	set(object, "max_ns", times->max_ns);
	for (unsigned i = 0; i < BENCH_BUCKETS; i++)
		json_array_append_new(buckets,
				json_integer((json_int_t)times->buckets[i]));
	json_object_set_new(object, "buckets", buckets);
	return object;
}

static json_t *workers_array(struct server *server)
{
	json_t *workers = json_array();

	for (unsigned i = 0; i < server_nr_workers(server); i++) {
		json_t *object = json_object();
		struct bench_worker worker;

		server->options.pool_ops->worker(server->pool, i, &worker);
		json_object_set_new(object, "state", json_string(worker.state));
		set(object, "ran", worker.ran);
		set(object, "running_ns", worker.running_ns);
		json_array_append_new(workers, object);
	}
	return workers;
}

/* What only some pools know. */
static void add_view(struct server *server, json_t *object)
{
	struct bench_view view;

	server->options.pool_ops->view(server->pool, &view);
	set(object, "parks", view.parks);
	set(object, "stuck_jobs", view.stuck_jobs);
	set(object, "stalls", view.stalls);
	set(object, "rescues", view.rescues);
	json_object_set_new(object, "worker", workers_array(server));
	if (!view.is_measured)
		return;
	set(object, "oldest_wait_ns", view.oldest_wait_ns);
	json_object_set_new(object, "wait", times_object(&view.wait));
	json_object_set_new(object, "run", times_object(&view.run));
}

char *stats_text(struct server *server, size_t *ret_bytes)
{
	const struct bench_pool_ops *ops = server->options.pool_ops;
	json_t *object = json_object();
	struct bench_counts counts;
	char *text, *line;

	ops->counts(server->pool, &counts);
	json_object_set_new(object, "pool", json_string(ops->name));
	set(object, "workers", server->options.workers);
	set(object, "capacity", server->options.capacity);
	set(object, "submitted", counts.submitted);
	set(object, "ran", counts.ran);
	set(object, "dropped", counts.dropped);
	set(object, "queued", counts.queued);
	set(object, "running", counts.running);
	set(object, "wakes", counts.wakes);
	set(object, "connections",
			atomic_load_explicit(&server->nr_conns,
					memory_order_relaxed));
	set(object, "answered", load(&server->nr_answered));
	set(object, "refused", load(&server->nr_refused));
	set(object, "accept_pauses", load(&server->nr_accept_pauses));
	if (ops->view)
		add_view(server, object);
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (!text)
		return NULL;
	*ret_bytes = strlen(text) + 1;
	line = realloc(text, *ret_bytes + 1);
	if (!line) {
		free(text);
		return NULL;
	}
	memcpy(line + *ret_bytes - 1, "\n", 2);
	return line;
}
