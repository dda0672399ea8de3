/* SPDX-License-Identifier: MIT */
/*
 * What happened so far, in JSON?
 */
#include "stats.h"

#include "server.h"

#include <jansson.h>

static void set(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

static uint64_t load(atomic_ullong *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

size_t stats_write(struct server *server, char *out, size_t bytes)
{
	const struct bench_pool_ops *ops = server->options.pool_ops;
	json_t *object = json_object();
	struct bench_counts counts;
	size_t used;

	ops->counts(server->pool, &counts);
	json_object_set_new(object, "pool", json_string(ops->name));
	set(object, "workers", server->options.workers);
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
	used = json_dumpb(object, out, bytes - 1, JSON_COMPACT);
	json_decref(object);
	if (used >= bytes) /* cannot be: the keys are few */
		used = 0;
	out[used] = '\n';
	return used + 1;
}
