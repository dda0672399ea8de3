/* SPDX-License-Identifier: MIT */
#ifndef ROTA_H
#define ROTA_H
/*
 * rota: a work-queue runtime for Linux. Jobs go through per-thread lanes or
 * a Concurrency Kit ring to worker threads that park on a futex eventcount.
 *
 *	static void hello(void *arg) { puts(arg); }
 *
 *	struct rota_pool *pool;
 *	if (rota_pool_create(NULL, &pool))		defaults
 *		return 1;
 *	rota_submit(pool, hello, "hello from a worker");
 *	rota_pool_destroy(pool);			runs it, joins, frees
 *
 * The law of outcomes
 *	A submit that returns 0 means: exactly one of run or drop will be
 *	called for that job, once. A submit that fails means: neither, and the
 *	caller still owns everything. At rest submitted == ran + dropped.
 *
 * Which calls may overlap on one pool (x: the caller must order them)
 *			 submit*  close  drain  shutdown  stats  destroy
 *	submit*		   -        -      -       -        -       x [1]
 *	close		   -        -      -       -        -       x
 *	drain		   -        -      -       -        -       - [2]
 *	shutdown	   -        -      -       -        -       x
 *	stats		   -        -      -       -        -       x
 *	destroy		   x [1]    x    - [2]     x        x       - [3]
 *	[1] a submitter that is blocked on a full pool, or that runs a job
 *	    inline, is woken and waited for; any other call must have returned.
 *	[2] a waiting drain is waited for.
 *	[3] one caller destroys, every other one gets -EINVAL.
 *
 * Words used for progress: wait-free, lock-free, blocking (on what).
 * Return values are 0 or a negative errno; errno itself is left alone.
 * Deadlines are absolute CLOCK_MONOTONIC nanoseconds.
 */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ROTA_API __attribute__((visibility("default")))
#else
#define ROTA_API
#endif

#define ROTA_VERSION_MAJOR 0
#define ROTA_VERSION_MINOR 1
#define ROTA_VERSION_PATCH 0

#define ROTA_MAX_WORKERS   511u		    /* per pool */
#define ROTA_MAX_CAPACITY  ((1u << 30) - 1) /* jobs, for a bounded pool */
#define ROTA_COPY_INLINE   96u /* bytes that rota_submit_copy() keeps cached */
#define ROTA_COPY_MAX	   65536u /* bytes that rota_submit_copy() accepts */
#define ROTA_INLINE_DEPTH  16u	  /* jobs that one thread runs inside another */
#define ROTA_HELP_DEPTH	   256u	  /* waits for groups inside one another */

#define ROTA_NO_DEADLINE   UINT64_MAX
#define ROTA_SPIN_NONE	   UINT32_MAX
#define ROTA_SPIN_MAX_NS   1000000u

struct rota_pool;

/*
 * The work itself; called once on one thread. It returns, or ends its thread by
 * pthread_exit(): then it counts as run, what waits for it goes on, and another
 * thread takes the worker's place (threads_lost). Cancels have no effect on a
 * worker unless a job allows them; then they are the same. A C++ exception that
 * leaves it is std::terminate(), and longjmp() out of it is not allowed.
 */
typedef void (*rota_run_fn)(void *arg);

enum rota_drop_reason {
	ROTA_DROP_SHUTDOWN = 1,	 /* ROTA_DISCARD met it in the queue, or a
				  * close before its time */
	ROTA_DROP_OVERLOAD = 2,	 /* ROTA_FULL_DROP_NEWEST or _OLDEST */
	ROTA_DROP_CANCELLED = 3, /* of its group, or of its handle */
	ROTA_DROP_EXPIRED = 4,	 /* its deadline passed in the queue */
	ROTA_DROP_FORK = 5,	 /* it was queued in the parent of this process:
				  * see rota_fork_child() */
};

/*
 * Called once instead of run, outside all locks, on whatever thread drops the
 * job. It must not block; it may submit (and gets -ESHUTDOWN after a close).
 */
typedef void (*rota_drop_fn)(void *arg, enum rota_drop_reason reason);

/* A job: two words, copied by value into the queue. */
struct rota_job {
	rota_run_fn run;
	void *arg;
};

/* What a submit does when a bounded pool is full. */
enum rota_full_policy {
	ROTA_FULL_BLOCK = 0,   /* wait for room; a worker of the pool runs it */
	ROTA_FULL_FAIL,	       /* -EAGAIN */
	ROTA_FULL_CALLER_RUNS, /* run it on the submitting thread */
	ROTA_FULL_DROP_NEWEST, /* accept the job, then drop it */
	ROTA_FULL_DROP_OLDEST, /* drop the longest queued, queue this one */
};

/* How jobs get from submitters to workers. A bounded pool always has the ring:
 * an exact capacity needs one shared count, which is what lanes avoid. */
enum rota_channel {
	ROTA_CHANNEL_DEFAULT = 0, /* lanes; the ring if there is a capacity */
	ROTA_CHANNEL_RING = 1,	  /* one shared MPMC ring: global FIFO */
	ROTA_CHANNEL_LANES = 2,	  /* a lane each submitter: FIFO for each */
};

enum rota_shutdown_mode {
	ROTA_DRAIN = 0,	  /* run what is queued */
	ROTA_DISCARD = 1, /* drop what is queued, finish what runs */
};

/* All zero means: all defaults. */
struct rota_options {
	size_t size;	   /* sizeof(struct rota_options); 0: as in 0.1 */
	unsigned workers;  /* 0: CPUs of the affinity mask and the cgroup */
	unsigned capacity; /* jobs that may queue, exactly; 0: unbounded */
	enum rota_full_policy full_policy;
	enum rota_channel channel;
	uint32_t spin_ns;     /* search before parking: 0 default, SPIN_NONE */
	uint32_t reserved;    /* 0 */
	const char *name;     /* of threads: "NAME-3"; NULL: "rota"; copied */
	size_t stack_bytes;   /* 0: the system's default */
	const void *cpu_set;  /* cpu_set_t for the workers; NULL: inherited */
	size_t cpu_set_bytes; /* its size */
	/*
	 * Called on each worker thread: on_start before its first job, on_stop
	 * after its last. A negative on_start fails rota_pool_create(); of a
	 * thread that is added later it only ends that thread.
	 */
	int (*on_start)(void *hook_arg, unsigned worker);
	void (*on_stop)(void *hook_arg, unsigned worker);
	/* Called for each dropped job that has no drop of its own. */
	void (*on_drop)(void *hook_arg, const struct rota_job *job,
			enum rota_drop_reason reason);
	void *hook_arg;
	/* since 0.2 */
	unsigned max_workers; /* see rota_blocking_begin(); 0: as many as workers,
				 so that none is ever added */
	uint64_t idle_ns; /* a thread that is not needed ends after so long; 0: 5 s */
	uint32_t measure;    /* 1: keep histograms; each job costs some ns */
	uint32_t reserved_2; /* 0 */
	/*
	 * Not 0: one more thread looks at the pool twice in this time, for what
	 * rota_pool_stats() tells as stuck_jobs, stalls and rescues; at least
	 * ROTA_WATCHDOG_MIN_NS. It cannot tell a job that works from a thread
	 * that gets no CPU: choose a time well above what the system may do.
	 */
	uint64_t watchdog_ns;
	/*
	 * Called on that thread, once for each stuck job. It may submit; it must
	 * not block, for a shutdown waits for it.
	 */
	void (*on_stuck)(void *hook_arg, unsigned worker, uint64_t running_ns);
};

/* What became of all jobs; exact once shutdown returned 0. */
struct rota_report {
	uint64_t ran;
	uint64_t dropped;
	uint64_t running; /* not 0 only with -ETIMEDOUT */
	uint64_t queued;  /* not 0 only with -ETIMEDOUT */
};

/*
 * A snapshot: each number is monotonic or current; together they are exact
 * when the pool is at rest.
 */
struct rota_stats {
	size_t size;	    /* in: sizeof(struct rota_stats); 0: as in 0.1 */
	uint64_t submitted; /* jobs accepted; for a moment also those that meet
			     * a close on their way and are refused */
	uint64_t ran;
	uint64_t dropped;
	uint64_t queued;	 /* now */
	uint64_t running;	 /* now */
	uint64_t ran_inline;	 /* part of ran: on the submitting thread */
	uint64_t wakes;		 /* futex wake calls made for workers */
	uint64_t parks;		 /* times that a worker went to sleep */
	uint64_t submit_waits;	 /* times that a submitter blocked on full */
	uint32_t workers;	 /* wanted: see rota_pool_resize() */
	uint32_t workers_parked; /* now */
	/* since 0.2 */
	uint64_t start_failures;  /* threads that could not be added */
	uint32_t threads;	  /* of workers, now; of these: */
	uint32_t threads_blocked; /* in a blocking region */
	uint32_t threads_spare;	  /* standing by until they are needed or end */
	uint32_t reserved;
	uint64_t oldest_wait_ns; /* now: how long the job that waits longest
				  * does; 0: none waits, or it is not measured */
	/* of the option watchdog_ns */
	uint64_t stuck_jobs; /* that ran for so long, and maybe do so still */
	uint64_t stalls;     /* times that jobs waited and none ended so long */
	uint64_t rescues;    /* jobs waited, a worker slept, nobody looked: this
			      * is a bug of the library, or a submitter that did
			      * not get the CPU; the worker was woken */
	uint64_t threads_lost; /* jobs that ended their worker's thread, by
				* pthread_exit(): another took its place */
};

#define ROTA_WATCHDOG_MIN_NS 1000000u

/* What a worker does. */
enum rota_worker_state {
	ROTA_WORKER_STARTING = 0, /* before its first job, on_start included */
	ROTA_WORKER_RUNNING = 1,  /* jobs, or between two of them */
	ROTA_WORKER_SEARCHING = 2,
	ROTA_WORKER_PARKED = 3,	 /* asleep */
	ROTA_WORKER_ENDED = 4,	 /* it has no thread: it ended, or never was */
	ROTA_WORKER_BLOCKED = 5, /* its job is in a blocking region */
	ROTA_WORKER_SPARE = 6,	 /* stands by until it is needed */
};

/* A snapshot of one worker. */
struct rota_worker_stats {
	size_t size;	     /* in: as in struct rota_stats; 0: as in 0.2 */
	uint64_t ran;	     /* jobs that it took out of the queue, those */
	uint64_t dropped;    /* of groups too that others had run already */
	uint64_t parks;	     /* times that it went to sleep */
	uint64_t running_ns; /* how long it is in its job; 0: in none, or the
			      * pool does not measure */
	enum rota_worker_state state;
};

/* What a histogram counts. */
enum rota_histogram_kind {
	ROTA_HISTOGRAM_WAIT = 0, /* from the submit call to the start */
	ROTA_HISTOGRAM_RUN = 1,	 /* from the start to the end */
};

#define ROTA_HISTOGRAM_BUCKETS 64

/* Bucket i counts times of 2^i to 2^(i+1)-1 ns; bucket 0 those of 0 ns too. */
struct rota_histogram {
	size_t size;	 /* in: sizeof(struct rota_histogram); 0: as in 0.2 */
	uint64_t count;	 /* the sum of all buckets */
	uint64_t sum_ns; /* of the times */
	uint64_t max_ns; /* the longest one */
	uint64_t buckets[ROTA_HISTOGRAM_BUCKETS];
};

/**
 * rota_pool_create() - make a pool and start its workers
 * @options:  borrowed for the call; NULL: all defaults.
 * @ret_pool: the pool, untouched on failure.
 *
 * Return:    0; -EINVAL bad value; -E2BIG @options is of a newer version and
 *            uses what this one lacks; -ENOMEM; -EAGAIN a thread could not be
 *            started (nothing is left behind); -ENOSYS kernel before 4.14;
 *            or what a failing on_start returned.
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: the caller's until rota_pool_destroy().
 * Progress:  blocking (on thread creation and on_start; the first pool of a
 *            process that has threads waits some ms for the kernel to register
 *            it for membarrier); takes locks of libc.
 * Ordering:  writes before this call happen-before on_start and every job.
 * Cost:      one thread per worker; the quota of the cgroup is looked up once a
 *            second at most.
 * Since:     0.1
 */
ROTA_API int rota_pool_create(const struct rota_options *options,
		struct rota_pool **ret_pool);

/**
 * rota_submit() - hand one job to the pool
 * @pool: borrowed for the call.
 * @run:  called once with @arg, unless the job is dropped.
 * @arg:  any value.
 *
 * Return:    0 accepted; -EINVAL no @pool or @run; -EAGAIN full
 *            (ROTA_FULL_FAIL); -EDEADLK full, and this thread runs
 *            ROTA_INLINE_DEPTH jobs inside one another already; -ESHUTDOWN
 *            closed; -ENOMEM an unbounded pool could not grow; -EOWNERDEAD in
 *            a forked child. Whatever fails leaves no trace, but for one:
 *            ROTA_FULL_DROP_OLDEST may have dropped an older job when a
 *            close came between.
 * Threads:   any, jobs of any pool included; not async-signal-safe.
 *            Nobody has to register: a thread's first submit to @pool claims a
 *            lane for it, which is free again when the thread ends (before or
 *            after the pool). A thread that finds 64 others with lanes uses the
 *            shared ring of @pool instead, from then on.
 *            A worker of @pool never waits for room in it: under
 *            ROTA_FULL_BLOCK it runs the job itself, at once.
 * Ownership: on 0 the pool has @arg; on error the caller still has it.
 * Progress:  lanes: wait-free, but for memory when the lane grows (it yields
 *            four times first) and for the futex call of a wake.
 *            ring: blocking (on a submit to the same pool that was preempted
 *            inside the ring: others yield meanwhile; with ROTA_FULL_BLOCK on
 *            room). Takes no mutex; allocates only to grow, and at a thread's
 *            first submit to @pool.
 * Ordering:  writes before this call happen-before @run. ring: jobs are taken
 *            in the order in which submits took effect (global FIFO). lanes:
 *            the jobs of one thread are taken in the order of its submits; with
 *            one worker they start in that order. What a job of @pool submits
 *            is taken newest first by its own worker, oldest first by others.
 * Cost:      lanes: no RMW, no fence (where the kernel lacks membarrier: one);
 *            ring: one CAS. While workers sleep one fence more. One futex call
 *            only if a worker is woken.
 * Since:     0.1
 */
ROTA_API int rota_submit(struct rota_pool *pool, rota_run_fn run, void *arg);

/**
 * rota_try_submit() - hand one job to the pool if there is room now
 * @pool: borrowed for the call.
 * @run:  called once with @arg.
 * @arg:  any value.
 *
 * Return:    as rota_submit(); -EAGAIN full, whatever the pool's policy.
 * Threads:   any, jobs of any pool included; not async-signal-safe.
 * Ownership: on 0 the pool has @arg; on error the caller still has it.
 * Progress:  as rota_submit(), never on room.
 * Ordering:  as rota_submit().
 * Cost:      as rota_submit().
 * Since:     0.1
 */
ROTA_API int rota_try_submit(
		struct rota_pool *pool, rota_run_fn run, void *arg);

/**
 * rota_submit_until() - hand one job to the pool, wait for room to a deadline
 * @pool:        borrowed for the call.
 * @run:         called once with @arg.
 * @arg:         any value.
 * @deadline_ns: CLOCK_MONOTONIC; ROTA_NO_DEADLINE waits for ever.
 *
 * Return:    as rota_submit(); -ETIMEDOUT still full at the deadline.
 *            -EDEADLK at once if full and called by a job of @pool, which
 *            could wait for itself.
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: on 0 the pool has @arg; on error the caller still has it.
 * Progress:  blocking (on room, to the deadline; a close ends the wait).
 * Ordering:  as rota_submit().
 * Cost:      as rota_submit(); two futex calls if it has to wait.
 * Since:     0.1
 */
ROTA_API int rota_submit_until(struct rota_pool *pool, rota_run_fn run,
		void *arg, uint64_t deadline_ns);

/**
 * rota_submit_many() - hand several jobs to the pool with one wake decision
 * @pool:         borrowed for the call.
 * @jobs:         copied; each needs a run.
 * @nr_jobs:      0 is allowed and does nothing.
 * @ret_accepted: how many of them, from the front, were accepted; untouched
 *                on failure.
 *
 * Return:    0 if at least one was accepted (all of them, unless the pool
 *            filled or closed on the way: then the next call says why);
 *            else as rota_submit().
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: on 0 the pool has the first *@ret_accepted; the rest are yours.
 * Progress:  as rota_submit().
 * Ordering:  as rota_submit(); accepted jobs keep their order.
 * Cost:      one store (lanes) or CAS (ring) per run of free slots; <= 2 futex
 *            calls.
 * Since:     0.1
 */
ROTA_API int rota_submit_many(struct rota_pool *pool,
		const struct rota_job *jobs, size_t nr_jobs,
		size_t *ret_accepted);

/**
 * rota_submit_copy() - hand over a closure by value
 * @pool:    borrowed for the call.
 * @run:     gets a pointer to the copy, 16-byte aligned, valid for the call.
 * @drop:    gets the same pointer if the job is dropped; NULL: nothing to
 *           clean up (the pool's on_drop is not called for copied jobs).
 * @payload: copied.
 * @bytes:   its size; up to ROTA_COPY_INLINE comes from the pool's box cache,
 *           up to ROTA_COPY_MAX from malloc.
 *
 * Return:    as rota_submit(); -EMSGSIZE too large; -ENOMEM.
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: on 0 what the payload points to is the pool's; on error yours.
 * Progress:  as rota_submit(), and blocking (on malloc) while the cache is
 *            cold.
 * Ordering:  as rota_submit().
 * Cost:      as rota_submit(), a copy, two RMWs for the box; no malloc in
 *            steady state.
 * Since:     0.1
 */
ROTA_API int rota_submit_copy(struct rota_pool *pool, rota_run_fn run,
		rota_drop_fn drop, const void *payload, size_t bytes);

/*
 * Groups: jobs that belong together, to be waited for, helped with, or
 * cancelled. A wait from inside a job runs the group's jobs, so fan-out in
 * fan-out ends with one worker too. The group is a handle in your memory; the
 * rest of it belongs to the pool, which uses it again.
 */
struct rota_group {
	void *state; /* private */
};

/**
 * rota_group_init() - make an empty group of a pool
 * @ret_group: yours; untouched on failure.
 * @pool:      must outlive the group.
 *
 * Return:    0; -EINVAL; -ENOMEM; -EOWNERDEAD in a forked child.
 * Threads:   any, jobs included.
 * Ownership: the group is the caller's until rota_group_fini().
 * Progress:  lock-free, but for malloc if no group was given back before.
 * Ordering:  none.
 * Cost:      two RMWs; about 6 KiB, kept by @pool for the next group.
 * Since:     0.2
 */
ROTA_API int rota_group_init(
		struct rota_group *ret_group, struct rota_pool *pool);

/**
 * rota_group_submit() - hand one job to the pool, as a member of the group
 * @group: borrowed for the call.
 * @run:   called once with @arg, unless the job is dropped.
 * @arg:   any value.
 *
 * Return:    as rota_submit(); -ECANCELED the group was cancelled.
 * Threads:   any, members of the group included. The thread that made the
 *            group has the quicker way.
 * Ownership: on 0 the pool has @arg; on error the caller still has it.
 * Progress:  as rota_submit(); then lock-free for the thread that made the group
 *            while 256 members at most are queued, else blocking (on a
 *            submit to the same group that was preempted inside its ring). A
 *            worker that takes the job's place in line at that moment waits.
 * Ordering:  writes before this call happen-before @run. Members start in the
 *            order of their submits by one thread, unless somebody helps.
 * Cost:      that of rota_submit(), and a second queue: about 1.5 times.
 * Since:     0.2
 */
ROTA_API int rota_group_submit(
		struct rota_group *group, rota_run_fn run, void *arg);

/**
 * rota_group_wait() - wait until all members so far are over
 * @group: borrowed for the call.
 *
 * Return:    0 each member that was submitted before has run or was dropped;
 *            -EDEADLK called by a member, or by a job inside of ROTA_HELP_DEPTH
 *            such waits while members are left; -EINVAL; -EOWNERDEAD.
 * Threads:   any number at once. A job of the group's pool runs queued members
 *            while it waits (no other jobs), on its own stack.
 * Ownership: none passes.
 * Progress:  blocking (on the members).
 * Ordering:  what the members wrote happens-before the return of 0.
 * Cost:      two loads if they are over; else two RMWs and futex calls.
 * Since:     0.2
 */
ROTA_API int rota_group_wait(struct rota_group *group);

/**
 * rota_group_wait_until() - rota_group_wait() with a deadline
 * @group:       borrowed for the call.
 * @deadline_ns: CLOCK_MONOTONIC; 0 only helps and looks.
 *
 * Return:    as rota_group_wait(); -ETIMEDOUT members are left. A member that
 *            this thread has begun is finished first.
 * Threads:   as rota_group_wait().
 * Ownership: none passes.
 * Progress:  blocking (on the members, to the deadline).
 * Ordering:  as rota_group_wait().
 * Cost:      as rota_group_wait().
 * Since:     0.2
 */
ROTA_API int rota_group_wait_until(
		struct rota_group *group, uint64_t deadline_ns);

/**
 * rota_group_help() - run queued members on this thread until none is queued
 * @group: borrowed for the call.
 *
 * Return:    how many were run or dropped; -EDEADLK called by a job inside of
 *            ROTA_HELP_DEPTH waits; -EINVAL; -EOWNERDEAD in a forked child.
 * Threads:   any, also one that is no worker; members too.
 * Ownership: none passes.
 * Progress:  blocking (on the members that it runs).
 * Ordering:  as rota_group_wait(), for those that it ran.
 * Cost:      some RMWs, and one for each member.
 * Since:     0.2
 */
ROTA_API int rota_group_help(struct rota_group *group);

/**
 * rota_group_cancel() - drop what is queued, refuse what comes
 * @group: borrowed for the call.
 *
 * Queued members are dropped with ROTA_DROP_CANCELLED, on this thread; those
 * that run may ask rota_is_cancelled(). Wait for them before rota_group_fini().
 *
 * Return:    0, also if it was cancelled before; -EINVAL; -EOWNERDEAD.
 * Threads:   any, members included.
 * Ownership: none passes.
 * Progress:  blocking (on the drops).
 * Ordering:  writes before this call happen-before a member sees it cancelled.
 * Cost:      some RMWs, and one for each member.
 * Since:     0.2
 */
ROTA_API int rota_group_cancel(struct rota_group *group);

/**
 * rota_group_fini() - give the group back
 * @group: all its members are over, and nobody waits for it.
 *
 * Return:    0; -EBUSY members or waiters are left; -EINVAL; -EOWNERDEAD.
 * Threads:   any; no other call for this group may overlap or follow.
 * Ownership: the group's memory is the pool's again. Before the pool is
 *            destroyed, else it leaks.
 * Progress:  lock-free.
 * Ordering:  none.
 * Cost:      one RMW.
 * Since:     0.2
 */
ROTA_API int rota_group_fini(struct rota_group *group);

/**
 * rota_is_cancelled() - should the job that asks give up?
 *
 * Return:    1 its group or its handle was cancelled, or that of a job it
 *            runs inside of; else 0, also outside of jobs.
 * Threads:   any.
 * Ownership: none.
 * Progress:  wait-free.
 * Ordering:  acquire: sees what happened before the cancel.
 * Cost:      some loads.
 * Since:     0.2
 */
ROTA_API int rota_is_cancelled(void);

/* Which jobs go first. In an unbounded pool only. */
enum rota_priority {
	ROTA_PRIORITY_NORMAL = 0, /* all other jobs too */
	ROTA_PRIORITY_HIGH,	  /* before all that is queued */
	ROTA_PRIORITY_LOW,	  /* after all that is queued */
};

/* All zero means: as rota_submit(). Of group, key and priority at most one. */
struct rota_job_options {
	size_t size;	   /* sizeof(struct rota_job_options); 0: as in 0.2 */
	rota_drop_fn drop; /* NULL: the pool's on_drop */
	/* Not begun by then: dropped, ROTA_DROP_EXPIRED. 0: no deadline. */
	uint64_t deadline_ns;
	/* Jobs of one key run in the order of their submits, one at a time,
	 * and no worker waits for that. 0: none. */
	uint64_t key;
	struct rota_group *group; /* of the same pool; NULL: none */
	enum rota_priority priority;
	uint32_t reserved; /* 0 */
};

struct rota_handle;

/**
 * rota_submit_with() - hand one job to the pool, with options
 * @pool:       borrowed for the call.
 * @run:        called once with @arg, unless the job is dropped.
 * @arg:        any value.
 * @options:    borrowed for the call; NULL: none.
 * @ret_handle: NULL, or what to ask for the job; untouched on failure.
 *
 * Return:    as rota_submit(); -EINVAL also two of group, key, priority, or a
 *            group of another pool; -E2BIG options of a newer version; -ENOMEM;
 *            -ENOTSUP a priority in a bounded pool; -ECANCELED of the group.
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: on 0 the pool has @arg, and the handle is the caller's until
 *            rota_handle_unref(); on error the caller still has @arg.
 * Progress:  as rota_submit(); with a group as rota_group_submit(); with a
 *            priority or a key blocking (on a submit of the same priority or
 *            key that was preempted inside its queue).
 * Ordering:  as rota_submit(). Priority: a worker runs 16 HIGH jobs, then one
 *            other, and one LOW job among 64 others, so none waits for ever.
 *            64 keys at most make progress at once: two keys may share a line.
 * Cost:      that of rota_submit(), and two RMWs for the box; with a handle a
 *            malloc. A queued job with a deadline reads the clock when taken.
 * Since:     0.2
 */
ROTA_API int rota_submit_with(struct rota_pool *pool, rota_run_fn run,
		void *arg, const struct rota_job_options *options,
		struct rota_handle **ret_handle);

/**
 * rota_handle_poll() - is the job over, and what became of it?
 * @handle:     borrowed for the call.
 * @ret_result: NULL, or what the job gave to rota_set_result() (0 if nothing);
 *              if it was dropped, the enum rota_drop_reason.
 *
 * Return:    0 it ran; -ECANCELED it was dropped; -EINPROGRESS; -EINVAL.
 * Threads:   any; also after the pool is gone.
 * Ownership: none passes.
 * Progress:  wait-free.
 * Ordering:  what the job wrote happens-before the return of 0.
 * Cost:      one load.
 * Since:     0.2
 */
ROTA_API int rota_handle_poll(struct rota_handle *handle, intptr_t *ret_result);

/**
 * rota_handle_wait_until() - wait until the job is over
 * @handle:      borrowed for the call.
 * @deadline_ns: CLOCK_MONOTONIC; ROTA_NO_DEADLINE waits for ever.
 * @ret_result:  as rota_handle_poll(); untouched unless 0 or -ECANCELED.
 *
 * Return:    as rota_handle_poll(); -ETIMEDOUT; -EDEADLK called by the job
 *            itself, or by a job of the pool that is inside of
 *            ROTA_HELP_DEPTH waits, or for a job with a key that is still
 *            queued; -EOWNERDEAD in a forked child.
 * Threads:   any number at once. A job of the same pool runs the job itself if
 *            it is still queued: so this ends with one worker too.
 * Ownership: none passes.
 * Progress:  blocking (on the job).
 * Ordering:  as rota_handle_poll().
 * Cost:      one load if it is over; else two RMWs and futex calls.
 * Since:     0.2
 */
ROTA_API int rota_handle_wait_until(struct rota_handle *handle,
		uint64_t deadline_ns, intptr_t *ret_result);

/**
 * rota_handle_cancel() - drop the job if it has not begun
 * @handle: borrowed for the call.
 *
 * Return:    0 dropped, ROTA_DROP_CANCELLED, on this thread; -EBUSY it runs: it
 *            may ask rota_is_cancelled(); -EALREADY it is over; -EINVAL;
 *            -EOWNERDEAD in a forked child.
 * Threads:   any; also after the pool is gone.
 * Ownership: none passes.
 * Progress:  lock-free, but for the drop.
 * Ordering:  writes before this call happen-before the job sees it.
 * Cost:      one RMW.
 * Since:     0.2
 */
ROTA_API int rota_handle_cancel(struct rota_handle *handle);

/**
 * rota_handle_unref() - let the handle go; the job goes on
 * @handle: the caller's no more; NULL is allowed.
 *
 * Threads:   any, once; also after the pool is gone.
 * Ownership: passes to the library.
 * Progress:  lock-free, but for free().
 * Ordering:  none.
 * Cost:      one RMW.
 * Since:     0.2
 */
ROTA_API void rota_handle_unref(struct rota_handle *handle);

/**
 * rota_set_result() - what the handle of the running job will say
 * @result: any value; the last one counts.
 *
 * Return:    0; -EINVAL this thread runs no job of rota_submit_with().
 * Threads:   the one that runs the job.
 * Ownership: none passes.
 * Progress:  wait-free.
 * Ordering:  seen by who sees the job to be over.
 * Cost:      some loads.
 * Since:     0.2
 */
ROTA_API int rota_set_result(intptr_t result);

/* Called for the indices first .. end-1. */
typedef void (*rota_range_fn)(void *arg, size_t first, size_t end);

/**
 * rota_parallel_for() - run a loop in pieces, on this thread and the workers
 * @pool:  borrowed for the call.
 * @begin: the first index.
 * @end:   one behind the last.
 * @grain: indices in a piece; 0: chosen, 8 pieces for each thread.
 * @run:   called for each piece, at once on several threads.
 * @arg:   given to each.
 *
 * Return:    0 each index was run once; -EINVAL; -EOWNERDEAD in a forked child.
 *            It does not fail otherwise: without workers (closed, no memory) this
 *            thread runs it all.
 * Threads:   any, jobs and other such loops included.
 * Ownership: none passes; @arg is not used after the return.
 * Progress:  blocking (on pieces that others have begun; on room, if the pool is
 *            bounded and waits for it).
 * Ordering:  what the pieces wrote happens-before the return.
 * Cost:      a group, a job for each worker at most, one CAS for each piece.
 * Since:     0.2
 */
ROTA_API int rota_parallel_for(struct rota_pool *pool, size_t begin, size_t end,
		size_t grain, rota_range_fn run, void *arg);

/**
 * rota_pool_close() - refuse new jobs from now on
 * @pool: borrowed for the call.
 *
 * Return:    0, also if closed already; -EINVAL no @pool; -EOWNERDEAD in a
 *            forked child.
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: unchanged; what is queued will run.
 * Progress:  blocking (on a submit preempted inside the ring).
 * Ordering:  a submit that begins after this returned gets -ESHUTDOWN.
 *            Blocked submitters are woken with -ESHUTDOWN.
 * Cost:      one CAS, one membarrier; wakes every parked worker.
 * Since:     0.1
 */
ROTA_API int rota_pool_close(struct rota_pool *pool);

/**
 * rota_pool_drain() - wait until nothing is queued and nothing runs
 * @pool:        borrowed for the call; stays open.
 * @deadline_ns: CLOCK_MONOTONIC; 0 only looks; ROTA_NO_DEADLINE waits.
 *
 * Return:    0 at some instant of the call the pool was at rest; -ETIMEDOUT;
 *            -EDEADLK called by a job of @pool; -EINVAL no @pool; -EBUSY
 *            paused, see rota_pool_pause(); -EOWNERDEAD in a forked child.
 * Threads:   any number at once; not jobs of @pool; not async-signal-safe.
 * Ownership: unchanged.
 * Progress:  blocking (on the jobs; if others submit without pause, on them:
 *            close first, or give a deadline).
 * Ordering:  what the jobs wrote happens-before the return of 0.
 * Cost:      nothing for submitters and busy workers.
 * Since:     0.1
 */
ROTA_API int rota_pool_drain(struct rota_pool *pool, uint64_t deadline_ns);

/**
 * rota_pool_shutdown() - close, finish, join
 * @pool:        borrowed for the call; stays valid for stats and destroy.
 * @mode:        ROTA_DRAIN runs what is queued, ROTA_DISCARD drops it. A later
 *               DISCARD overrides an unfinished DRAIN.
 * @deadline_ns: CLOCK_MONOTONIC; ROTA_NO_DEADLINE waits.
 * @ret_report:  NULL, or what became of the jobs; filled on 0 and -ETIMEDOUT.
 *
 * Return:    0 all workers are joined; -ETIMEDOUT some job still runs: the pool
 *            is closed and valid, call again; -EDEADLK called by a job of
 *            @pool; -EINVAL; -EOWNERDEAD in a forked child.
 * Threads:   any number at once, all get the same report; not jobs of @pool.
 * Ownership: unchanged.
 * Progress:  blocking (on running jobs, to the deadline).
 * Ordering:  everything the jobs did happens-before the return of 0; no code
 *            of this library runs for @pool after it, so dlclose is safe.
 * Cost:      joins every worker.
 * Since:     0.1
 */
ROTA_API int rota_pool_shutdown(struct rota_pool *pool,
		enum rota_shutdown_mode mode, uint64_t deadline_ns,
		struct rota_report *ret_report);

/**
 * rota_pool_destroy() - shutdown with ROTA_DRAIN and no deadline, then free
 * @pool: gone on 0. NULL does nothing.
 *
 * Return:    0; -EDEADLK called by a job of @pool, which stays as it was;
 *            -EINVAL not a live pool: destroyed before, or by another thread
 *            at this moment; -EOWNERDEAD in a forked child (nothing is freed).
 * Threads:   one wins; see the overlap table.
 * Ownership: ends.
 * Progress:  blocking (on running jobs; to bound it call shutdown first).
 * Ordering:  as rota_pool_shutdown().
 * Cost:      as rota_pool_shutdown().
 * Since:     0.1
 */
ROTA_API int rota_pool_destroy(struct rota_pool *pool);

/**
 * rota_pool_pause() - let no worker start a job until rota_pool_resume()
 * @pool:        borrowed for the call; still accepts jobs.
 * @deadline_ns: 0: do not wait. Else CLOCK_MONOTONIC: wait until no worker runs
 *               a job; ROTA_NO_DEADLINE waits.
 *
 * Return:    0 paused, and with a deadline: no worker runs a job until a resume;
 *            -ETIMEDOUT paused, some job still runs; -ECANCELED resumed while it
 *            waited; -ESHUTDOWN a shutdown began, which ends every pause;
 *            -EDEADLK a job of @pool would wait for itself, nothing changed;
 *            -EINVAL no @pool; -EOWNERDEAD in a forked child.
 * Threads:   any; jobs of @pool with 0 only; not async-signal-safe.
 * Ownership: unchanged. Pauses do not add up: one resume ends them all.
 * Progress:  blocking (on running jobs, to the deadline; on a lock held for a
 *            moment, or while a thread is started).
 * Ordering:  a worker holds the job that it takes next. With 0 a worker that had
 *            just taken one may enter it a moment after the return. What runs
 *            on its submitter (ROTA_FULL_CALLER_RUNS), by a wait that helps, or
 *            next to its key in the same turn, is not held. A drain of a
 *            paused pool that is not at rest returns -EBUSY; a submit that waits
 *            for room waits for the resume, too.
 * Cost:      wakes every parked worker; nothing for submitters, and for workers
 *            that are not paused.
 * Since:     0.2
 */
ROTA_API int rota_pool_pause(struct rota_pool *pool, uint64_t deadline_ns);

/**
 * rota_pool_resume() - let workers start jobs again
 * @pool: borrowed for the call.
 *
 * Return:    0, also if it is not paused; -EINVAL no @pool; -EOWNERDEAD in a
 *            forked child.
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: unchanged.
 * Progress:  blocking (on a lock, as rota_pool_pause()).
 * Ordering:  writes before this call happen-before the jobs that were held.
 * Cost:      one futex call; all workers look for jobs.
 * Since:     0.2
 */
ROTA_API int rota_pool_resume(struct rota_pool *pool);

/**
 * rota_pool_resize() - change how many workers run jobs at the same time
 * @pool:    borrowed for the call.
 * @workers: 1 .. max_workers; with max_workers 0: 1 .. the workers of create.
 *
 * Return:    0; -EINVAL; -EAGAIN a thread could not be started, the size is as it
 *            was; -ESHUTDOWN a shutdown began, or the pool is closed and has
 *            ended; -EOWNERDEAD in a forked child.
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: unchanged. No job is interrupted, none is lost: what a worker that
 *            goes has queued is run by others.
 * Progress:  blocking (on a lock, on thread creation); it does not wait for
 *            workers that go: each does so after the job that it runs, or at
 *            once if it sleeps, and its thread ends idle_ns later unless it is
 *            needed again.
 * Ordering:  none.
 * Cost:      a thread for each worker that comes and for which none stands by;
 *            wakes every parked worker.
 * Since:     0.2
 */
ROTA_API int rota_pool_resize(struct rota_pool *pool, unsigned workers);

/**
 * rota_blocking_begin() - this job will wait for something that needs no CPU
 *
 * Until rota_blocking_end() this thread does not count as a worker of its pool:
 * another one is woken or started in its place while there are fewer than
 * max_workers threads. Regions may be nested; the outermost one counts. One that
 * is open when its job ends, ends then (before the worker's next job); if that
 * job runs inside another of the same worker, when the outer one ends.
 *
 * Return:    0, also if no thread could be added (see start_failures), and if a
 *            job runs on its submitter, which is nobody's worker; -EPERM not in
 *            a job (or in on_start, on_stop); -EOWNERDEAD in a forked child.
 * Threads:   any that runs a job; it concerns the pool whose worker the thread
 *            is, even in a job of another pool that runs inline on it.
 * Ownership: none passes.
 * Progress:  blocking (on a lock, on thread creation); it never waits for a job.
 * Ordering:  none.
 * Cost:      a lock and a futex call, or a thread. While any region of the pool
 *            is open its workers take a slower way (some 10 ns) from job to job.
 * Since:     0.2
 */
ROTA_API int rota_blocking_begin(void);

/**
 * rota_blocking_end() - this job needs its CPU again
 *
 * It goes on at once, also if there are more workers than wanted now: then one
 * of them, often this one, stands down after the job that it runs. So for the
 * length of one job of each, but no longer, more may run than are wanted.
 *
 * Return:    as rota_blocking_begin(); -EINVAL no region is open.
 * Threads:   the one that began.
 * Ownership: none passes.
 * Progress:  blocking (on a lock); it never waits for a job.
 * Ordering:  none.
 * Cost:      a lock.
 * Since:     0.2
 */
ROTA_API int rota_blocking_end(void);

/**
 * rota_pool_stats() - read the counters
 * @pool:      borrowed for the call.
 * @ret_stats: its size member says how much to fill; untouched on failure.
 *
 * Return:    0; -EINVAL; -EOWNERDEAD in a forked child.
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: none passes.
 * Progress:  wait-free: some loads for each worker and each lane.
 * Ordering:  none promised between counters while jobs are in flight.
 * Cost:      reads two cache lines per worker and per lane.
 * Since:     0.1
 */
ROTA_API int rota_pool_stats(
		struct rota_pool *pool, struct rota_stats *ret_stats);

/*
 * A job in the caller's memory, for those who must not allocate. All zero, then
 * run, and drop or NULL. It costs nothing else, and any number of pools may get
 * it one after the other.
 */
struct rota_work {
	void (*run)(struct rota_work *work);
	void (*drop)(struct rota_work *work, enum rota_drop_reason reason);
	uint32_t state;	   /* 0 before the first submit; then the library's */
	uint32_t reserved; /* 0 */
};

/**
 * rota_submit_job() - hand over a job that lies in the caller's memory
 * @pool: borrowed for the call.
 * @work: lent to @pool until its run or drop is entered: from then on it may be
 *        freed, or submitted again, by that very run or drop too.
 *
 * Return:    as rota_submit(); -EALREADY @work is queued already, or another
 *            thread is submitting it; -EINVAL no run, or a state that is not
 *            one of this library.
 * Threads:   any, jobs of any pool included; not async-signal-safe. Of several
 *            threads that submit one @work, one succeeds.
 * Ownership: on 0 the pool has @work; on error the caller still has it.
 *            A dropped @work without drop is the caller's without a word
 *            (the pool's on_drop is not called for it).
 * Progress:  as rota_submit().
 * Ordering:  as rota_submit(); and what happened before this call also
 *            happens-before drop.
 * Cost:      as rota_submit() and one CAS; allocates nothing of its own.
 * Since:     0.2
 */
ROTA_API int rota_submit_job(struct rota_pool *pool, struct rota_work *work);

/*
 * Finished jobs for a thread that waits in poll(), epoll or an event loop. One
 * such queue takes jobs of any number of pools, and outlives them if it must.
 */
struct rota_completions;

/* A job with a result. */
typedef intptr_t (*rota_completion_fn)(void *arg);

struct rota_completion {
	void *tag;	 /* as given to submit */
	intptr_t result; /* of run; 0 if it was dropped */
	int dropped;	 /* 0: it ran; else an enum rota_drop_reason */
};

/**
 * rota_completions_create() - make a queue of finished jobs
 * @capacity: jobs between their submit and their reap, exactly; not 0, at most
 *            ROTA_MAX_CAPACITY.
 * @ret_cq:   the queue, untouched on failure.
 *
 * Return:    0; -EINVAL; -ENOMEM; -EMFILE or -ENFILE no descriptor is to be had
 *            (or what else eventfd(2) says); -ENOSYS kernel before 4.14.
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: the caller's until rota_completions_destroy().
 * Progress:  blocking (on memory).
 * Ordering:  writes before this call happen-before every job.
 * Cost:      a descriptor; two pages and 88 bytes for each job of @capacity.
 * Since:     0.2
 */
ROTA_API int rota_completions_create(
		unsigned capacity, struct rota_completions **ret_cq);

/**
 * rota_completions_fd() - the descriptor to wait for
 * @cq: borrowed for the call.
 *
 * Return:    a descriptor of @cq that is readable while completions wait, and
 *            now and then when they were all reaped; -EINVAL; -EOWNERDEAD in a
 *            forked child. Non-blocking, closed by exec; level and edge
 *            triggered polls both work.
 * Threads:   any.
 * Ownership: of @cq: neither read, write nor close it.
 * Progress:  wait-free.
 * Ordering:  none.
 * Cost:      none.
 * Since:     0.2
 */
ROTA_API int rota_completions_fd(struct rota_completions *cq);

/**
 * rota_completions_submit() - hand over a job whose end is reported by a queue
 * @cq:   gets exactly one completion if this returns 0: when run returned, or
 *        when the job was dropped, whatever for.
 * @pool: borrowed for the call.
 * @run:  called once with @arg, unless the job is dropped.
 * @arg:  any value.
 * @tag:  any value, for the completion.
 *
 * Return:    as rota_submit(); -EAGAIN also if @capacity jobs are not reaped
 *            yet: reap, then try again.
 * Threads:   any, jobs included; not async-signal-safe. A loop that must not
 *            wait for room in a bounded pool gives it ROTA_FULL_FAIL.
 * Ownership: on 0 @arg is lent to the job until its completion is reaped; the
 *            pool's on_drop is not called for it. On error nothing happened.
 * Progress:  as rota_submit(), and lock-free.
 * Ordering:  as rota_submit(); what the job did happens-before the reap of its
 *            completion.
 * Cost:      as rota_submit(), two CAS here and two when the job is done; one
 *            write to the descriptor when a completion meets an empty queue.
 *            Allocates nothing of its own.
 * Since:     0.2
 */
ROTA_API int rota_completions_submit(struct rota_completions *cq,
		struct rota_pool *pool, rota_completion_fn run, void *arg,
		void *tag);

/**
 * rota_completions_reap() - take what is finished, oldest first
 * @cq:          borrowed for the call.
 * @completions: room for @nr of them.
 * @nr:          if more are there, the descriptor stays readable.
 *
 * Return:    how many were taken, 0 if there were none; -EINVAL; -EOWNERDEAD in
 *            a forked child.
 * Threads:   one at a time, the loop's own: the caller must order several.
 *            Jobs may, if they are the only ones.
 * Ownership: each is the caller's, and its place free for a submit.
 * Progress:  wait-free, but for the place (lock-free).
 * Ordering:  each job happens-before the reap of its completion. The order is
 *            that in which jobs ended.
 * Cost:      one read of the descriptor, two RMWs, whatever the number.
 * Since:     0.2
 */
ROTA_API int rota_completions_reap(struct rota_completions *cq,
		struct rota_completion *completions, size_t nr);

/**
 * rota_completions_destroy() - free a queue
 * @cq: gone on 0, with its descriptor: take it out of the loop before. NULL does
 *      nothing.
 *
 * Return:    0; -EBUSY a job that was submitted is not reaped yet, nothing
 *            happened; -EOWNERDEAD in a forked child (nothing is freed).
 * Threads:   one; every other call on @cq must have returned, pools may go on.
 * Ownership: ends.
 * Progress:  blocking (on a worker between its last completion and its write to
 *            the descriptor: others yield).
 * Ordering:  as rota_completions_reap().
 * Cost:      reads every place.
 * Since:     0.2
 */
ROTA_API int rota_completions_destroy(struct rota_completions *cq);

/**
 * rota_worker_slot() - a pointer of this worker's own
 *
 * Return:    where it is kept: one for each worker of a pool, NULL when on_start
 *            is called, untouched by the library. NULL wherever
 *            rota_worker_index() is -1, and in a forked child.
 * Threads:   any. The address stays the same from on_start to on_stop; only
 *            this worker may use it.
 * Ownership: what it points to is yours: set it in on_start or in a job, free
 *            it in on_stop.
 * Progress:  wait-free.
 * Ordering:  none; it is one thread's.
 * Cost:      one thread-local load.
 * Since:     0.2
 */
ROTA_API void **rota_worker_slot(void);

/*
 * A pool across fork(). Without these three calls a child gets -EOWNERDEAD from
 * every call for the pools of its parent, at once. With them its copy of a pool
 * works:
 *
 *	rota_fork_prepare(pool, ROTA_NO_DEADLINE);
 *	pid = fork();
 *	if (pid)
 *		rota_fork_parent(pool);
 *	else
 *		rota_fork_child(pool);
 *
 * or, for each fork() of the program, by pthread_atfork(before, parent, child)
 * with handlers that call them. (posix_spawn(), system() and vfork() call no
 * such handlers and need none; a child that only execs needs no rota_fork_child().)
 */

/**
 * rota_fork_prepare() - before a fork: let the pool stand still
 * @pool:        borrowed until rota_fork_parent(), or for good in the child.
 * @deadline_ns: CLOCK_MONOTONIC: how long to wait for jobs that run;
 *               ROTA_NO_DEADLINE waits.
 *
 * Return:    0: no worker runs a job, timers and watchdog stand still, no lock of
 *            the pool is held but by this thread. -ETIMEDOUT some job still runs,
 *            nothing changed; -EDEADLK called by a job of @pool; -EALREADY this
 *            thread has prepared it; -ESHUTDOWN a shutdown began; -EINVAL;
 *            -EOWNERDEAD in a forked child. A fork after any of these errors has
 *            a child that gets -EOWNERDEAD.
 * Threads:   any, jobs of other pools included; not async-signal-safe. Two that
 *            fork wait for each other. Several pools: one after the other.
 * Ownership: unchanged. Other threads may submit: their jobs queue. A drain
 *            waits on, and does not see a pause.
 * Progress:  blocking (on running jobs, blocking regions included, to the
 *            deadline; on a lock, which another thread holds from its prepare to
 *            its rota_fork_parent()).
 * Ordering:  what the jobs wrote that ran before is in the child. Until the pool
 *            goes on this thread may submit and read, but must not wait for a
 *            job: pause, resume, resize, drain, shutdown, destroy return
 *            -EDEADLK. Other threads that call one of these, or that begin
 *            or end a blocking region, wait.
 * Cost:      as rota_pool_pause(). Nothing for submitters, nor for pools that are
 *            never prepared.
 * Since:     0.2
 */
ROTA_API int rota_fork_prepare(struct rota_pool *pool, uint64_t deadline_ns);

/**
 * rota_fork_parent() - after a fork, or instead: let the pool go on
 * @pool: borrowed for the call.
 *
 * Return:    0; -EPERM this thread has not prepared it; -EINVAL; -EOWNERDEAD in a
 *            forked child.
 * Threads:   the one that prepared it.
 * Ownership: unchanged.
 * Progress:  lock-free.
 * Ordering:  writes before this call happen-before the jobs that were held.
 * Cost:      some futex calls.
 * Since:     0.2
 */
ROTA_API int rota_fork_parent(struct rota_pool *pool);

/**
 * rota_fork_child() - in the child: drop what was queued, and begin anew
 * @pool: one that this thread had prepared; the child's own from now on.
 *
 * Each job that was queued, delayed ones included, is dropped with ROTA_DROP_FORK,
 * once, on this thread (in the parent it runs). Then @pool is as new, with the
 * options that it was made with, the size of the last rota_pool_resize(), closed
 * or paused if it was. Its counters begin with what was dropped: submitted ==
 * dropped.
 *
 * Return:    0; -EPERM this is no child, or it was called before; -EOWNERDEAD not
 *            prepared by this thread; -EINVAL; -ENOMEM; -EAGAIN a thread could not
 *            be started; or what a failing on_start returned. If it fails @pool
 *            is -EOWNERDEAD for good (but with -EPERM it is as it was).
 * Threads:   the one that forked.
 * Ownership: of @pool: the child's, until rota_pool_destroy(). Of jobs: as said.
 *            Groups from before: -EOWNERDEAD, but for rota_group_fini(), which
 *            gives them back. Handles: -ECANCELED with ROTA_DROP_FORK, or as
 *            they were; timers beat no more, to be stopped. Queues of
 *            completions stay the parent's: their jobs are dropped silently.
 * Progress:  blocking (on thread creation, on_start, and the drops). It waits for
 *            no thread of the parent.
 * Ordering:  exact for all submits that had returned, and for those of this
 *            thread. One that another thread was inside of at the fork was or
 *            was not: its job is dropped, or does not exist in the child, and
 *            then what that call held is lost memory; so is the job (of that
 *            other thread or of a third one) that came behind it for the same
 *            key. A job that another thread was running on its own stack, as
 *            a submitter or helper, is the parent's alone.
 * Cost:      one thread per worker.
 * Since:     0.2
 */
ROTA_API int rota_fork_child(struct rota_pool *pool);

/**
 * rota_saved_sigmask() - what the thread that made the pool had blocked
 *
 * Workers block all signals but those of faults, and what they exec would begin
 * with that mask. A job that forks restores this one in the child:
 *
 *	sigset_t mask;
 *
 *	if (!fork()) {
 *		rota_saved_sigmask(&mask);
 *		sigprocmask(SIG_SETMASK, &mask, NULL);
 *		execv(path, argv);
 *		_exit(127);
 *	}
 *
 * @ret_set: a sigset_t (C11 alone does not know it); untouched on failure.
 *
 * Return:    0; -EINVAL; -EPERM not in a job or hook.
 * Threads:   any that runs a job or hook, the innermost one counts; also in a
 *            forked child. Async-signal-safe.
 * Ownership: none passes.
 * Progress:  wait-free.
 * Ordering:  none: it never changes.
 * Cost:      a copy of 128 bytes.
 * Since:     0.2
 */
ROTA_API int rota_saved_sigmask(void *ret_set);

/**
 * rota_submit_at() - hand over a job for later
 * @pool:    borrowed for the call.
 * @run:     called once with @arg at @when_ns or later, unless the job is
 *           dropped.
 * @arg:     any value.
 * @when_ns: CLOCK_MONOTONIC; a time that is over means now.
 *
 * Return:    0 accepted; -EINVAL; -ENOMEM; -EAGAIN the timer thread could not be
 *            started (nothing is left behind); -ESHUTDOWN closed; -EOWNERDEAD in
 *            a forked child.
 * Threads:   any, jobs of any pool included; not async-signal-safe. The first
 *            use of timers starts a thread "NAME-timer", which hands over jobs
 *            when they are due and sleeps otherwise; it inherits its CPU set
 *            from the caller, and is joined by shutdown.
 * Ownership: on 0 the pool has @arg; on error the caller still has it. A close
 *            drops what is not due yet (on_drop, ROTA_DROP_SHUTDOWN), in
 *            whatever mode the pool shuts down.
 *            A job that is due is a job like others: it counts as submitted,
 *            queues and is drained from then on, not before; and it may be
 *            dropped as they are. What a close drops counts as submitted then.
 *            In a full pool it waits for room, and so do those that are due
 *            after it (but ROTA_FULL_DROP_NEWEST and _OLDEST drop one).
 * Progress:  lock-free, but for malloc, and at the first use for the start of
 *            the thread.
 * Ordering:  as rota_submit(). Jobs become due in the order of their times, at
 *            the same time in the order of these calls by one thread.
 * Cost:      one malloc, five RMWs; one futex call if it is due before all
 *            others. Never early; late by the slack of the kernel's timers (50
 *            us, see PR_SET_TIMERSLACK) and the wakes of two threads, plus its
 *            wait in the queue.
 * Since:     0.2
 */
ROTA_API int rota_submit_at(struct rota_pool *pool, rota_run_fn run, void *arg,
		uint64_t when_ns);

/* A job that comes again, or one for later that can be stopped. */
struct rota_timer;

/**
 * rota_timer_start() - run a job at @first_ns, then every @period_ns
 * @pool:      borrowed until the timer is stopped or @pool is closed.
 * @run:       called with @arg at each beat, by the workers; never twice at the
 *             same time.
 * @arg:       any value.
 * @first_ns:  CLOCK_MONOTONIC; a time that is over means now.
 * @period_ns: beats are at @first_ns + k * @period_ns. One that finds the run
 *             before it still queued or going on, or that the timer thread is
 *             late for, is left out: runs do not pile up. 0: only @first_ns.
 *             Under some 100 us the timer thread hardly sleeps.
 * @ret_timer: the timer, untouched on failure; set before the first run.
 *
 * Return:    as rota_submit_at().
 * Threads:   as rota_submit_at().
 * Ownership: @ret_timer is the caller's until rota_timer_stop(), also when it
 *            does not beat any more. A close of @pool ends its beats. Each run is
 *            a job of @pool: a discard drops one that is queued (on_drop with
 *            @run and @arg); one that a stop met in the queue counts as dropped.
 * Progress:  as rota_submit_at().
 * Ordering:  as rota_submit_at(); each run happens-before the next.
 * Cost:      as rota_submit_at(); nothing but a submit for a beat.
 * Since:     0.2
 */
ROTA_API int rota_timer_start(struct rota_pool *pool, rota_run_fn run,
		void *arg, uint64_t first_ns, uint64_t period_ns,
		struct rota_timer **ret_timer);

/**
 * rota_timer_stop() - no run begins any more
 * @timer:       gone on 0.
 * @deadline_ns: CLOCK_MONOTONIC: how long to wait for a run that is going on; 0
 *               does not wait, ROTA_NO_DEADLINE until it is over.
 *
 * Return:    0 none is going on and none will be (if its own run calls this:
 *            none but itself); -EBUSY a run is going on still: it is the last,
 *            @timer stays valid, call again; -EINVAL; -EOWNERDEAD in a forked
 *            child.
 * Threads:   any, its own run and other jobs included; one at a time for one
 *            @timer; not async-signal-safe. Before rota_pool_destroy() begins or
 *            after it returned.
 * Ownership: on 0 what run used is the caller's.
 * Progress:  lock-free, but for the run that is waited for, and free().
 * Ordering:  what its runs did happens-before the return of 0.
 * Cost:      three RMWs; now and then a futex call to the timer thread, which
 *            frees the memory of @timer soon.
 * Since:     0.2
 */
ROTA_API int rota_timer_stop(struct rota_timer *timer, uint64_t deadline_ns);

/**
 * rota_worker_stats() - read the counters and the state of one worker
 * @pool:      borrowed for the call.
 * @worker:    0 .. max_workers-1, as rota_worker_index() has it.
 * @ret_stats: its size member says how much to fill; untouched on failure.
 *
 * Return:    0; -EINVAL; -EOWNERDEAD in a forked child.
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: none passes.
 * Progress:  wait-free: some loads.
 * Ordering:  what a job did happens-before the return of stats in which @ran
 *            counts it.
 * Cost:      reads two cache lines of the worker.
 * Since:     0.2
 */
ROTA_API int rota_worker_stats(struct rota_pool *pool, unsigned worker,
		struct rota_worker_stats *ret_stats);

/**
 * rota_pool_histogram() - how long jobs waited, or ran
 * @pool:          borrowed for the call; created with the option measure.
 * @which:         which of the two times.
 * @ret_histogram: its size member says how much to fill; untouched on failure.
 *
 * Return:    0; -ENODATA @pool does not measure; -EINVAL; -EOWNERDEAD in a
 *            forked child.
 * Threads:   any, jobs included; not async-signal-safe.
 * Ownership: none passes.
 * Progress:  wait-free: 66 loads for each worker.
 * Ordering:  exact at rest: jobs that workers ran, but for the wait of those
 *            that found no memory for their time of submit. Not in it: jobs
 *            that ran on a submitter, or were dropped. Members of a group
 *            that somebody helped with, and jobs with a key, which wait for
 *            each other outside the queue, are as long as their turn in it.
 * Cost:      of the option, for each job: three looks at the clock, a box as
 *            in rota_submit_copy(), two RMWs.
 * Since:     0.2
 */
ROTA_API int rota_pool_histogram(struct rota_pool *pool,
		enum rota_histogram_kind which,
		struct rota_histogram *ret_histogram);

/**
 * rota_self() - the pool whose job this thread is running
 *
 * Return:    the pool; NULL outside jobs and hooks. A job that runs inline on
 *            its submitter sees its own pool.
 * Threads:   any.
 * Ownership: none passes.
 * Progress:  wait-free.
 * Ordering:  none.
 * Cost:      one thread-local load.
 * Since:     0.1
 */
ROTA_API struct rota_pool *rota_self(void);

/**
 * rota_worker_index() - which worker of rota_self() this thread is
 *
 * Return:    0 .. max_workers-1; -1 if this thread is no worker of rota_self().
 * Threads:   any.
 * Ownership: none.
 * Progress:  wait-free.
 * Ordering:  none.
 * Cost:      one thread-local load.
 * Since:     0.1
 */
ROTA_API int rota_worker_index(void);

/**
 * rota_version() - the library's version, "MAJOR.MINOR.PATCH"
 *
 * Return:    a static string.
 * Threads:   any; async-signal-safe.
 * Ownership: the library's.
 * Progress:  wait-free.
 * Ordering:  none.
 * Cost:      none.
 * Since:     0.1
 */
ROTA_API const char *rota_version(void);

/**
 * rota_strerror() - what a return value of this library means
 * @error: 0 or a negative errno.
 *
 * Return:    a static string, never NULL.
 * Threads:   any; async-signal-safe.
 * Ownership: the library's.
 * Progress:  wait-free.
 * Ordering:  none.
 * Cost:      none.
 * Since:     0.1
 */
ROTA_API const char *rota_strerror(int error);

#ifdef __cplusplus
}
#endif
#endif
