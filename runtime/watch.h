/* SPDX-License-Identifier: MIT */
#ifndef ROTA_WATCH_H
#define ROTA_WATCH_H
/*
 * The watchdog: a thread that looks at a pool twice in the time T of the option
 * watchdog_ns. Nobody helps it: what did not change from one look to the next is
 * all that it knows.
 *
 *	stuck	a worker runs, and its counters stood still for T
 *	stall	jobs wait, and no job ended for T
 *	rescue	jobs wait, a worker sleeps, nobody searches, and from one look
 *		to the next, half of T later, neither a counter nor the eventcount
 *		moved
 *
 * The first two are the program's, and are told once each. The third must not
 * be: each submit tells somebody, each searcher looks again. So it counts lost
 * wake-ups, and wakes a worker all the same.
 */
#include "halt.h"
#include "sys/os.h"
#include "rota.h"

/* Its thread is to end; to look at what else it is asked for. */
enum { WATCH_OVER = 1, WATCH_CALL = 2 };

struct watch {
	_Atomic uint32_t calls; /* A: a futex; WATCH_OVER, WATCH_CALL */
	struct halt halt;
	pthread_t thread; /* by who took the join, as the next */
	bool is_started;
	uint64_t limit_ns; /* I: T */
	void (*on_stuck)(void *hook_arg, unsigned worker, uint64_t running_ns);
	/* S: the watchdog */
	_Atomic uint64_t nr_stuck;
	_Atomic uint64_t nr_stalls;
	_Atomic uint64_t nr_rescues;
	/* W: the watchdog; what it saw last */
	uint64_t word; /* of the eventcount; 0: not the case of a rescue */
	uint64_t same_since_ns; /* nothing has changed */
	uint64_t submitted, finished;
	uint64_t stalled_since_ns; /* 0: it is told */
	struct watched {
		uint64_t finished, parks;
		uint64_t since_ns; /* the first look at this job; 0: it is told */
	} workers[];
};

/* 0 or -ENOMEM. */
int watch_init(struct rota_pool *pool, const struct rota_options *options);
/* These three do nothing in a pool without. 0 or -EAGAIN. */
int watch_start(struct rota_pool *pool);
/* Its thread is joined, or -ETIMEDOUT; by who took the join. */
int watch_stop(struct rota_pool *pool, uint64_t deadline_ns);
void watch_fini(struct rota_pool *pool);
/* It stands still from soon on; one call at a time. */
void watch_halt(struct rota_pool *pool);
/* It does. 0 or -ETIMEDOUT. */
int watch_await_halt(struct rota_pool *pool, uint64_t deadline_ns);
void watch_go_on(struct rota_pool *pool);

/* One look; the first one sees only where everything is. */
void watch_look(struct rota_pool *pool, uint64_t now_ns);
/* Its part of the statistics. */
void watch_stats(struct rota_pool *pool, struct rota_stats *stats);

#endif
