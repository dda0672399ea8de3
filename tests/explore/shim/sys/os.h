/* SPDX-License-Identifier: MIT */
#ifndef ROTA_SYS_OS_H
#define ROTA_SYS_OS_H
/* Stands in for runtime/sys/os.h: the same promises, see xp_os.c. */
#include "atomic.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define OS_NO_DEADLINE UINT64_MAX

/* What belongs to the thread that asks; nothing to clean up at its end. */
struct os_local {
	struct frame *innermost; /* see run.c */
};
void *xp_local(void);
#define os_local (*(struct os_local *)xp_local())

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

uint64_t os_now_ns(void);
void os_yield(void);
void os_step_aside(unsigned *times);
uint32_t os_pid(void);

struct os_thread_options {
	const char *name; /* 15 bytes at most */
	size_t stack_bytes;
	const void *cpu_set;
	size_t cpu_set_bytes;
};

/* Starts main(arg) with all but the synchronous signals blocked. 0, -EINVAL
 * (stack or CPU set), or -EAGAIN. */
int os_thread_start(pthread_t *ret_thread, void *(*thread_main)(void *),
		void *arg, const struct os_thread_options *options);
/* 0 or -ETIMEDOUT, which leaves the thread joinable. */
int os_thread_join(pthread_t thread, uint64_t deadline_ns);
__attribute__((noreturn)) void os_thread_exit(void);

void *os_alloc(size_t bytes); /* 16-byte aligned */
void os_free(void *memory);
/* Zeroed pages; NULL if there are none. */
void *os_pages_map(size_t bytes);
void os_pages_unmap(void *pages, size_t bytes);
/* The contents may go; reading them stays harmless. */
void os_pages_discard(void *pages, size_t bytes);
/* A forked child finds these pages zeroed. 0 or -ENOSYS. */
int os_pages_wipe_on_fork(void *pages, size_t bytes);

/* CPUs that this process may use: affinity mask, capped by the cgroup quota. */
unsigned os_cpus_usable(void);
/* The quota of the cgroup named in the file proc_cgroup, read below the mount
 * point, rounded up to whole CPUs; 0: no limit. */
unsigned os_cgroup_cpus(const char *proc_cgroup, const char *mount);

#endif
