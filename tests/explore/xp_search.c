/* SPDX-License-Identifier: MIT */
/* Depth first through the choices: the last one that has an untried option
 * left takes it, all before it are repeated. Or all are drawn, or repeated. */
#include "xp_inside.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHOICES_MAX = 4 * STEPS_MAX };

struct choice {
	uint8_t taken, nr_options;
};

const struct xp_options *xp_options;
unsigned xp_bound;
unsigned xp_nr_spurious;
const char *xp_case_name = "";
static struct choice choices[CHOICES_MAX];
static unsigned nr_choices;  /* known */
static unsigned nr_taken;    /* in this execution */
static const char *replayed; /* what is left of the choices to replay */
static uint64_t nr_executions, nr_all_steps, nr_all_choices;

static bool is_random(void)
{
	return xp_options->schedules && !replayed;
}

static unsigned replayed_option(unsigned nr_options)
{
	unsigned at, option;
	int length;

	if (sscanf(replayed, "%u.%u%n", &at, &option, &length) != 2 ||
			at != nr_choices)
		return 0;
	replayed += length;
	replayed += *replayed == ',';
	if (option >= nr_options)
		xp_diverge("choice %u has no option %u", at, option);
	return option;
}

/* first: the option to take if this choice is new. */
static unsigned take(unsigned nr_options, unsigned first)
{
	struct choice *choice = &choices[nr_taken];

	if (nr_taken == CHOICES_MAX)
		xp_fail("too many choices");
	if (nr_taken == nr_choices) {
		if (replayed)
			first = replayed_option(nr_options);
		*choice = (struct choice){(uint8_t)first, (uint8_t)nr_options};
		nr_choices++;
		nr_all_choices++;
	}
	if (choice->nr_options != nr_options)
		xp_fail("the body is not deterministic");
	nr_taken++;
	return choice->taken;
}

unsigned xp_choose(unsigned nr_options)
{
	if (nr_options < 2)
		return 0;
	return take(nr_options, is_random() ? xp_random_option(nr_options) : 0);
}

unsigned xp_choose_thread(const uint8_t *threads, unsigned nr)
{
	if (nr < 2)
		return 0;
	return take(nr, is_random() ? xp_random_thread(threads, nr) : 0);
}

/* False: all were tried. */
static bool next_choices(void)
{
	while (nr_choices) {
		struct choice *last = &choices[nr_choices - 1];

		if (++last->taken < last->nr_options)
			return true;
		nr_choices--;
	}
	return false;
}

static const char *model_name(void)
{
	return xp_options->model == XP_TSO ? "tso" : "sc";
}

static void print_bound(FILE *file, unsigned bound)
{
	if (bound == XP_NO_BOUND)
		fprintf(file, "*");
	else
		fprintf(file, "%u", bound);
}

void xp_print_choices(FILE *file)
{
	const char *comma = "";

	fprintf(file, "%s", model_name());
	print_bound(file, xp_bound);
	fprintf(file, ":");
	for (unsigned i = 0; i < nr_taken; i++) {
		if (!choices[i].taken)
			continue;
		fprintf(file, "%s%u.%u", comma, i, choices[i].taken);
		comma = ",";
	}
}

/* True if nothing failed. */
static bool execute(void (*body)(const void *with), const void *with)
{
	nr_taken = 0;
	xp_nr_spurious = 0;
	nr_executions++;
	xp_record_reset();
	xp_arena_reset();
	xp_buffers_reset();
	xp_threads_run(body, with);
	nr_all_steps += xp_record_length();
	return !xp_failure[0];
}

/* False: the limit is reached. */
static bool search(void (*body)(const void *with), const void *with)
{
	nr_choices = 0;
	do {
		if (!execute(body, with))
			return true;
		if (nr_executions == xp_options->limit)
			return false;
	} while (next_choices());
	return true;
}

/* Small bounds first: they find most, and the shortest schedule. */
static bool search_all(void (*body)(const void *with), const void *with)
{
	xp_bound = xp_options->bound == XP_NO_BOUND ? XP_NO_BOUND : 0;
	for (;;) {
		if (!search(body, with))
			return false;
		if (xp_failure[0] || xp_bound == xp_options->bound)
			return true;
		xp_bound++;
	}
}

static void draw_all(void (*body)(const void *with), const void *with)
{
	unsigned depth = xp_options->depth ? xp_options->depth : 3;

	xp_bound = XP_NO_BOUND;
	while (nr_executions < xp_options->schedules) {
		nr_choices = 0;
		xp_random_begin(xp_options->seed, nr_executions,
				1 + (unsigned)(nr_executions % depth));
		if (!execute(body, with))
			return;
	}
}

static void print_sums(bool is_all, double seconds)
{
	printf("# %s, ", xp_options->model == XP_TSO ? "TSO" : "SC");
	if (xp_options->schedules)
		printf("random, seed %llu",
				(unsigned long long)xp_options->seed);
	else if (xp_bound == XP_NO_BOUND)
		printf("no bound");
	else
		printf("bound %u", xp_bound);
	printf(": %llu executions of %llu steps, %llu choices, %.2f s%s\n",
			(unsigned long long)nr_executions,
			(unsigned long long)(nr_all_steps / nr_executions),
			(unsigned long long)nr_all_choices, seconds,
			is_all ? "" : ", STOPPED: not all was explored");
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

bool xp_explore(void (*body)(const void *with), const void *with,
		const struct xp_options *options)
{
	double from = now();
	bool is_all = true;

	xp_region_map();
	xp_catch_crashes();
	xp_options = options;
	if (options->schedules)
		draw_all(body, with);
	else
		is_all = search_all(body, with);
	if (xp_failure[0]) {
		printf("# at execution %llu\n",
				(unsigned long long)nr_executions);
		xp_print_steps(false);
		xp_print_failure();
	}
	print_sums(is_all, now() - from);
	return !xp_failure[0];
}

bool xp_replay(void (*body)(const void *with), const void *with,
		const struct xp_options *options, const char *choices_made)
{
	struct xp_options once = *options;
	bool is_good;

	xp_region_map();
	xp_catch_crashes();
	once.model = choices_made[0] == 't' ? XP_TSO : XP_SC;
	xp_options = &once;
	choices_made += strcspn(choices_made, "0123456789*");
	if (*choices_made == '*') {
		xp_bound = XP_NO_BOUND;
		choices_made++;
	} else {
		xp_bound = (unsigned)strtoul(
				choices_made, (char **)&choices_made, 10);
	}
	replayed = choices_made + (*choices_made == ':');
	nr_choices = 0;
	is_good = execute(body, with);
	xp_print_steps(true);
	if (!is_good)
		xp_print_failure();
	return is_good;
}
