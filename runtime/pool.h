/* SPDX-License-Identifier: MIT */
#ifndef ROTA_POOL_H
#define ROTA_POOL_H
/*
 * What a pool is made of. Field legend: I set at creation, then read only;
 * A shared atomic; W its worker only; S its worker writes, others read.
 */
#include "batch.h"
#include "box.h"
#include "channel.h"
#include "crew.h"
#include "eventcount.h"
#include "room.h"
#include "sys/os.h"
#include "timer.h"
#include "tune.h"

/* Threads that wait for the pool to be at rest; see rest.c. */
struct rest {
	_Atomic uint32_t turns;	     /* A: futex; counts "it is at rest" */
	_Atomic uint32_t nr_waiters; /* A */
};

struct worker {
	alignas(2 * CACHELINE) struct rota_pool *pool; /* I */
	struct ec_waiter *waiter;		       /* I */
	pthread_t thread;			       /* I */
	unsigned index;				       /* I */
	bool has_started;     /* W: its on_start did not fail */
	unsigned moved;	      /* W: jobs that it found last time */
	unsigned low_turn;    /* W: jobs since it looked for a low one */
	bool is_late;	      /* I: it came after the pool was made */
	uint64_t gathered_ns; /* W: when it last let jobs gather, or not */
	uint64_t streak_from; /* W: `ran` when the streak of jobs began */
	struct batch batch;   /* W */
	void *slot;	      /* W: the jobs' own */
	alignas(CACHELINE) _Atomic uint64_t ran; /* S: jobs */
	_Atomic uint64_t dropped;		 /* S: jobs */
	_Atomic uint64_t as_dropped; /* S: of ran, those that were dropped */
	_Atomic uint64_t late;	     /* S: over, less those counted too early */
	unsigned regions;	     /* W: blocking ones, inside one another */
	_Atomic uint32_t state;	     /* A: CREW_*, written under the lock */
	_Atomic uint32_t is_called;  /* A: a spare one is needed; a futex */
	struct worker *below;	     /* L: in a list of the crew */
	_Atomic uint32_t doing;	     /* S: enum rota_worker_state, but PARKED */
	unsigned nr_kept;	 /* W: jobs that it took, but for one that */
	struct rota_job kept[2]; /* W: runs: see mood.c */
	bool is_lost;		 /* W: its job ended the thread */
	bool has_before;	 /* W: before is to be joined */
	bool is_awaited;	 /* L: a shutdown joins the thread */
	unsigned times_lost;	 /* L: how often a job ended its thread */
	pthread_t before;	 /* W: the one before, which a job ended */
};

/* What a worker has to think of with each job; 0 in a forked child. */
enum {
	MOOD_PLAIN = 1,
	MOOD_BOUNDED = 2,
	MOOD_DISCARDING = 4,
	MOOD_CLASSES = 32, /* jobs of other priorities wait, perhaps */
	MOOD_CROWDED = 8,  /* a blocking region is open, or a worker too many */
	MOOD_PAUSED = 16,
	MOOD_MEASURED = 64,
	MOOD_FORKING = 128,
	MOOD_HELD = MOOD_PAUSED | MOOD_FORKING, /* no job may start */
};

enum join_state { JOIN_OPEN, JOIN_TAKEN, JOIN_DONE };

struct rota_pool {
	/* This page is zero in a forked child: see pool_is_ours(). */
	alignas(OS_PAGE_MAX) _Atomic uint64_t id; /* I: never used again */
	_Atomic uint32_t mood;			  /* A: MOOD_* */
	_Atomic uint32_t is_closing;		  /* A */
	enum rota_full_policy full_policy;	  /* I */
	uint32_t spin_ns;			  /* I */
	unsigned nr_cpus;			  /* I */
	unsigned nr_workers;			  /* I: places for them */
	unsigned capacity;			  /* I: 0 unbounded */
	bool goes_round; /* I: submits have more to do than push to the ring */

	alignas(OS_PAGE_MAX) struct channel channel;
	struct eventcount eventcount;
	struct room room;
	alignas(CACHELINE) struct rest rest;
	/* Calls from outside that a shutdown must see leave: blocked
	 * submitters, inline jobs, waiting drains. */
	alignas(CACHELINE) _Atomic uint32_t nr_callers; /* A: a futex */
	_Atomic uint64_t submitted_inline; /* A: never in the channel */
	_Atomic uint64_t ran_inline;	   /* A */
	_Atomic uint64_t dropped;	   /* A: not by a worker */
	_Atomic uint64_t as_dropped, late; /* A: as those of a worker */
	_Atomic(struct strand *) strands;  /* A: NULL: no keys were used */
	_Atomic uint32_t nr_helping; /* A: threads from outside in a group */
	struct boxes boxes, groups;
	struct crew crew;

	/* starting and joining */
	alignas(CACHELINE) _Atomic uint32_t nr_started; /* A: a futex */
	_Atomic int start_error;			/* A: first wins */
	_Atomic uint32_t join_state;			/* A: JOIN_*, a futex */
	unsigned nr_threads; /* I: by create, all of them */

	struct timers timers;

	_Atomic uintptr_t forker;    /* A: who prepared it for a fork, or 0 */
	struct rota_options options; /* I: all of them; see fork.c */

	/* I */
	int (*on_start)(void *hook_arg, unsigned worker);
	void (*on_stop)(void *hook_arg, unsigned worker);
	void (*on_drop)(void *hook_arg, const struct rota_job *job,
			enum rota_drop_reason reason);
	void *hook_arg;
	sigset_t signal_mask;	     /* I: of the thread that made the pool */
	struct measure *measure;     /* I: NULL: not measured */
	struct watch *watch;	     /* I: NULL: no watchdog */
	size_t bytes;		     /* of this mapping */
	struct rota_pool *live_next; /* see live.c */

	struct worker workers[];
};

static_assert(offsetof(struct rota_pool, channel) >= OS_PAGE_MAX,
		"a forked child must still find the rest");

/* False in a forked child, where the workers do not exist. Relaxed: zeroed
 * by the kernel before the child runs. */
static inline uint64_t pool_id(struct rota_pool *pool)
{
	return atomic_load_explicit(&pool->id, memory_order_relaxed);
}

static inline bool pool_is_ours(struct rota_pool *pool)
{
	return pool_id(pool);
}

/* For calls that would wait for this very thread. */
static inline bool pool_is_prepared_here(struct rota_pool *pool)
{
	/* relaxed: if it is ours, we wrote it */
	return atomic_load_explicit(&pool->forker, memory_order_relaxed) ==
	       (uintptr_t)&os_local;
}

/* Jobs were published: the eventcount as it is after that. */
static inline uint64_t pool_published(struct rota_pool *pool)
{
	_Atomic uint64_t *word = &pool->eventcount.word;
	uint64_t now;

	/* [pool.F1] light fence; pairs with the heavy ones [ec.F3] and [ec.F4],
	 * and with [lanes.F5]. Orders the published job before the look at
	 * the eventcount. Forbids: no worker sees the job and the submitter
	 * sees no worker. */
	fence_light();
	now = atomic_load_explicit(word, memory_order_acquire);
	if (__builtin_expect(ec_is_calm(now), 1))
		return now;
	/* [pool.F4] full fence; pairs with [ec.F2]. Orders the same for who
	 * leaves the waking to a searcher; and all of it where there are no
	 * heavy fences. */
	fence_full();
	return atomic_load_explicit(word, memory_order_acquire);
}

/* tell.c: somebody may have to be told of so many jobs, of this lane or of
 * the chain. */
void pool_tell(struct rota_pool *pool, uint64_t word, struct lane *lane,
		size_t nr_jobs);

/* Jobs were published in the chain, or moved: see to it that somebody looks. */
static inline void pool_notify(struct rota_pool *pool, size_t nr_jobs)
{
	uint64_t word = pool_published(pool);

	if (__builtin_expect(ec_has_waiters(word), 0))
		pool_tell(pool, word, NULL, nr_jobs);
}

/* submit_lane.c: jobs were published in this thread's lane while somebody had
 * to be told. 0 or -ESHUTDOWN, as for rota_submit(). */
int lane_pushed(struct rota_pool *pool, struct lane *lane, uint64_t word,
		size_t nr_jobs, size_t *ret_accepted);
/* Accept at least one of the jobs by way of a lane, or say why not;
 * LANE_CANNOT: it has to be the chain. */
enum { LANE_CANNOT = 1 };
int lane_submit(struct rota_pool *pool, const struct rota_job *jobs,
		size_t nr_jobs, size_t *ret_accepted);

/* submit.c: for a job that is refused since the pool is full: this thread runs
 * it, or drops it, or drops another one, or waits. 0, -EDEADLK, -ESHUTDOWN. */
int pool_run_here(struct rota_pool *pool, const struct rota_job *job);
int pool_drop_here(struct rota_pool *pool, const struct rota_job *job);
int pool_drop_oldest(struct rota_pool *pool);
int pool_wait_for_room(struct rota_pool *pool);
/* For HIGH and LOW; -ENOTSUP: the pool is bounded. */
int pool_submit_class(struct rota_pool *pool, enum rota_priority priority,
		struct rota_job job);

/* parallel_for.c: pieces of a loop until none is left; dropping it is nothing. */
void loop_run_pieces(void *loop);

/* mood.c: not just run it, see MOOD_*; false: look after something else before
 * the next job. */
bool worker_run_with_care(
		struct worker *self, struct rota_job job, uint32_t mood);
/* A job of another priority; false: there is none. */
bool worker_run_class(struct worker *self, enum channel_class class);

/* Of jobs that are over. */
static inline void worker_count(_Atomic uint64_t *counter)
{
	/* [worker.R1] release; pairs with [stats.A1]: who sees the job counted
	 * sees what it did. Only this thread writes. */
	add_alone(counter, 1, memory_order_release);
}

/* Jobs in a row: since it last parked, and half of those before. */
static inline uint64_t worker_streak(struct worker *self)
{
	/* relaxed: its own */
	return atomic_load_explicit(&self->ran, memory_order_relaxed) -
	       self->streak_from;
}

/* worker_refill.c: a job of others, moved here; without a run: there is none. */
struct rota_job worker_refill(struct worker *self, struct taker *own);
/* Nested jobs go on and on: queue what others submitted too, and now and then
 * take the oldest, whose turn would never come. */
bool worker_take_in_turn(struct worker *self, struct taker *own, uint64_t ran,
		struct rota_job *ret_job);

/* worker.c */
void *worker_main(void *worker);
void worker_run(void *worker);
/* Its on_start has ended the thread. */
void worker_give_up(struct worker *self);
/* Jobs were found by searching, or moved: others may sleep because of that. */
void worker_tell_others(struct worker *self, bool has_more);
/* It will look for no more jobs: others must know of what it leaves. */
void worker_hand_over(struct worker *self);

/* For who looks; that it sleeps is known by its futex. */
static inline void worker_note(
		struct worker *self, enum rota_worker_state state)
{
	/* relaxed: a moment's truth */
	atomic_store_explicit(&self->doing, state, memory_order_relaxed);
}

/* worker_stats.c */
enum rota_worker_state worker_state(struct rota_pool *pool, unsigned index);

/* run.c: the two outcomes, and what this thread is running */
struct frame {
	struct rota_pool *pool;
	int worker_index;
	unsigned depth;	     /* of inline jobs */
	unsigned helps;	     /* waits that it is inside of */
	struct group *group; /* whose member it runs; NULL: no group's */
	struct task *task;   /* that it runs; NULL: it runs a plain job */
	struct frame *outer;
};
void frame_push(struct frame *frame, struct rota_pool *pool, int worker_index);
void frame_pop(struct frame *frame);
/* The innermost one: its job has ended the thread, which is leaving. */
static inline void frame_lost(void)
{
	os_local.innermost = os_local.innermost->outer;
}
bool frame_has(struct rota_pool *pool); /* in a job or hook of this pool? */
unsigned frame_depth(void);
int frame_index_in(struct rota_pool *pool); /* of its worker, or -1 */
/* The worker of this pool that this thread is, or NULL. */
struct worker *frame_worker(struct rota_pool *pool);
/* Call the drop of a job; the caller counts it afterwards. */
void job_drop(struct rota_pool *pool, const struct rota_job *job,
		enum rota_drop_reason reason);

/* rest.c */
bool pool_is_at_rest(struct rota_pool *pool);
/* Drains look again. After a fence. */
void pool_tell_drains(struct rota_pool *pool);
/* Somebody finished a job: tell drains if it was the last. After a fence. */
void pool_check_rest(struct rota_pool *pool);
void pool_callers_enter(struct rota_pool *pool);
void pool_callers_leave(struct rota_pool *pool);
/* A job that ran inline has ended its thread. */
void pool_lose_inline(struct rota_pool *pool);
static inline void inline_lost(struct rota_pool **pool)
{
	if (*pool)
		pool_lose_inline(*pool);
}
/* Around jobs that this thread takes from where their tickets do not lead it. */
void pool_help_enter(struct rota_pool *pool);
void pool_help_leave(struct rota_pool *pool);

/* stats.c: reads what is finished first, what was accepted last */
struct pool_counts {
	uint64_t submitted, ran, dropped, ran_inline;
};
void pool_count(struct rota_pool *pool, struct pool_counts *ret_counts);
/* A job that is counted as ran, or will be, was dropped; or with -1 the other
 * way round. */
void pool_count_as_dropped(struct rota_pool *pool, int nr);
/* -1: what is counted as finished goes on; 1: now it is over. */
void pool_count_late(struct rota_pool *pool, int nr);

/* pool.c; all of a pool but its threads, in these zeroed pages: 0 or an error,
 * and then nothing is left. And back. */
int pool_build(struct rota_pool *pool, size_t bytes,
		const struct rota_options *options);
void pool_unbuild(struct rota_pool *pool);
/* Its threads: 0 or an error, and then all are joined. */
int pool_start(struct rota_pool *pool, unsigned nr_workers);

/* live.c */
void live_name(struct rota_pool *pool); /* gives it its id */
void live_add(struct rota_pool *pool);
/* This thread ends: its lanes are for others. */
void live_thread_ended(void);
/* 0 and the pool is the caller's alone, -EINVAL, or -EOWNERDEAD. */
int live_remove(struct rota_pool *pool);

#endif
