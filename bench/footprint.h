/* SPDX-License-Identifier: MIT */
#ifndef BENCH_FOOTPRINT_H
#define BENCH_FOOTPRINT_H
/* What this process holds right now: pages, mappings, threads, heap. */
#include <dirent.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>

#include "clock.h"

struct footprint {
	uint64_t rss_kib;
	uint64_t mappings;
	uint64_t threads;
	uint64_t heap_bytes; /* given out by malloc and not freed */
};

/* Counted page by page: statm may be off by some pages for each CPU. */
static inline uint64_t rss_kib(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	unsigned long long kib = 0;
	char line[128];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Rss: %llu", &kib) == 1)
			break;
	}
	fclose(file);
	return kib;
}

static inline uint64_t nr_mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "r");
	uint64_t lines = 0;
	int byte;

	if (!file)
		return 0;
	while ((byte = fgetc(file)) != EOF)
		lines += byte == '\n';
	fclose(file);
	return lines;
}

static inline uint64_t nr_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	uint64_t entries = 0;

	if (!tasks)
		return 0;
	while (readdir(tasks))
		entries++;
	closedir(tasks);
	return entries - 2; /* "." and ".." */
}

/* A thread that was joined may be listed for a moment more. */
static inline uint64_t nr_threads_at_rest(uint64_t wanted)
{
	uint64_t until_ns = now_ns() + 1000000000u, threads;

	while ((threads = nr_threads()) > wanted && now_ns() < until_ns)
		sleep_until_ns(now_ns() + 1000000);
	return threads;
}

static inline struct footprint footprint_at_rest(uint64_t wanted_threads)
{
	struct footprint now = {
			.threads = nr_threads_at_rest(wanted_threads),
	};
	struct mallinfo2 heap = mallinfo2();

	now.heap_bytes = heap.uordblks + heap.hblkhd;
	now.rss_kib = rss_kib();
	now.mappings = nr_mappings();
	return now;
}

#endif
