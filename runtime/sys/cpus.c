/* SPDX-License-Identifier: MIT */
/* How many CPUs may this process use? The affinity mask, capped by the CPU
 * quota of its control group and of every group above it (v2 and v1). */
#include "os.h"
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

static unsigned ceil_ratio(long long quota, long long period)
{
	long long cpus;

	if (quota <= 0 || period <= 0)
		return 0;
	cpus = quota / period + (quota % period != 0);
	return cpus > UINT_MAX ? 0 : (unsigned)cpus;
}

static unsigned smaller_limit(unsigned a, unsigned b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

/* The first line of directory/file; false if it cannot be read. */
static bool read_line(
		const char *directory, const char *file, char *line, int bytes)
{
	char path[PATH_BYTES + 64];
	bool is_read = false;
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	stream = fopen(path, "re");
	if (stream) {
		is_read = fgets(line, bytes, stream) != NULL;
		fclose(stream);
	}
	return is_read;
}

static unsigned directory_limit(const char *directory, bool is_v2)
{
	long long quota = 0, period = 0;
	char line[128];

	if (is_v2) {
		/* "max 100000" does not scan as a number: no limit */
		if (!read_line(directory, "cpu.max", line, sizeof(line)) ||
				sscanf(line, "%lld %lld", &quota, &period) != 2)
			return 0;
	} else {
		if (read_line(directory, "cpu.cfs_quota_us", line,
				    sizeof(line)))
			quota = atoll(line);
		if (read_line(directory, "cpu.cfs_period_us", line,
				    sizeof(line)))
			period = atoll(line);
	}
	return ceil_ratio(quota, period);
}

/* The smallest limit from mount/path up to mount itself. */
static unsigned limit_upwards(const char *mount, const char *path, bool is_v2)
{
	size_t mount_length = strlen(mount);
	char directory[PATH_BYTES];
	unsigned limit = 0;
	int length;

	length = snprintf(directory, sizeof(directory), "%s%s", mount, path);
	if (length < 0 || (size_t)length >= sizeof(directory))
		return 0;
	for (;;) {
		char *slash;

		limit = smaller_limit(limit, directory_limit(directory, is_v2));
		slash = strrchr(directory, '/');
		if (!slash || (size_t)(slash - directory) < mount_length)
			return limit;
		*slash = '\0';
	}
}

/* Is "cpu" one of the comma-separated controllers? */
static bool has_cpu_controller(const char *controllers)
{
	for (const char *at = controllers; at && *at;) {
		size_t length = strcspn(at, ",");

		if (length == 3 && !strncmp(at, "cpu", 3))
			return true;
		at += length + (at[length] == ',');
	}
	return false;
}

unsigned os_cgroup_cpus(const char *proc_cgroup, const char *mount)
{
	FILE *stream = fopen(proc_cgroup, "re");
	char line[PATH_BYTES];
	unsigned limit = 0;

	if (!stream)
		return 0;
	/* lines are ID:CONTROLLERS:PATH; v2 has no controllers */
	while (fgets(line, sizeof(line), stream)) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;
		char v1_mount[PATH_BYTES];

		if (!path)
			continue;
		*controllers++ = '\0';
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		if (!*controllers) {
			limit = smaller_limit(limit,
					limit_upwards(mount, path, true));
		} else if (has_cpu_controller(controllers)) {
			snprintf(v1_mount, sizeof(v1_mount), "%.2000s/%.1000s",
					mount, controllers);
			limit = smaller_limit(limit,
					limit_upwards(v1_mount, path, false));
			/* inside a container the path is often not visible,
			 * and the mount itself is the group */
			snprintf(v1_mount, sizeof(v1_mount), "%.2000s/cpu",
					mount);
			limit = smaller_limit(limit,
					directory_limit(v1_mount, false));
		}
	}
	fclose(stream);
	return limit;
}

static unsigned affinity_cpus(void)
{
	for (int nr_cpus = 1024; nr_cpus <= 1 << 20; nr_cpus *= 2) {
		size_t bytes = CPU_ALLOC_SIZE(nr_cpus);
		cpu_set_t *set = CPU_ALLOC(nr_cpus);
		unsigned count = 0;

		if (!set)
			break;
		if (sched_getaffinity(0, bytes, set) == 0)
			count = (unsigned)CPU_COUNT_S(bytes, set);
		CPU_FREE(set);
		if (count)
			return count;
	}
	return 1;
}

/* As it was within the last second: some ten files are read to find it out. */
static unsigned quota_cpus(void)
{
	/* when, in seconds from 1 on, and what: 32 bits each; 0: not yet */
	static _Atomic uint64_t known;
	uint64_t now = os_now_ns() / 1000000000 + 1;
	/* relaxed: all is in this word */
	uint64_t last = atomic_load_explicit(&known, memory_order_relaxed);
	unsigned limit;

	if (last >> 32 == now)
		return (unsigned)last;
	limit = os_cgroup_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
	atomic_store_explicit(&known, now << 32 | limit, memory_order_relaxed);
	return limit;
}

unsigned os_cpus_usable(void)
{
	return smaller_limit(affinity_cpus(), quota_cpus());
}
