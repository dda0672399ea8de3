/* SPDX-License-Identifier: MIT */
/* How many CPUs does a control group leave? Read from files that we write. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/sys/os.h"
#include "../harness.h"

static char root[] = "/tmp/rota-cgroup-XXXXXX";

static void write_file(const char *path, const char *text)
{
	char full[512];
	FILE *stream;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *at = full + sizeof(root); (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(full, 0755);
		*at = '/';
	}
	stream = fopen(full, "w");
	CHECK(stream != NULL);
	fputs(text, stream);
	fclose(stream);
}

/* What the library makes of this /proc/self/cgroup below the files written. */
static unsigned cpus_with(const char *proc_cgroup)
{
	char proc[512];

	write_file("proc", proc_cgroup);
	snprintf(proc, sizeof(proc), "%s/proc", root);
	return os_cgroup_cpus(proc, root);
}

static void remove_root(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	CHECK_EQ(system(command), 0);
}

TEST(version_two_quota_is_rounded_up)
{
	CHECK(mkdtemp(root) != NULL);
	write_file("a/b/cpu.max", "150000 100000\n");
	CHECK_EQ(cpus_with("0::/a/b\n"), 2);
	write_file("a/b/cpu.max", "50000 100000\n");
	CHECK_EQ(cpus_with("0::/a/b\n"), 1);
	write_file("a/b/cpu.max", "max 100000\n");
	CHECK_EQ(cpus_with("0::/a/b\n"), 0);
	remove_root();
}

TEST(the_smallest_quota_on_the_way_up_counts)
{
	CHECK(mkdtemp(root) != NULL);
	write_file("a/b/c/cpu.max", "800000 100000\n");
	write_file("a/b/cpu.max", "max 100000\n");
	write_file("a/cpu.max", "300000 100000\n");
	CHECK_EQ(cpus_with("0::/a/b/c\n"), 3);
	write_file("cpu.max", "100000 100000\n");
	CHECK_EQ(cpus_with("0::/a/b/c\n"), 1);
	CHECK_EQ(cpus_with("0::/\n"), 1);
	remove_root();
}

TEST(version_one_quota_counts)
{
	const char *proc = "5:memory:/x\n4:cpu,cpuacct:/x\n1:name=systemd:/x\n";

	CHECK(mkdtemp(root) != NULL);
	write_file("cpu,cpuacct/x/cpu.cfs_quota_us", "250000\n");
	write_file("cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
	CHECK_EQ(cpus_with(proc), 3);
	write_file("cpu,cpuacct/x/cpu.cfs_quota_us", "-1\n");
	CHECK_EQ(cpus_with(proc), 0);
	/* as seen from inside a container: only the mount itself is there */
	write_file("cpu/cpu.cfs_quota_us", "200000\n");
	write_file("cpu/cpu.cfs_period_us", "100000\n");
	CHECK_EQ(cpus_with(proc), 2);
	remove_root();
}

TEST(files_that_are_missing_or_odd_mean_no_limit)
{
	char proc[512];

	CHECK(mkdtemp(root) != NULL);
	snprintf(proc, sizeof(proc), "%s/none", root);
	CHECK_EQ(os_cgroup_cpus(proc, root), 0);
	CHECK_EQ(cpus_with(""), 0);
	CHECK_EQ(cpus_with("no colon\n0:\n::\n0::\n"), 0);
	CHECK_EQ(cpus_with("0::/gone\n"), 0);
	write_file("a/cpu.max", "");
	CHECK_EQ(cpus_with("0::/a\n"), 0);
	write_file("a/cpu.max", "0 0\n");
	CHECK_EQ(cpus_with("0::/a\n"), 0);
	write_file("a/cpu.max", "-5 100000\n");
	CHECK_EQ(cpus_with("0::/a\n"), 0);
	remove_root();
}

TEST(this_process_may_use_at_least_one_cpu)
{
	CHECK(os_cpus_usable() >= 1);
	CHECK(os_cpus_usable() <= (unsigned)sysconf(_SC_NPROCESSORS_CONF));
}
