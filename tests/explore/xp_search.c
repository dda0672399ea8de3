/* SPDX-License-Identifier: MIT */
/* Executions: all within the bound, or so many that are drawn, or one. */
#include "xp_inside.h"
#include <stdlib.h>
#include <time.h>

const struct xp_options *xp_options;
unsigned xp_bound;
unsigned xp_nr_spurious XP_STATE;
const char *xp_case_name = "";
static uint64_t nr_executions, nr_steps;

/* True if nothing failed. */
static bool execute(void (*body)(const void *with), const void *with)
{
	nr_executions++;
	if (!xp_choices_go_on()) {
		xp_choices_begin();
		xp_nr_spurious = 0;
		xp_record_reset();
		xp_program_reset();
		xp_arena_reset();
		xp_buffers_reset();
		xp_threads_run(body, with);
	}
	nr_steps += xp_record_length();
	return !xp_failure[0];
}

/* False: the limit is reached. */
static bool search(void (*body)(const void *with), const void *with)
{
	xp_choices_forget(NULL);
	do {
		if (!execute(body, with))
			return true;
		if (nr_executions == xp_options->limit)
			return false;
	} while (xp_choices_next());
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
		xp_choices_forget(NULL);
		xp_random_begin(xp_options->seed, nr_executions,
				1 + (unsigned)(nr_executions % depth));
		if (!execute(body, with))
			return;
	}
}

static void begin(const struct xp_options *options)
{
	xp_region_map();
	xp_catch_crashes();
	xp_options = options;
	xp_program_keep();
	xp_states_forget();
	nr_executions = nr_steps = xp_nr_choices = 0;
	xp_failure[0] = '\0';
}

uint64_t xp_nr_executions(void)
{
	return nr_executions;
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
	printf(": %llu executions of %llu steps, %llu choices, %zu states, "
	       "%.2f s of CPU%s\n",
			(unsigned long long)nr_executions,
			(unsigned long long)(nr_steps / nr_executions),
			(unsigned long long)xp_nr_choices, xp_states_seen(),
			seconds,
			is_all ? "" : ", STOPPED: not all was explored");
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

bool xp_explore(void (*body)(const void *with), const void *with,
		const struct xp_options *options)
{
	double from = now();
	bool is_all = true;

	begin(options);
	if (options->schedules)
		draw_all(body, with);
	else
		is_all = search_all(body, with);
	if (options->is_quiet)
		return !xp_failure[0];
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

	once.model = choices_made[0] == 't' ? XP_TSO : XP_SC;
	begin(&once);
	choices_made += strcspn(choices_made, "0123456789*");
	if (*choices_made == '*') {
		xp_bound = XP_NO_BOUND;
		choices_made++;
	} else {
		xp_bound = (unsigned)strtoul(
				choices_made, (char **)&choices_made, 10);
	}
	xp_choices_forget(choices_made + (*choices_made == ':'));
	is_good = execute(body, with);
	xp_print_steps(true);
	if (!is_good)
		xp_print_failure();
	return is_good;
}
