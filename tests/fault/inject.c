/* SPDX-License-Identifier: MIT */
#include "inject.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../harness.h"

struct kind {
	const char *name;
	const int *errors;
	unsigned nr_errors;
	atomic_ulong calls, failures;
	atomic_ulong from, to; /* the calls that fail, counted from 1 */
	atomic_int error;
};

#define INJECT(name, type, parameters, arguments, failed, ...)                 \
	static const int errors_of_##name[] = {__VA_ARGS__};
#define INJECT_BY_HAND(name, ...)                                              \
	static const int errors_of_##name[] = {__VA_ARGS__};
#include "kinds.h"
#undef INJECT
#undef INJECT_BY_HAND

#define KIND(name_)                                                            \
	[INJECT_##name_] = {                                                   \
			.name = #name_,                                        \
			.errors = errors_of_##name_,                           \
			.nr_errors = sizeof(errors_of_##name_) / sizeof(int),  \
	},
static struct kind kinds[INJECT_NR_KINDS] = {
#define INJECT(name, ...)	  KIND(name)
#define INJECT_BY_HAND(name, ...) KIND(name)
#include "kinds.h"
#undef INJECT
#undef INJECT_BY_HAND
};

static atomic_long nr_live;

const char *inject_name(enum inject_kind kind)
{
	return kinds[kind].name;
}

const char *inject_error_name(int error)
{
	switch (error) {
	case INJECT_SPURIOUS:
		return "spurious";
	case INJECT_CUT_SHORT:
		return "cut short";
	case INJECT_ODD_TEXT:
		return "odd text";
	case INJECT_HOUR_AHEAD:
		return "an hour ahead";
	case INJECT_STAND_STILL:
		return "stands still";
	default:
		return strerrorname_np(error);
	}
}

bool inject_error(enum inject_kind kind, unsigned i, int *ret_error)
{
	if (i >= kinds[kind].nr_errors)
		return false;
	*ret_error = kinds[kind].errors[i];
	return true;
}

void inject_reset(void)
{
	for (unsigned i = 0; i < INJECT_NR_KINDS; i++) {
		atomic_store(&kinds[i].from, 0);
		atomic_store(&kinds[i].to, 0);
		atomic_store(&kinds[i].calls, 0);
		atomic_store(&kinds[i].failures, 0);
	}
}

void inject(enum inject_kind kind, unsigned long k, unsigned long times,
		int error)
{
	struct kind *what = &kinds[kind];
	unsigned long from = atomic_load(&what->calls) + k;

	atomic_store(&what->error, error);
	atomic_store(&what->from, from);
	atomic_store(&what->to,
			times == INJECT_EVER ? INJECT_EVER : from + times);
}

unsigned long inject_calls(enum inject_kind kind)
{
	return atomic_load(&kinds[kind].calls);
}

unsigned long inject_failures(enum inject_kind kind)
{
	return atomic_load(&kinds[kind].failures);
}

long inject_nr_live(void)
{
	return atomic_load(&nr_live);
}

/* What this call has to fail with; 0: it does not. */
static int must_fail(enum inject_kind kind)
{
	struct kind *what = &kinds[kind];
	unsigned long nr = atomic_fetch_add(&what->calls, 1) + 1;

	if (nr < atomic_load(&what->from) || nr >= atomic_load(&what->to))
		return 0;
	atomic_fetch_add(&what->failures, 1);
	return atomic_load(&what->error);
}

/* Those that make what somebody has to give back. */
static void born(enum inject_kind kind)
{
	if (kind == INJECT_malloc || kind == INJECT_mmap ||
			kind == INJECT_fopen || kind == INJECT_eventfd)
		atomic_fetch_add(&nr_live, 1);
}

static void dies(const void *what)
{
	if (what)
		atomic_fetch_sub(&nr_live, 1);
}

/* Compared without a warning for types that are no pointers. */
#define INJECT(name, type, parameters, arguments, failed, ...)                 \
	type inject_##name parameters;                                         \
	type inject_##name parameters                                          \
	{                                                                      \
		int error = must_fail(INJECT_##name);                          \
		type result;                                                   \
                                                                               \
		if (error) {                                                   \
			errno = error;                                         \
			return failed;                                         \
		}                                                              \
		error = -1; /* for those that return it: no such result */     \
		result = name arguments;                                       \
		if (result != (type)failed)                                    \
			born(INJECT_##name);                                   \
		return result;                                                 \
	}
#define INJECT_BY_HAND(name, ...)
#include "kinds.h"
#undef INJECT
#undef INJECT_BY_HAND

void inject_free(void *block);
void inject_free(void *block)
{
	dies(block);
	free(block);
}

int inject_munmap(void *map, size_t bytes);
int inject_munmap(void *map, size_t bytes)
{
	dies(map);
	return munmap(map, bytes);
}

int inject_close(int fd);
int inject_close(int fd)
{
	atomic_fetch_sub(&nr_live, 1);
	return close(fd);
}

int inject_fclose(FILE *stream);
int inject_fclose(FILE *stream)
{
	dies(stream);
	return fclose(stream);
}

char *inject_fgets(char *line, int bytes, FILE *stream);
char *inject_fgets(char *line, int bytes, FILE *stream)
{
	static const char *const odd[] = {"", "\n", "max\n", "0 0\n", "-1 -1\n",
			"1 1000000000000000000\n", "9223372036854775807 1\n",
			"9223372036854775807 9223372036854775807\n",
			"99999999999999999999999999 3\n", "4294967297 1\n",
			"0::\n", "0::/../../..\n", "1:cpu:\n", ":::::\n",
			"%s%n%d\n"};
	int error = must_fail(INJECT_fgets);
	char *result;

	errno = error;
	if (error == EIO)
		return NULL;
	result = fgets(line, bytes, stream);
	if (result && error == INJECT_CUT_SHORT)
		line[strlen(line) / 2] = '\0';
	else if (result && error == INJECT_ODD_TEXT)
		snprintf(line, (size_t)bytes, "%s",
				odd[inject_calls(INJECT_fgets) %
						(sizeof(odd) / sizeof(*odd))]);
	return result;
}

/* No kernel fails to notice a deadline, or sees one that is not there yet. */
static bool is_due(long deadline, int error)
{
	const struct timespec *time = (const struct timespec *)deadline;

	if (!time)
		return false;
	return error == ETIMEDOUT ||
	       now_ns() >= (uint64_t)time->tv_sec * 1000000000u +
					       (uint64_t)time->tv_nsec;
}

static int fault_of(long nr, const long *args)
{
	int error;

	if (nr == SYS_membarrier)
		return must_fail(INJECT_membarrier);
	if (nr != SYS_futex || (args[1] & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET)
		return 0;
	error = must_fail(INJECT_futex_wait);
	return is_due(args[3], error) ? 0 : error;
}

long inject_syscall(long nr, ...);
long inject_syscall(long nr, ...)
{
	long args[6];
	va_list list;
	int error;

	va_start(list, nr);
	for (unsigned i = 0; i < 6; i++)
		args[i] = va_arg(list, long);
	va_end(list);
	error = fault_of(nr, args);
	if (error == INJECT_SPURIOUS)
		return 0;
	if (error) {
		errno = error;
		return -1;
	}
	return syscall(nr, args[0], args[1], args[2], args[3], args[4],
			args[5]);
}

int inject_clock_gettime(clockid_t clock, struct timespec *ret_time);
int inject_clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	static _Thread_local struct timespec last;
	static _Thread_local unsigned nr_still;
	/* deadlines are of this clock */
	int error = clock == CLOCK_MONOTONIC ? must_fail(INJECT_clock_gettime)
					     : 0;

	if (error == INJECT_STAND_STILL && last.tv_sec && nr_still++ < 1000) {
		*ret_time = last;
		return 0;
	}
	nr_still = 0;
	clock_gettime(clock, ret_time);
	if (error == INJECT_HOUR_AHEAD)
		ret_time->tv_sec += 3600;
	last = *ret_time;
	return 0;
}
