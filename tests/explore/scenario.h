/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_SCENARIO_H
#define EXPLORE_SCENARIO_H
/* A small pool, its submitters and jobs, and what must be true of them. */
#include "rota.h"
#include "xp.h"

enum { JOBS_MAX = 16 };

struct scenario {
	unsigned submitters; /* the first thread is one of them */
	unsigned workers;
	unsigned max_workers; /* 0: no more */
	unsigned jobs;	      /* of each submitter */
	unsigned capacity;    /* 0: unbounded, 4 slots at first */
	enum rota_full_policy full_policy;
	enum rota_channel channel;
	unsigned children; /* that each job of the submitters submits */
	bool awaits_child; /* and then waits for one of them */
	bool is_timed;	   /* submits have a deadline */
	bool is_copied;	   /* jobs are closures in boxes */
	bool is_quiesce; /* no stop before every job ran: a stop wakes all, and
			    so hides a lost wake-up */
	bool cancels;	 /* the group or the task */
	bool is_unordered; /* one worker may change the order of a submitter */
	unsigned meeting; /* so many jobs must be running before one may end, */
	unsigned first_meeting; /* from this one on */
	unsigned held; /* so many jobs do not end before release_jobs() */
};

/* One job. Plain memory: the explorer has one real thread. */
struct job {
	unsigned accepted, started, ran, dropped;
};

extern struct job jobs[JOBS_MAX];
extern const struct scenario *scenario;
extern struct rota_pool *pool;

/* Workers that begin at this moment, or all of them parked. */
void pool_setup(const struct scenario *with);
/* How many there are, children included. */
unsigned nr_all_jobs(void);
/* What is handed over for each of them. */
void run_job(void *job);
/* Hand over jobs[index]; what rota_submit() returned. */
int submit(unsigned index);
/* The first nr jobs in one call. */
void submit_many(unsigned nr);
/* As a thread: the jobs of submitter (uintptr_t)number. */
void *submitter(void *number);
/* Wait until nr jobs ran. */
void wait_until_ran(unsigned nr);
/* Wait until this one ran, in a quiesce case. */
void wait_for_job(unsigned index);
void release_jobs(void);
void wait_for_release(void);
void say_ready(void);
void wait_until_ready(void);
/* Shut down; the report must agree with the jobs. */
void pool_finish(enum rota_shutdown_mode mode);
void pool_destroy(void);
/* All submits returned and all jobs are done: each accepted one had one outcome,
 * no other had any, and the counters agree. */
void check_jobs(void);
/* For xp_options.always. */
void check_capacity(void);
/* For xp_options.at_rest. */
void check_rest(void);

#endif
