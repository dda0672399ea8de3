/* SPDX-License-Identifier: MIT */
/* Depth first through the choices: the last one that has an untried option
 * left takes it, all before it are repeated. */
#include "xp_inside.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHOICES_MAX = 2 * STEPS_MAX, STEPS_SHOWN = 80 };

struct choice {
	uint8_t taken, nr_options;
};

struct step {
	const char *verb, *what, *where;
	uint64_t value;
	unsigned thread;
};

const struct xp_options *xp_options;
unsigned xp_bound;
unsigned xp_nr_spurious;
static struct choice choices[CHOICES_MAX];
static unsigned nr_choices;  /* known */
static unsigned nr_taken;    /* in this execution */
static const char *replayed; /* what is left of the choices to replay */
static struct step steps[STEPS_MAX];
static unsigned nr_steps;
static uint64_t nr_executions, nr_all_steps;
static char failure[300];

static uint8_t first_option(void)
{
	unsigned at, option;
	int length;

	if (!replayed ||
			sscanf(replayed, "%u.%u%n", &at, &option, &length) !=
					2 ||
			at != nr_choices)
		return 0;
	replayed += length;
	replayed += *replayed == ',';
	return (uint8_t)option;
}

unsigned xp_choose(unsigned nr_options)
{
	struct choice *choice = &choices[nr_taken];

	if (nr_options < 2)
		return 0;
	if (nr_taken == CHOICES_MAX)
		xp_fail("too many choices");
	if (nr_taken == nr_choices) {
		choice->taken = first_option();
		choice->nr_options = (uint8_t)nr_options;
		nr_choices++;
	}
	if (choice->nr_options != nr_options)
		xp_fail("the body is not deterministic");
	nr_taken++;
	return choice->taken;
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

void xp_note(const char *verb, const char *what, const char *where,
		uint64_t value)
{
	if (nr_steps == STEPS_MAX)
		xp_fail("livelock: %d steps", STEPS_MAX);
	steps[nr_steps++] = (struct step){verb, what, where, value, xp_current};
	if (xp_options->always)
		xp_options->always();
}

static void print_steps(unsigned from)
{
	for (unsigned i = from; i < nr_steps; i++)
		printf("#  %4u%*s T%u %s %s%s%s: %#llx\n", i,
				(int)(2 * steps[i].thread), "", steps[i].thread,
				steps[i].verb, steps[i].what,
				*steps[i].what ? " in " : "", steps[i].where,
				(unsigned long long)steps[i].value);
}

static void print_failure(void)
{
	const char *comma = "";

	printf("# failed at execution %llu, %s, bound %u: %s\n",
			(unsigned long long)nr_executions,
			xp_options->model == XP_TSO ? "TSO" : "SC", xp_bound,
			failure);
	printf("# --replay %s%u:", xp_options->model == XP_TSO ? "tso" : "sc",
			xp_bound);
	for (unsigned i = 0; i < nr_taken; i++) {
		if (!choices[i].taken)
			continue;
		printf("%s%u.%u", comma, i, choices[i].taken);
		comma = ",";
	}
	printf("\n");
	fflush(stdout);
}

void xp_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(failure, sizeof(failure), format, args);
	va_end(args);
	xp_coroutines_leave();
}

/* A crash of the explored code: say how to get there again. */
static void crashed(int signal_nr)
{
	snprintf(failure, sizeof(failure), "signal %d", signal_nr);
	print_failure();
	print_steps(nr_steps > STEPS_SHOWN ? nr_steps - STEPS_SHOWN : 0);
	fflush(stdout);
	_exit(3);
}

static void catch_crashes(void)
{
	static char stack[64 * 1024];
	stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {
			.sa_handler = crashed, .sa_flags = SA_ONSTACK};

	sigaltstack(&other, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGABRT, &action, NULL);
}

/* True if nothing failed. */
static bool execute(void (*body)(const void *with), const void *with)
{
	nr_taken = 0;
	nr_steps = 0;
	xp_nr_spurious = 0;
	nr_executions++;
	xp_arena_reset();
	xp_buffers_reset();
	xp_threads_run(body, with);
	nr_all_steps += nr_steps;
	return !failure[0];
}

bool xp_explore(void (*body)(const void *with), const void *with,
		const struct xp_options *options)
{
	struct timespec from, to;

	catch_crashes();
	xp_options = options;
	clock_gettime(CLOCK_MONOTONIC, &from);
	/* small bounds first: they find most, and the shortest schedule */
	for (xp_bound = 0; xp_bound <= options->bound; xp_bound++) {
		nr_choices = 0;
		do {
			if (!execute(body, with)) {
				print_failure();
				print_steps(nr_steps > STEPS_SHOWN
								? nr_steps - STEPS_SHOWN
								: 0);
				return false;
			}
			if (nr_executions == options->limit) {
				printf("# stopped, not all was explored\n");
				xp_bound = options->bound;
				break;
			}
		} while (next_choices());
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("# %s, bound %u: %llu executions of %llu steps, %.2f s\n",
			options->model == XP_TSO ? "TSO" : "SC", options->bound,
			(unsigned long long)nr_executions,
			(unsigned long long)(nr_all_steps / nr_executions),
			(double)(to.tv_sec - from.tv_sec) +
					(double)(to.tv_nsec - from.tv_nsec) *
							1e-9);
	return true;
}

bool xp_replay(void (*body)(const void *with), const void *with,
		const struct xp_options *options, const char *choices_made)
{
	struct xp_options once = *options;
	bool is_good;

	catch_crashes();
	once.model = choices_made[0] == 't' ? XP_TSO : XP_SC;
	xp_options = &once;
	choices_made += strcspn(choices_made, "0123456789");
	xp_bound = (unsigned)strtoul(choices_made, (char **)&choices_made, 10);
	replayed = choices_made + (*choices_made == ':');
	nr_choices = 0;
	is_good = execute(body, with);
	print_steps(0);
	if (!is_good)
		print_failure();
	return is_good;
}
