/* SPDX-License-Identifier: MIT */
/* What cases use: time, random numbers, latches, threads, /proc. */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t in_ms(uint64_t ms)
{
	return now_ns() + ms * NS_PER_MS;
}

static struct timespec timespec_of(uint64_t ns)
{
	struct timespec time = {
			.tv_sec = (time_t)(ns / 1000000000u),
			.tv_nsec = (long)(ns % 1000000000u),
	};

	return time;
}

void sleep_ns(uint64_t ns)
{
	struct timespec end = timespec_of(now_ns() + ns);

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) ==
			EINTR)
		;
}

void rng_init(struct rng *rng, uint64_t stream)
{
	rng->state = test_seed() + stream * 0xd1342543de82ef95ull;
	rng_next(rng);
}

/* splitmix64, after Steele, Lea and Flood */
uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

unsigned rng_below(struct rng *rng, unsigned limit)
{
	return (unsigned)((rng_next(rng) >> 32) * limit >> 32);
}

void latch_init(struct latch *latch, unsigned count)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&latch->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&latch->opened, &attr);
	pthread_condattr_destroy(&attr);
	latch->count = count;
}

void latch_down(struct latch *latch)
{
	pthread_mutex_lock(&latch->lock);
	CHECK(latch->count > 0);
	if (--latch->count == 0)
		pthread_cond_broadcast(&latch->opened);
	pthread_mutex_unlock(&latch->lock);
}

bool latch_wait_ms(struct latch *latch, uint64_t ms)
{
	struct timespec end = timespec_of(in_ms(ms));
	bool is_open;
	int error = 0;

	pthread_mutex_lock(&latch->lock);
	while (latch->count > 0 && error == 0)
		error = pthread_cond_timedwait(
				&latch->opened, &latch->lock, &end);
	is_open = latch->count == 0;
	pthread_mutex_unlock(&latch->lock);
	return is_open;
}

void latch_wait(struct latch *latch)
{
	CHECK(latch_wait_ms(latch, TEST_WAIT_MS));
}

void latch_meet(struct latch *latch)
{
	latch_down(latch);
	latch_wait(latch);
}

pthread_t thread_start(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, run, arg), 0);
	return thread;
}

void thread_join(pthread_t thread)
{
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

static unsigned nr_entries(const char *path)
{
	struct dirent *entry;
	unsigned nr = 0;
	DIR *dir = opendir(path);

	CHECK(dir != NULL);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

unsigned nr_threads(void)
{
	return nr_entries("/proc/self/task");
}

unsigned nr_fds(void)
{
	return nr_entries("/proc/self/fd");
}

unsigned nr_maps(void)
{
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned nr = 0;
	int c;

	CHECK(file != NULL);
	while ((c = getc(file)) != EOF)
		nr += c == '\n';
	fclose(file);
	return nr;
}

long resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size, resident;

	CHECK(file != NULL);
	CHECK_EQ(fscanf(file, "%ld %ld", &size, &resident), 2);
	fclose(file);
	return resident * sysconf(_SC_PAGESIZE);
}

bool is_asleep(int tid)
{
	char path[64], text[256] = "";
	const char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	state = strrchr(text, ')');
	return state && state[1] == ' ' && state[2] == 'S';
}
