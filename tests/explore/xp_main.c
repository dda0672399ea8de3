/* SPDX-License-Identifier: MIT */
#include "xp_main.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum outcome { GOOD, FAILED, CRASHED };

static enum outcome run(const struct xp_case *this_case, const char *replay)
{
	struct xp_options options = this_case->options;
	const char *bound = getenv("ROTA_XP_BOUND");
	bool is_good;

	if (bound && (unsigned)atoi(bound) > options.bound)
		options.bound = (unsigned)atoi(bound);
	if (replay)
		is_good = xp_replay(this_case->body, this_case->with, &options,
				replay);
	else
		is_good = xp_explore(
				this_case->body, this_case->with, &options);
	return is_good ? GOOD : FAILED;
}

/* What fails leaves the explored code in the middle of things. */
static enum outcome run_forked(const struct xp_case *this_case)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		enum outcome outcome = run(this_case, NULL);

		fflush(stdout);
		_exit(outcome);
	}
	if (child < 0 || waitpid(child, &status, 0) != child ||
			!WIFEXITED(status) || WEXITSTATUS(status) > FAILED)
		return CRASHED;
	return WEXITSTATUS(status);
}

static bool is_asked(const struct xp_case *this_case, const char *name)
{
	return !name || strcmp(this_case->name, name) == 0;
}

/* A crash would be no proof that the checks work. */
static int find_mutant(
		const struct xp_case *cases, unsigned nr, const char *name)
{
	for (unsigned i = 0; i < nr; i++) {
		if (!is_asked(&cases[i], name))
			continue;
		printf("# %s\n", cases[i].name);
		if (run_forked(&cases[i]) != FAILED)
			continue;
		printf("ok 1 - it is caught by %s\n1..1\n", cases[i].name);
		return 0;
	}
	printf("not ok 1 - no case catches it\n1..1\n");
	return 1;
}

static bool is_as_expected(const struct xp_case *this_case)
{
	return run_forked(this_case) == (this_case->must_fail ? FAILED : GOOD);
}

int xp_main(int argc, char **argv, const struct xp_case *cases, unsigned nr)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	unsigned nr_run = 0, nr_bad = 0;

	if (name && strcmp(name, "--mutant") == 0)
		return find_mutant(cases, nr, argc > 2 ? argv[2] : NULL);
	for (unsigned i = 0; i < nr; i++) {
		bool is_ok;

		if (!is_asked(&cases[i], name))
			continue;
		nr_run++;
		printf("# %s\n", cases[i].name);
		if (argc > 3 && strcmp(argv[2], "--replay") == 0)
			return run(&cases[i], argv[3]) != GOOD;
		is_ok = is_as_expected(&cases[i]);
		printf("%sok %u - %s\n", is_ok ? "" : "not ", nr_run,
				cases[i].name);
		nr_bad += !is_ok;
	}
	printf("1..%u\n# %u passed, %u failed\n", nr_run, nr_run - nr_bad,
			nr_bad);
	return nr_bad || !nr_run;
}
