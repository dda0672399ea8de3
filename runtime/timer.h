/* SPDX-License-Identifier: MIT */
#ifndef ROTA_TIMER_H
#define ROTA_TIMER_H
/*
 * Jobs for later. A pool that has any has one thread which sleeps until the
 * first of them is due and then hands it over as anybody would: it runs none
 * itself. Others give it timers, new ones and stopped ones, by a stack that it
 * takes whole; only it sees the heap. Field legend: see pool.h; T the timer
 * thread.
 *
 * timers.c	the thread: its start and end, what is due
 * timer.c	timers as others see them: start, run, stop
 */
#include "halt.h"
#include "intrusive.h"
#include "sys/atomic.h"
#include "sys/os.h"
#include "timer_heap.h"

enum timer_state {
	/* One run of it is in the queue of the pool, or going on: there is no
	 * second one. Set by T, cleared by that run. */
	TIMER_IS_BUSY = 1,
	TIMER_IS_RUNNING = 2, /* with BUSY */
	/* Somebody sleeps until it does not run. */
	TIMER_IS_AWAITED = 4,
	/* No run begins any more. Never cleared. */
	TIMER_IS_STOPPED = 8,
	/* It is in the inbox of T, or was when it was stopped: who finds this
	 * bit set does not put it there again. */
	TIMER_IS_POSTED = 16,
	/* T has let go of it, and may be gone with its pool. Never cleared. */
	TIMER_IS_ENDED = 32,
};

struct rota_timer {
	struct heap_node node;	 /* T: first */
	struct rota_work work;	 /* a run in the queue of the pool */
	struct rota_pool *pool;	 /* I */
	rota_run_fn run;	 /* I */
	void *arg;		 /* I */
	uint64_t period_ns;	 /* I: 0 once */
	struct rota_timer *next; /* in the inbox */
	bool is_detached;	 /* I: of rota_submit_at(): T alone has it */
	bool is_known;		 /* T: it came out of the inbox before */
	_Atomic uint32_t state;	 /* A: TIMER_*; a futex */
	_Atomic uint32_t nr_holders; /* A: T, the inbox, a run, the user */
	_Atomic uintptr_t runner;    /* A: the thread, while RUNNING */
};

enum timers_state { TIMERS_NONE, TIMERS_STARTING, TIMERS_GO, TIMERS_ENDED };

struct timers {
	_Atomic uint32_t state;	  /* A: TIMERS_*; a futex */
	_Atomic uint32_t turn;	  /* A: T's futex: look again */
	_Atomic uint64_t wake_ns; /* A: T sleeps till then; 0: awake */
	_Atomic(struct rota_timer *) inbox; /* A */
	_Atomic uint32_t nr_posts;	    /* A */
	struct halt halt;
	struct timer_heap heap; /* T */
	struct rota_timer
			*in_hand; /* T: of which it waits to hand over a run */
	pthread_t thread;	  /* by who starts it */
	char name[16];		  /* I */
};

/* timers.c */
void timers_init(struct timers *timers, const char *pool_name);
/* There is a timer thread from now on. 0 or -EAGAIN. For a caller that shutdown
 * waits for. */
int timers_open(struct rota_pool *pool);
/* T has to see this timer, by due_ns at the latest. */
void timers_post(struct rota_pool *pool, struct rota_timer *timer,
		uint64_t due_ns);
/* The pool is closing. */
void timers_close(struct rota_pool *pool);
/* No caller can start it any more. 0 or -ETIMEDOUT; once only after 0. */
int timers_join(struct rota_pool *pool, uint64_t deadline_ns);
/* T stands still from soon on; one call at a time. */
void timers_halt(struct rota_pool *pool);
/* It does, or there is none. 0 or -ETIMEDOUT. */
int timers_await_halt(struct rota_pool *pool, uint64_t deadline_ns);
/* In a forked child, where T stood still: how many jobs were dropped. */
size_t timers_drop_all(struct rota_pool *pool, enum rota_drop_reason reason);

/* timer.c */
void timer_let_go(struct rota_timer *timer); /* one holder less */
/* T has a run in hand that nobody will get. */
void timer_forget_run(struct rota_timer *timer);
/* Hand a run over to the pool. 0, also if there is no need to; or the error. */
int timer_fire(struct rota_timer *timer);

#endif
