/* SPDX-License-Identifier: MIT */
#ifndef ROTA_SYS_OS_H
#define ROTA_SYS_OS_H
/*
 * The one door to the operating system: futex, clock, yield, threads, memory.
 * A deterministic scheduler and the fault tests replace what is behind it.
 */
#include "atomic.h"
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define OS_NO_DEADLINE UINT64_MAX

/* What belongs to the thread that asks. Its address names the thread. */
struct os_local {
	struct frame *innermost; /* see run.c */
	uint64_t pool_id;	 /* of the pool where it used its lane last, */
	struct lane *lane;	 /* which is this */
	uint64_t laneless_id;	 /* of the last pool without one; 0: none */
};
#define OS_NO_POOL 1 /* the id of none; 0 is that of a pool after a fork */
extern _Thread_local struct os_local os_local;

/* Call this hook when the calling thread ends, as long as the library is
 * loaded; false: it cannot be arranged. */
bool os_at_thread_end(void (*hook)(void));

/* The largest page that a kernel for this CPU may use. */
#if defined(__x86_64__) || defined(__i386__)
#define OS_PAGE_MAX 4096
#else
#define OS_PAGE_MAX 65536
#endif

/* 0: woken, or *word was not value, or a signal, or for no reason: look again.
 * -ETIMEDOUT: CLOCK_MONOTONIC reached deadline_ns. */
int os_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline_ns);
void os_futex_wake(_Atomic uint32_t *word, unsigned nr_waiters);

/* Each thread of the process passes a full fence: fence_light() there and this
 * here are one each. Needs os_heavy_fence_init() to have returned true. */
bool os_heavy_fence_init(void);
void os_heavy_fence(void);

uint64_t os_now_ns(void);
void os_yield(void);
/* Let a thread that we wait for, and that needs only a moment, run: yield, and
 * sleep each 64th time, in case its priority is lower than ours: 50 us at first,
 * up to 3 ms, for others of our priority may wait too. times starts at 0. */
void os_step_aside(unsigned *times);
uint32_t os_pid(void);
/* Which signals the calling thread blocks. */
void os_signal_mask(sigset_t *ret_set);

struct os_thread_options {
	size_t stack_bytes;
	const void *cpu_set;
	size_t cpu_set_bytes;
};

/* Starts main(arg) with all but the synchronous signals blocked. 0, -EINVAL
 * (stack or CPU set), or -EAGAIN. */
int os_thread_start(pthread_t *ret_thread, void *(*thread_main)(void *),
		void *arg, const struct os_thread_options *options);
/* The caller: 15 bytes at most. One system call, where another thread takes
 * three. */
void os_thread_name(const char *name);
/* 0 or -ETIMEDOUT, which leaves the thread joinable. */
int os_thread_join(pthread_t thread, uint64_t deadline_ns);
__attribute__((noreturn)) void os_thread_exit(void);
/* run(arg); if that ends the thread, by pthread_exit() or a cancel, lost(arg) is
 * called on this stack, and the thread ends when it returns. Cancels have no
 * effect unless run() allows them. */
void os_guard(void (*run)(void *), void (*lost)(void *), void *arg);

/* A variable that is given to fn(&variable) when its scope is left, also by a
 * thread that ends inside of it. What is for that case alone looks whether the
 * variable still is what it was: no instruction is left of that otherwise. */
#define ON_LEAVE(fn) __attribute__((cleanup(fn)))

void *os_alloc(size_t bytes); /* 16-byte aligned */
void os_free(void *memory);
/* Zeroed pages; NULL if there are none. */
void *os_pages_map(size_t bytes);
void os_pages_unmap(void *pages, size_t bytes);
/* The contents may go; reading them stays harmless. */
void os_pages_discard(void *pages, size_t bytes);
/* A forked child finds these pages zeroed. 0 or -ENOSYS. */
int os_pages_wipe_on_fork(void *pages, size_t bytes);

/* CPUs that this process may use: affinity mask, capped by the cgroup quota, which
 * is looked at once a second. */
unsigned os_cpus_usable(void);
/* The quota of the cgroup named in the file proc_cgroup, read below the mount
 * point, rounded up to whole CPUs; 0: no limit. */
unsigned os_cgroup_cpus(const char *proc_cgroup, const char *mount);

#endif
