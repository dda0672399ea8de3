/* SPDX-License-Identifier: MIT */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H
/* What the whole process has cost so far: CPU, context switches, memory. */
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

struct usage {
	uint64_t cpu_ns;
	uint64_t voluntary; /* context switches */
	uint64_t involuntary;
};

static inline uint64_t usage_ns(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000u +
	       (uint64_t)time.tv_usec * 1000u;
}

static inline struct usage usage_now(void)
{
	struct rusage now;

	getrusage(RUSAGE_SELF, &now);
	return (struct usage){
			.cpu_ns = usage_ns(now.ru_utime) +
				  usage_ns(now.ru_stime),
			.voluntary = (uint64_t)now.ru_nvcsw,
			.involuntary = (uint64_t)now.ru_nivcsw,
	};
}

static inline struct usage usage_since(struct usage before)
{
	struct usage now = usage_now();

	return (struct usage){
			.cpu_ns = now.cpu_ns - before.cpu_ns,
			.voluntary = now.voluntary - before.voluntary,
			.involuntary = now.involuntary - before.involuntary,
	};
}

/* Not ru_maxrss: that one includes what the parent had when it forked. */
static inline uint64_t peak_rss_kib(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long long kib = 0;
	char line[128];

	if (!status)
		return 0;
	while (fgets(line, sizeof(line), status)) {
		if (sscanf(line, "VmHWM: %llu", &kib) == 1)
			break;
	}
	fclose(status);
	return kib;
}

/* From here on the peak counts anew, if the kernel lets us. */
static inline void peak_rss_reset(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "w");

	if (!file)
		return;
	fputs("5", file);
	fclose(file);
}

#endif
