/* SPDX-License-Identifier: MIT */
#ifndef ROTA_CREW_H
#define ROTA_CREW_H
/*
 * The workers of a pool as a crew: so many are wanted, and a worker in a blocking
 * region does not count.
 *
 *	ABSENT -> ACTIVE <-> BLOCKED	begin and end of a blocking region
 *	  ^         |  ^
 *	  |         v  |		one too many / one is missing
 *	  +------ SPARE			after idle_ns
 *
 * All changes are made under one lock, which nobody takes on the straight way:
 * MOOD_CROWDED diverts workers while a region is open or one is too many,
 * MOOD_PAUSED and MOOD_FORKING while none may start a job.
 */
#include "lock.h"
#include "rota.h"
#include <stdbool.h>

struct rota_pool;
struct worker;

/* States of a worker's place. */
enum {
	CREW_ABSENT,  /* no thread */
	CREW_ACTIVE,  /* runs jobs, looks for them, or sleeps until there are */
	CREW_BLOCKED, /* its job is in a blocking region */
	CREW_SPARE,   /* stands by: looks for no job */
	CREW_LEAVING, /* its thread ends */
	CREW_JOINED,  /* another worker joins it */
};

/* Legend: L under the lock; I at creation; A atomic, written under the lock. */
struct crew {
	alignas(CACHELINE) struct lock lock;
	bool is_made;	      /* L: create is done: one start may fail alone */
	bool is_paused;	      /* L: see pause.c */
	unsigned nr_forks;    /* L: see fork.c; pauses too */
	bool is_ending;	      /* L: a shutdown began */
	bool is_finished;     /* L: closed and drained */
	unsigned nr_active;   /* L */
	unsigned nr_blocked;  /* L */
	unsigned nr_held;     /* L: of the active, by a pause */
	struct worker *spare; /* L: who stands by, last one first */
	struct worker *left;  /* L: LEAVING for good, not joined */
	_Atomic uint32_t wanted;	 /* A: active workers */
	_Atomic uint32_t nr_spare;	 /* A */
	_Atomic uint32_t nr_surplus;	 /* A: active beyond wanted */
	_Atomic uint32_t nr_ended;	 /* A: active ones whose work is over */
	_Atomic uint32_t holds;		 /* A: futex; a pause may be complete */
	_Atomic uint32_t resumes;	 /* A: futex */
	_Atomic uint64_t start_failures; /* A */
	_Atomic uint64_t threads_lost;	 /* A: that jobs ended */

	/* I */
	uint64_t idle_ns;
	char name[12];
	size_t stack_bytes;
	void *cpu_set; /* ours */
	size_t cpu_set_bytes;
};

/* 0 or -ENOMEM. */
int crew_init(struct rota_pool *pool, const struct rota_options *options);
void crew_fini(struct rota_pool *pool);

/* crew_threads.c: a thread for a place without one. 0, -ENOSPC if there is none,
 * or what os_thread_start() says. Under the lock. */
int crew_start(struct rota_pool *pool);
/* A job has ended the thread of this worker, which calls this: another takes its
 * place; if there is none to be had, it goes on itself. */
void crew_lose(void *worker);
/* A new thread of this worker: it gets its name, and waits until the one before it
 * is gone. */
void crew_follow(struct worker *self);
/* A worker's thread is about to end; true: if it may, it starts once more. */
bool crew_leave(struct worker *self, bool may_return);
/* Nobody is kept from finishing, no pause begins, no thread is added from outside
 * any more. */
void crew_end(struct rota_pool *pool);
/* Join all threads; those that jobs start meanwhile too. 0 or -ETIMEDOUT. */
int crew_join(struct rota_pool *pool, uint64_t deadline_ns);

/* crew.c; under the lock: the numbers changed, what follows? */
void crew_changed(struct rota_pool *pool);
/* Under the lock: until as many as wanted are active, or no more can be had: 0,
 * or why. */
int crew_fill(struct rota_pool *pool);
/* This new worker's on_start failed. */
void crew_give_up(struct worker *self);
/* The channel is closed and drained: who stands by may end. */
void crew_finish(struct rota_pool *pool);
/* A worker ends because of that. */
void crew_ended(struct rota_pool *pool);
/* Between two jobs: is there anything to do for this worker? */
bool crew_calls(struct worker *self);
/* End the region that a job left open. */
void crew_end_region(struct worker *self);
/* Do what crew_calls() is about; false: this thread ends. */
bool crew_attend(struct worker *self);

/* pause.c: wait while the pool is paused, or somebody forks. */
void crew_hold(struct worker *self);
/* Does it have to? A moment's truth. */
bool crew_is_held(struct rota_pool *pool);
/* Is the pool paused, as its users see it? */
bool crew_is_paused(struct rota_pool *pool);
/* Under the lock, which is released meanwhile: until no worker runs a job. 0,
 * -ETIMEDOUT, -ESHUTDOWN; not for a fork: -ECANCELED resumed. */
int crew_await_holds(
		struct rota_pool *pool, bool is_fork, uint64_t deadline_ns);
/* Under the lock: let all go on. */
void crew_resume(struct rota_pool *pool);
/* Under the lock: one fork less. */
void crew_end_fork(struct rota_pool *pool);
/* Under the lock, while paused: perhaps nobody runs a job any more. */
void crew_tell_pause(struct rota_pool *pool);

#endif
