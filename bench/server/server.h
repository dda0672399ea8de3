/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H
/*
 * What all parts of the server share: the options, the pool, the epoll set of
 * the main thread, and a few counters.
 *
 * Letters: I set at start, then read-only; M main thread only; A atomic.
 */
#include "keepalive.h"
#include "options.h"
#include "refuse.h"
#include "source.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct server {
	struct options options;	       /* I */
	struct bench_pool *pool;       /* I */
	int epoll_fd;		       /* I */
	int signal_fd;		       /* I */
	int stop_fd;		       /* I; readable for ever once we stop */
	int listener_fd;	       /* M; -1 once we stop */
	struct source listener;	       /* M */
	struct source signals;	       /* M */
	uint64_t accept_again_ns;      /* M; 0 unless accepting pauses */
	uint64_t shutdown_deadline_ns; /* M */
	struct refusals refusals;      /* M */
	struct keepalive keepalive;    /* has its own lock */
	/*
	 * All A and relaxed: counters that order nothing, and a flag that is
	 * legal to see late: it only makes the goodbye quicker.
	 */
	atomic_bool is_stopping;
	atomic_uint nr_conns;
	atomic_ullong nr_answered;
	atomic_ullong nr_refused;
	atomic_ullong nr_accept_pauses;
};

static inline void server_count(atomic_ullong *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline bool server_is_stopping(struct server *server)
{
	return atomic_load_explicit(&server->is_stopping, memory_order_relaxed);
}

/* Places for workers, with a thread or not. */
static inline unsigned server_nr_workers(const struct server *server)
{
	return server->options.blocking_max ? server->options.blocking_max
					    : server->options.workers;
}

static inline unsigned server_nr_conns(struct server *server)
{
	return atomic_load_explicit(&server->nr_conns, memory_order_relaxed);
}

#endif
