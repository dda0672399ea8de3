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

/* Of RUSAGE_SELF, the process, or RUSAGE_THREAD, this thread. */
static inline struct usage usage_of(int who)
{
	struct rusage now;

	getrusage(who, &now);
	return (struct usage){
			.cpu_ns = usage_ns(now.ru_utime) +
				  usage_ns(now.ru_stime),
			.voluntary = (uint64_t)now.ru_nvcsw,
			.involuntary = (uint64_t)now.ru_nivcsw,
	};
}

static inline struct usage usage_now(void)
{
	return usage_of(RUSAGE_SELF);
}

static inline uint64_t usage_left(uint64_t of, uint64_t less)
{
	return of > less ? of - less : 0; /* the kernel rounds each */
}

/* What was used since before, or by all the others. */
static inline struct usage usage_minus(struct usage now, struct usage before)
{
	return (struct usage){
			.cpu_ns = usage_left(now.cpu_ns, before.cpu_ns),
			.voluntary = usage_left(
					now.voluntary, before.voluntary),
			.involuntary = usage_left(
					now.involuntary, before.involuntary),
	};
}

static inline struct usage usage_since(struct usage before)
{
	return usage_minus(usage_now(), before);
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
