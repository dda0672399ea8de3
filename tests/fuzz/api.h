/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_API_H
#define FUZZ_API_H
/*
 * Sequences of public calls against a model of what they may return.
 *
 * The main thread makes the calls that the bytes ask for; guests are threads
 * that make one call which may wait. A gate is a job that holds its worker until
 * a later step opens it. When all workers are held and no guest is about, nothing
 * moves, and the model is exact: it knows how many jobs are queued and what each
 * call returns. Else it knows which results are possible.
 *
 *	api_jobs.c	what jobs do, what became of them
 *	api_offer.c	the submit family: make the call, judge its result
 *	api_guests.c	calls that wait
 *	api_pool.c	create, close, drain, shutdown, stats, destroy
 *	api_refused.c	bad arguments
 *	api.c		from bytes to steps
 */
#include "../../runtime/rota.h"
#include "../harness.h"
#include "input.h"

#include <errno.h>
#include <stdatomic.h>

enum { MAX_JOBS = 250, MAX_GUESTS = 2, MAX_OFFER = 6 };

/* What a job does besides counting. Each of its children has a plan that is one
 * level less deep, so a plan makes chains or trees. */
enum plan {
	PLAN_CHILDREN = 3u,	/* 0 .. 3 */
	PLAN_FORM = 7u << 2,	/* how they are submitted */
	PLAN_CALLS = 1u << 5,	/* calls that a job may not make */
	PLAN_CLOSES = 1u << 6,	/* its pool */
	PLAN_IN_DROP = 1u << 7, /* submits children also when dropped */
	PLAN_DEPTH = 31u << 8,
	PLAN_LEVEL = 1u << 8,
};

struct job {
	atomic_uint accepted, entries, runs, drops;
	unsigned plan;
	unsigned bytes;	 /* of its payload, if it is a copy */
	bool is_ordered; /* the main thread submitted it */
	bool drop_is_unseen;
	bool is_gate;
	bool is_open; /* under the lock of the gates */
};

enum form {
	FORM_SUBMIT,
	FORM_TRY,
	FORM_UNTIL,
	FORM_MANY,
	FORM_COPY,
	NR_FORMS,
};

/* A call of the submit family. */
struct offer {
	enum form form;
	unsigned nr;
	struct job *jobs[MAX_OFFER];
	uint64_t deadline_ns;
	unsigned bytes; /* of the payload */
	bool has_drop;
};

struct api {
	struct rota_pool *pool; /* NULL: none */
	unsigned nr_workers, capacity;
	enum rota_full_policy policy;
	bool sees_drops;	   /* the pool has on_drop */
	atomic_bool has_unseen;	   /* a job whose drop nobody would see */
	bool is_discarding;	   /* or may be */
	bool is_over;		   /* shutdown returned 0 */
	atomic_bool may_be_closed; /* somebody is about to close */
	atomic_bool is_closed;	   /* a close has returned */
	atomic_uint nr_started, nr_stopped;
	struct rota_stats last; /* what the last stats said */

	/* job 0 stands for all copies of 0 bytes: they cannot say who they are */
	struct job jobs[MAX_JOBS];
	atomic_uint nr_jobs;
	atomic_uint last_started; /* of the ordered ones, with one worker */
};
extern struct api api;

/* api_jobs.c */
void jobs_reset(void);
struct job *job_new(unsigned plan); /* NULL: no more */
unsigned job_index(const struct job *job);
void job_run(void *job);
void copy_run(void *payload);
void copy_drop(void *payload, enum rota_drop_reason reason);
void empty_run(void *payload);
void empty_drop(void *payload, enum rota_drop_reason reason);
void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason);
struct tally {
	unsigned accepted, runs, drops;
	unsigned held;	/* gates that hold a worker */
	unsigned gates; /* that are shut and accepted and have no outcome */
	unsigned unfinished;
	unsigned unordered; /* of these */
	struct job *oldest; /* of the ordered ones that wait, or NULL */
};
struct tally jobs_tally(void);
bool jobs_may_vanish(void);	 /* dropped, and nobody saw it */
void gates_open(unsigned which); /* of those that are shut, modulo */
void gates_open_all(void);
void gates_settle(void); /* until as many hold workers as can */

/* api_offer.c */
bool offer_read(struct offer *offer, struct input *input);
int offer_make(struct offer *offer, size_t *ret_accepted);
/* NULL: unknown */
const struct tally *exact_tally(struct tally *tally);
bool offer_may_wait_for_ever(const struct offer *offer);
void offer_by_main(struct offer *offer);
void offer_by_job(struct offer *offer);
void check_offer_by_guest(
		const struct offer *offer, int result, size_t accepted);

/* api_guests.c */
unsigned guests_nr(void);
bool guests_all_blocked(void); /* in a submit that waits for room */
void guest_start(struct input *input);
void guests_join(void); /* opens all gates first */

/* api_pool.c */
void pool_create(struct input *input);
void pool_close(void);
void pool_drain(struct input *input);
void pool_shutdown(struct input *input);
void pool_stats(void);
void pool_end(void);
uint64_t deadline_read(struct input *input);

/* api_refused.c */
void refused_call(struct input *input);

#endif
