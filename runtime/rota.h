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

#define ROTA_NO_DEADLINE   UINT64_MAX
#define ROTA_SPIN_NONE	   UINT32_MAX
#define ROTA_SPIN_MAX_NS   1000000u

struct rota_pool;

/* The work itself; called once on one thread. */
typedef void (*rota_run_fn)(void *arg);

enum rota_drop_reason {
	ROTA_DROP_SHUTDOWN = 1, /* ROTA_DISCARD met it in the queue */
	ROTA_DROP_OVERLOAD = 2, /* ROTA_FULL_DROP_NEWEST or _OLDEST */
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
 * Cost:      one thread per worker.
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
 *            on its submitter (ROTA_FULL_CALLER_RUNS) is not held. A drain of a
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
 * is open when its job ends, ends then (before the worker's next job).
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
