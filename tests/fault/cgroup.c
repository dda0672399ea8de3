/* SPDX-License-Identifier: MIT */
/* Files of the control group that are cut, odd or too large: a limit that is
 * there, or none. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/sys/os.h"
#include "../harness.h"
#include "inject.h"

#define SECOND (1000 * NS_PER_MS)

static char root[] = "/tmp/rota-fault-XXXXXX";
static char proc_file[64], v2_file[64], quota_file[99], period_file[99];

static void begin(void)
{
	char path[64];

	CHECK(mkdtemp(root) != NULL);
	snprintf(path, sizeof(path), "%s/cpu", root);
	CHECK_EQ(mkdir(path, 0755), 0);
	snprintf(proc_file, sizeof(proc_file), "%s/proc", root);
	snprintf(v2_file, sizeof(v2_file), "%s/cpu.max", root);
	snprintf(quota_file, sizeof(quota_file), "%s/cpu.cfs_quota_us", path);
	snprintf(period_file, sizeof(period_file), "%s/cpu.cfs_period_us",
			path);
}

static void end(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	CHECK_EQ(system(command), 0);
}

static void write_bytes(const char *path, const char *bytes, size_t nr)
{
	FILE *stream = fopen(path, "w");

	CHECK(stream != NULL);
	CHECK_EQ(fwrite(bytes, 1, nr, stream), nr);
	fclose(stream);
}

static void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

static unsigned limit(void)
{
	return os_cgroup_cpus(proc_file, root);
}

TEST(numbers_that_are_too_large_limit_nothing)
{
	static const char *const large[] = {"9223372036854775807 1\n",
			"9223372036854775807 100000\n",
			"9223372036854775807 9223372036854775806\n",
			"99999999999999999999999 1\n", "4294967296 1\n",
			"4294967297 1\n", "42949672960001 10000\n"};
	unsigned nr;

	begin();
	write_text(proc_file, "0::/\n");
	for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++) {
		write_text(v2_file, large[i]);
		nr = limit();
		/* the third is 2 for one who counts, and nothing is right too */
		CHECK(nr == 0 || nr > 1000000 || (i == 2 && nr == 2));
	}
	unlink(v2_file);
	write_text(proc_file, "4:cpu:/\n");
	write_text(period_file, "1\n");
	for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++) {
		write_text(quota_file, large[i]);
		nr = limit();
		CHECK(nr == 0 || nr > 1000000);
	}
	end();
}

TEST(files_that_are_cut_anywhere_limit_no_more_than_whole_ones)
{
	static const char quota[] = "150000 100000\n",
			  proc[] = "7:cpu:/x\n0::/\n";

	begin();
	write_text(proc_file, proc);
	for (size_t nr = 0; nr < sizeof(quota); nr++) {
		write_bytes(v2_file, quota, nr);
		CHECK(limit() == 0 || limit() >= 2);
	}
	write_text(v2_file, quota);
	CHECK_EQ(limit(), 2);
	for (size_t nr = 0; nr < sizeof(proc); nr++) {
		write_bytes(proc_file, proc, nr);
		CHECK(limit() == 0 || limit() == 2);
	}
	end();
}

TEST(bytes_that_are_odd_anywhere_do_no_harm)
{
	static const char proc[] = "7:cpu:/x\n0::/\n";
	char text[9000];
	struct rng rng;

	rng_init(&rng, 1);
	begin();
	write_text(v2_file, "150000 100000\n");
	for (unsigned round = 0; round < 400 / TEST_SLOW; round++) {
		size_t nr = sizeof(proc) - 1;

		memcpy(text, proc, sizeof(proc));
		for (unsigned i = 1 + rng_below(&rng, 4); i; i--)
			text[rng_below(&rng, (unsigned)nr)] =
					(char)rng_below(&rng, 256);
		write_bytes(proc_file, text, nr);
		limit();
	}
	/* lines and paths that no buffer holds */
	memset(text, 'a', sizeof(text));
	for (size_t nr = 4000; nr < sizeof(text); nr += 61) {
		memcpy(text, "0::/", 4);
		write_bytes(proc_file, text, nr);
		CHECK(limit() == 0 || limit() == 2);
		memcpy(text, "9:cpu,", 6);
		text[nr / 2] = ':';
		write_bytes(proc_file, text, nr);
		limit();
		text[nr / 2] = 'a';
	}
	end();
}

TEST(the_quota_is_looked_up_once_a_second)
{
	uint64_t second;

	do {
		second = now_ns() / SECOND;
		os_cpus_usable();
		inject_reset();
		os_cpus_usable();
	} while (now_ns() / SECOND != second);
	CHECK_EQ(inject_calls(INJECT_fopen), 0);
	inject(INJECT_clock_gettime, 1, INJECT_EVER, INJECT_HOUR_AHEAD);
	os_cpus_usable();
	CHECK(inject_calls(INJECT_fopen) > 0);
}
