/* SPDX-License-Identifier: MIT */
#include "xp_main.h"
#include "xp_saved.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum outcome { GOOD, FAILED, CRASHED };

static struct {
	const char *program, *name, *save, *replay;
	uint64_t seed, schedules;
	bool is_mutant, is_list;
	enum xp_when when;
} asked;

static struct xp_options options_of(const struct xp_case *this_case)
{
	struct xp_options options = this_case->options;
	const char *bound = getenv("ROTA_XP_BOUND");

	if (bound && (unsigned)atoi(bound) > options.bound)
		options.bound = (unsigned)atoi(bound);
	if (options.schedules && asked.schedules)
		options.schedules = asked.schedules;
	options.seed = asked.seed;
	return options;
}

/* Only what nobody expected to fail is worth a file. */
static void name_file(const struct xp_case *this_case)
{
	static char name[200];

	xp_case_name = this_case->name;
	xp_save_to = asked.save;
	if (xp_save_to || asked.is_mutant || this_case->must_fail)
		return;
	snprintf(name, sizeof(name), "%s.%s.schedule", asked.program,
			this_case->name);
	xp_save_to = name;
}

/* What fails leaves the explored code in the middle of things. */
static enum outcome run_forked(const struct xp_case *this_case)
{
	int status;
	pid_t child;

	printf("# %s\n", this_case->name);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		struct xp_options options = options_of(this_case);
		bool is_good;

		name_file(this_case);
		is_good = xp_explore(
				this_case->body, this_case->with, &options);
		fflush(stdout);
		_exit(is_good ? GOOD : FAILED);
	}
	if (child < 0 || waitpid(child, &status, 0) != child ||
			!WIFEXITED(status) || WEXITSTATUS(status) > FAILED)
		return CRASHED;
	return WEXITSTATUS(status);
}

static bool is_asked(const struct xp_case *this_case)
{
	return asked.name ? strcmp(this_case->name, asked.name) == 0
			  : this_case->options.when == asked.when;
}

/* A crash would be no proof that the checks work. */
static int find_mutant(const struct xp_case *cases, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		if (!is_asked(&cases[i]) || run_forked(&cases[i]) != FAILED)
			continue;
		printf("ok 1 - it is caught by %s\n1..1\n", cases[i].name);
		return 0;
	}
	printf("not ok 1 - no case catches it\n1..1\n");
	return 1;
}

static int run_cases(const struct xp_case *cases, unsigned nr)
{
	unsigned nr_run = 0, nr_bad = 0;

	for (unsigned i = 0; i < nr; i++) {
		bool is_ok;

		if (!is_asked(&cases[i]))
			continue;
		is_ok = run_forked(&cases[i]) ==
			(cases[i].must_fail ? FAILED : GOOD);
		printf("%sok %u - %s\n", is_ok ? "" : "not ", ++nr_run,
				cases[i].name);
		nr_bad += !is_ok;
	}
	printf("1..%u\n# %u passed, %u failed\n", nr_run, nr_run - nr_bad,
			nr_bad);
	return nr_bad || !nr_run;
}

static const struct xp_case *find_case(
		const struct xp_case *cases, unsigned nr, const char *name)
{
	for (unsigned i = 0; i < nr; i++)
		if (name && strcmp(cases[i].name, name) == 0)
			return &cases[i];
	fprintf(stderr, "no case %s; --list shows them\n",
			name ? name : "given");
	exit(XP_DIVERGES);
}

static bool is_list_of_choices(const char *text)
{
	return (strncmp(text, "sc", 2) == 0 || strncmp(text, "tso", 3) == 0) &&
	       strchr(text, ':');
}

static int replay(const struct xp_case *cases, unsigned nr)
{
	const struct xp_case *this_case;
	struct xp_options options;
	struct xp_saved saved;

	if (is_list_of_choices(asked.replay)) {
		this_case = find_case(cases, nr, asked.name);
		options = options_of(this_case);
		return !xp_replay(this_case->body, this_case->with, &options,
				asked.replay);
	}
	if (!xp_saved_read(asked.replay, &saved)) {
		fprintf(stderr, "no schedule in %s\n", asked.replay);
		return XP_DIVERGES;
	}
	this_case = find_case(
			cases, nr, asked.name ? asked.name : saved.case_name);
	options = options_of(this_case);
	return xp_saved_replay(
			&saved, this_case->body, this_case->with, &options);
}

static void list(const struct xp_case *cases, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		puts(cases[i].name);
}

static void parse(int argc, char **argv)
{
	static const struct option known[] = {
			{"deep", no_argument, NULL, 'd'},
			{"exhaustive", no_argument, NULL, 'x'},
			{"list", no_argument, NULL, 'l'},
			{"mutant", no_argument, NULL, 'm'},
			{"replay", required_argument, NULL, 'r'},
			{"save", required_argument, NULL, 's'},
			{"schedules", required_argument, NULL, 'n'},
			{"seed", required_argument, NULL, 'e'},
			{0},
	};
	int option;

	asked.program = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1
					      : argv[0];
	asked.seed = 1;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (option) {
		case 'd':
			asked.when = XP_DEEP;
			break;
		case 'x':
			asked.when = XP_EXHAUSTIVE;
			break;
		case 'l':
			asked.is_list = true;
			break;
		case 'm':
			asked.is_mutant = true;
			break;
		case 'r':
			asked.replay = optarg;
			break;
		case 's':
			asked.save = optarg;
			break;
		case 'n':
			asked.schedules = strtoull(optarg, NULL, 0);
			break;
		case 'e':
			asked.seed = strtoull(optarg, NULL, 0);
			break;
		default: /* getopt has said what is wrong */
			fprintf(stderr,
					"usage: %s [--list] [--exhaustive | "
					"--deep] [--seed N] "
					"[--schedules N] [--save FILE | "
					"--replay FILE] [CASE]\n",
					argv[0]);
			exit(2);
		}
	asked.name = argv[optind];
}

int xp_run(int argc, char **argv, const struct xp_case *cases, unsigned nr)
{
	parse(argc, argv);
	if (asked.is_list) {
		list(cases, nr);
		return 0;
	}
	if (asked.replay)
		return replay(cases, nr);
	if (asked.name)
		find_case(cases, nr, asked.name);
	if (asked.is_mutant)
		return find_mutant(cases, nr);
	return run_cases(cases, nr);
}
