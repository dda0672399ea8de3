/* SPDX-License-Identifier: MIT */
/* The steps of an execution: printed, saved when one fails, and compared with
 * what was saved when it is replayed. */
#include "xp_inside.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEPS_SHOWN = 80, LINE_BYTES = 400 };

struct step {
	const char *verb, *what, *where;
	uint64_t value;
	unsigned thread;
};

char xp_failure[300];
const char *xp_save_to;
static struct step steps[STEPS_MAX];
static unsigned nr_steps XP_STATE;
static char **expected; /* lines of the saved execution; NULL: none */
static unsigned nr_expected;
static char divergence[3 * LINE_BYTES];

void xp_record_reset(void)
{
	nr_steps = 0;
}

unsigned xp_record_length(void)
{
	return nr_steps;
}

/* Without the value: what a source was compiled to moves addresses. */
static void describe(const struct step *step, char *ret_line)
{
	snprintf(ret_line, LINE_BYTES, "T%u %s %s%s%s", step->thread,
			step->verb, step->what, *step->what ? " in " : "",
			step->where);
}

void xp_diverge(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(divergence, sizeof(divergence), format, args);
	va_end(args);
	xp_coroutines_leave();
}

static void compare(const struct step *step)
{
	char line[LINE_BYTES];
	size_t length;

	if (!expected)
		return;
	if (nr_steps == nr_expected)
		xp_diverge("it goes on after step %u, the recorded one failed",
				nr_steps);
	describe(step, line);
	length = strlen(line);
	if (strncmp(expected[nr_steps], line, length) != 0 ||
			expected[nr_steps][length] != ':')
		xp_diverge("step %u is %s, recorded was %s", nr_steps, line,
				expected[nr_steps]);
}

void xp_note(const char *verb, const char *what, const char *where,
		uint64_t value)
{
	struct step step = {verb, what, where, value, xp_current};

	if (nr_steps == STEPS_MAX)
		xp_fail("livelock: %d steps", STEPS_MAX);
	compare(&step);
	steps[nr_steps++] = step;
	if (xp_options->always)
		xp_options->always();
}

static void print_step(FILE *file, unsigned i)
{
	char line[LINE_BYTES];

	describe(&steps[i], line);
	fprintf(file, "%s: %#llx\n", line, (unsigned long long)steps[i].value);
}

void xp_print_steps(bool all)
{
	unsigned from = all || nr_steps < STEPS_SHOWN ? 0
						      : nr_steps - STEPS_SHOWN;

	for (unsigned i = from; i < nr_steps; i++) {
		printf("#  %4u%*s ", i, (int)(2 * steps[i].thread), "");
		print_step(stdout, i);
	}
	fflush(stdout);
}

static void save(void)
{
	FILE *file = fopen(xp_save_to, "w");

	if (!file) {
		printf("# cannot write %s\n", xp_save_to);
		return;
	}
	fprintf(file, "case %s\nfailure %s\nschedule ", xp_case_name,
			xp_failure);
	xp_print_choices(file);
	fprintf(file, "\n");
	for (unsigned i = 0; i < nr_steps; i++)
		print_step(file, i);
	fclose(file);
	printf("# saved: --replay %s\n", xp_save_to);
}

void xp_print_failure(void)
{
	printf("# failed: %s\n# --replay ", xp_failure);
	xp_print_choices(stdout);
	printf("\n");
	if (xp_save_to)
		save();
	fflush(stdout);
}

void xp_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(xp_failure, sizeof(xp_failure), format, args);
	va_end(args);
	xp_coroutines_leave();
}

/* A crash of the explored code: say how to get there again. */
static void crashed(int signal_nr)
{
	snprintf(xp_failure, sizeof(xp_failure), "signal %d", signal_nr);
	xp_print_steps(false);
	xp_print_failure();
	_exit(3);
}

void xp_catch_crashes(void)
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

void xp_expect(char **lines, unsigned nr)
{
	expected = lines;
	nr_expected = nr;
}

const char *xp_divergence(void)
{
	return divergence;
}
