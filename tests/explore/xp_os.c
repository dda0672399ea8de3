/* SPDX-License-Identifier: MIT */
/* The operating system of the explored code. System calls are full fences. */
#include "sys/os.h"
#include "xp_inside.h"
#include <errno.h>
#include <string.h>

static_assert(sizeof(os_local) <= LOCAL_BYTES, "it fits");

enum { PAGE_BYTES = OS_PAGE_MAX, CLOCK_NS = 1000000 };

static void (*end_hooks[THREADS_MAX])(void) XP_STATE;

void xp_os_begin(unsigned thread, void *local)
{
	__typeof__(os_local) *fresh = local;

	fresh->pool_id = OS_NO_POOL;
	end_hooks[thread] = NULL;
}

uint64_t xp_os_hash(uint64_t hash)
{
	return xp_hash(hash, end_hooks, sizeof(end_hooks));
}

bool os_at_thread_end(void (*hook)(void))
{
	end_hooks[xp_current] = hook;
	return true;
}

/* Who comes after the hook, as the destructor of another key, may submit and so
 * ask for it once more. */
void xp_end_begins(void)
{
	void (*hook)(void) = end_hooks[xp_current];

	end_hooks[xp_current] = NULL;
	if (hook)
		hook();
}

bool os_heavy_fence_init(void)
{
	return !xp_options->is_noisy;
}

void os_heavy_fence(void)
{
	xp_note("heavy fence", "", "", 0);
	xp_drain_all();
}

/* The deadline comes first, in some of the executions. */
static bool times_out(uint64_t deadline_ns)
{
	if (deadline_ns <= CLOCK_NS)
		return true;
	return deadline_ns != OS_NO_DEADLINE && xp_options->can_time_out &&
	       xp_choose(2);
}

int os_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline_ns)
{
	xp_system_call();
	xp_note("futex wait", "", "", value);
	if (xp_kernel_load(word) != value)
		return 0;
	if (times_out(deadline_ns)) {
		xp_yield();
		return -ETIMEDOUT;
	}
	if (xp_nr_spurious < xp_options->spurious && xp_choose(2))
		xp_nr_spurious++;
	else
		xp_sleep(word);
	return 0;
}

void os_futex_wake(_Atomic uint32_t *word, unsigned nr_waiters)
{
	xp_system_call();
	xp_note("futex wake", "", "", nr_waiters);
	xp_wake(word, nr_waiters);
}

uint64_t os_now_ns(void)
{
	return CLOCK_NS;
}

void os_yield(void)
{
	xp_drain();
	xp_note("yield", "", "", 0);
	xp_yield();
}

void os_step_aside(unsigned *times)
{
	++*times;
	os_yield();
}

void xp_relax(void)
{
	os_yield();
}

void os_signal_mask(sigset_t *ret_set)
{
	sigemptyset(ret_set);
}

uint32_t os_pid(void)
{
	return 1;
}

void os_thread_name(const char *name)
{
	(void)name;
}

int os_thread_start(pthread_t *ret_thread, void *(*thread_main)(void *),
		void *arg, const struct os_thread_options *options)
{
	(void)options;
	xp_drain();
	*ret_thread = xp_start(thread_main, arg);
	return 0;
}

int os_thread_join(pthread_t thread, uint64_t deadline_ns)
{
	xp_drain();
	if (times_out(deadline_ns)) {
		xp_yield();
		return -ETIMEDOUT;
	}
	xp_join((unsigned)thread);
	return 0;
}

void os_guard(void (*run)(void *), void (*lost)(void *), void *arg)
{
	(void)lost;
	run(arg);
}

void os_thread_exit(void)
{
	xp_finish();
}

void *os_alloc(size_t bytes)
{
	return xp_alloc(bytes, 64, 0xa5);
}

void os_free(void *memory)
{
	xp_free(memory, __func__);
}

void *os_pages_map(size_t bytes)
{
	return xp_alloc(bytes, PAGE_BYTES, 0);
}

void os_pages_unmap(void *pages, size_t bytes)
{
	(void)bytes;
	xp_point();
	xp_free(pages, __func__);
}

void os_pages_discard(void *pages, size_t bytes)
{
	xp_point();
	memset(pages, 0, bytes);
}

int os_pages_wipe_on_fork(void *pages, size_t bytes)
{
	(void)pages;
	(void)bytes;
	return 0;
}

unsigned os_cpus_usable(void)
{
	return 1;
}

unsigned os_cgroup_cpus(const char *proc_cgroup, const char *mount)
{
	(void)proc_cgroup;
	(void)mount;
	return 0;
}
