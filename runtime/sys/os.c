/* SPDX-License-Identifier: MIT */
/* pthread_cleanup_push() shall not need the unwind tables of what jobs call. */
#undef __EXCEPTIONS
#include "os.h"
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ull

_Thread_local struct os_local os_local = {.pool_id = OS_NO_POOL};

static pthread_once_t end_once = PTHREAD_ONCE_INIT;
static pthread_key_t end_key;
static bool has_end_key;
static void (*_Atomic end_hook)(void); /* the same for all threads */

static _Atomic uint32_t nr_in_end_hook;

static void call_end_hook(void *unused)
{
	(void)unused;
	atomic_fetch_add_explicit(&nr_in_end_hook, 1, memory_order_seq_cst);
	/* relaxed: this thread stored it, or another the same */
	atomic_load_explicit(&end_hook, memory_order_relaxed)();
	atomic_fetch_sub_explicit(&nr_in_end_hook, 1, memory_order_seq_cst);
}

static void make_end_key(void)
{
	has_end_key = !pthread_key_create(&end_key, call_end_hook);
}

bool os_at_thread_end(void (*hook)(void))
{
	int saved = errno;
	bool is_set;

	atomic_store_explicit(&end_hook, hook, memory_order_relaxed);
	pthread_once(&end_once, make_end_key);
	is_set = has_end_key && !pthread_setspecific(end_key, &end_key);
	errno = saved;
	return is_set;
}

/* The code goes: threads that outlive it end without it. The shared library is
 * never unmapped (-z nodelete), for libc calls the hook after it looked whether it
 * may, and an unload can come between, or before the hook's last instruction. Of a
 * static one inside of a plug-in all is left of that but these moments. */
__attribute__((destructor)) static void forget_end_hook(void)
{
	unsigned waits = 0;

	if (!has_end_key)
		return;
	pthread_key_delete(end_key);
	while (atomic_load_explicit(&nr_in_end_hook, memory_order_seq_cst))
		os_step_aside(&waits);
}

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){
			.tv_sec = (time_t)(ns / NS_PER_S),
			.tv_nsec = (long)(ns % NS_PER_S),
	};
}

int os_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline_ns)
{
	struct timespec until = to_timespec(deadline_ns);
	bool is_timed = deadline_ns != OS_NO_DEADLINE;
	int saved = errno, result = 0;

	/* _BITSET takes an absolute time, plain FUTEX_WAIT a relative one. */
	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value,
			    is_timed ? &until : NULL, NULL,
			    FUTEX_BITSET_MATCH_ANY) != 0) {
		if (is_timed && errno == ETIMEDOUT) {
			result = -ETIMEDOUT;
		} else if (errno != EAGAIN && errno != EINTR) {
			/* A kernel or filter that refuses futexes: the caller
			 * looks again, so poll, but never burn the CPU. */
			struct timespec pause = {0, 1000000};

			nanosleep(&pause, NULL);
			if (is_timed && os_now_ns() >= deadline_ns)
				result = -ETIMEDOUT;
		}
	}
	errno = saved;
	return result;
}

void os_futex_wake(_Atomic uint32_t *word, unsigned nr_waiters)
{
	int saved = errno;

	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE,
			nr_waiters > INT_MAX ? INT_MAX : (int)nr_waiters, NULL,
			NULL, 0);
	errno = saved;
}

static bool membarrier(int command)
{
	return syscall(SYS_membarrier, command, 0, 0) == 0;
}

bool os_heavy_fence_init(void)
{
	int saved = errno;
	bool is_there = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) &&
			membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);

	errno = saved;
	return is_there;
}

/* A filter that came later refuses membarrier: taking the right to write from a
 * page that was just written interrupts each CPU that runs this process. */
static bool fence_by_mprotect(void)
{
	volatile char *page = mmap(NULL, OS_PAGE_MAX, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool is_made;

	if (page == MAP_FAILED)
		return false;
	*page = 1;
	is_made = mprotect((void *)page, OS_PAGE_MAX, PROT_READ) == 0;
	munmap((void *)page, OS_PAGE_MAX);
	return is_made;
}

void os_heavy_fence(void)
{
	struct timespec pause = {0, 1000000};
	int saved = errno;

	atomic_thread_fence(memory_order_seq_cst);
	if (!membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) &&
			!fence_by_mprotect())
		/* no store stays in a CPU's buffer for so long */
		nanosleep(&pause, NULL);
	errno = saved;
}

uint64_t os_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void os_yield(void)
{
	sched_yield();
}

void os_step_aside(unsigned *times)
{
	unsigned nr_sleeps = ++*times / 64;
	struct timespec moment = {0, 25000 << (nr_sleeps < 7 ? nr_sleeps : 7)};
	int saved = errno;

	if (*times % 64)
		sched_yield();
	else
		nanosleep(&moment, NULL);
	errno = saved;
}

uint32_t os_pid(void)
{
	return (uint32_t)getpid();
}

void os_signal_mask(sigset_t *ret_set)
{
	pthread_sigmask(SIG_SETMASK, NULL, ret_set);
}

/* Faults are raised by the instruction that a thread executes and cannot wait
 * for another thread; everything else is the program's own business. */
static void block_asynchronous_signals(sigset_t *ret_set)
{
	sigfillset(ret_set);
	sigdelset(ret_set, SIGSEGV);
	sigdelset(ret_set, SIGBUS);
	sigdelset(ret_set, SIGFPE);
	sigdelset(ret_set, SIGILL);
	sigdelset(ret_set, SIGTRAP);
	sigdelset(ret_set, SIGSYS);
}

int os_thread_start(pthread_t *ret_thread, void *(*thread_main)(void *),
		void *arg, const struct os_thread_options *options)
{
	pthread_attr_t attr;
	sigset_t signals;
	int error;

	error = pthread_attr_init(&attr);
	if (error)
		return -EAGAIN;
	block_asynchronous_signals(&signals);
	error = pthread_attr_setsigmask_np(&attr, &signals);
	if (!error && options->stack_bytes)
		error = pthread_attr_setstacksize(&attr, options->stack_bytes);
	if (!error && options->cpu_set)
		error = pthread_attr_setaffinity_np(&attr,
				options->cpu_set_bytes, options->cpu_set);
	if (!error)
		error = pthread_create(ret_thread, &attr, thread_main, arg);
	pthread_attr_destroy(&attr);
	if (!error)
		return 0;
	return error == EINVAL ? -EINVAL : -EAGAIN;
}

void os_thread_name(const char *name)
{
	pthread_setname_np(pthread_self(), name);
}

/* 0 or an errno, as pthread_clockjoin_np(), which gcc 12's race detector does
 * not know: to it the thread would live for ever. */
static int join_until(pthread_t thread, uint64_t deadline_ns)
{
	struct timespec until;
#if defined(HAS_RACE_DETECTOR)
	uint64_t now = os_now_ns();

	clock_gettime(CLOCK_REALTIME, &until);
	until = to_timespec((uint64_t)until.tv_sec * NS_PER_S +
			    (uint64_t)until.tv_nsec +
			    (deadline_ns > now ? deadline_ns - now : 0));
	return pthread_timedjoin_np(thread, NULL, &until);
#else
	until = to_timespec(deadline_ns);
	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until);
#endif
}

int os_thread_join(pthread_t thread, uint64_t deadline_ns)
{
	if (deadline_ns == OS_NO_DEADLINE)
		return pthread_join(thread, NULL) ? -EINVAL : 0;
	return join_until(thread, deadline_ns) ? -ETIMEDOUT : 0;
}

void os_guard(void (*run)(void *), void (*lost)(void *), void *arg)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cleanup_push(lost, arg);
	run(arg);
	pthread_cleanup_pop(0);
}

void os_thread_exit(void)
{
	pthread_exit(NULL);
}

void *os_alloc(size_t bytes)
{
	int saved = errno;
	void *memory = malloc(bytes);

	/* clang holds that malloc leaves errno alone, and would leave out what
	 * follows */
	atomic_signal_fence(memory_order_seq_cst);
	errno = saved;
	return memory;
}

void os_free(void *memory)
{
	free(memory);
}

void *os_pages_map(size_t bytes)
{
	int saved = errno;
	void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	errno = saved;
	return pages == MAP_FAILED ? NULL : pages;
}

void os_pages_unmap(void *pages, size_t bytes)
{
	int saved = errno;

	munmap(pages, bytes);
	errno = saved;
}

void os_pages_discard(void *pages, size_t bytes)
{
	int saved = errno; /* it fails for pages that are locked */

	madvise(pages, bytes, MADV_DONTNEED);
	errno = saved;
}

int os_pages_wipe_on_fork(void *pages, size_t bytes)
{
	int saved = errno;
	int error = madvise(pages, bytes, MADV_WIPEONFORK) ? -ENOSYS : 0;

	errno = saved;
	return error;
}
