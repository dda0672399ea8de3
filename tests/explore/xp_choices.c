/* SPDX-License-Identifier: MIT */
/* The choices of an execution: searched depth first, drawn or replayed. */
#include "xp_inside.h"

enum { CHOICES_MAX = 4 * STEPS_MAX };

struct choice {
	uint8_t taken, nr_options;
	uint64_t state; /* 0: not known */
};

uint64_t xp_nr_choices;
static struct choice choices[CHOICES_MAX];
static unsigned nr_choices;	   /* known */
static unsigned nr_taken XP_STATE; /* in this execution */
static const char *replayed;	   /* what is left of the choices to replay */

static bool is_random(void)
{
	return xp_options->schedules && !replayed;
}

static bool is_search(void)
{
	return !xp_options->schedules && !replayed;
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
		choice->taken = (uint8_t)first;
		choice->nr_options = (uint8_t)nr_options;
		nr_choices++;
		xp_nr_choices++;
		if (is_search() && xp_snapshot(nr_taken) &&
				!_setjmp(*xp_snapshot(nr_taken)))
			xp_snapshot_save(nr_taken);
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
	if (nr_taken == nr_choices && nr_taken < CHOICES_MAX)
		choices[nr_taken].state = 0;
	return take(nr_options, is_random() ? xp_random_option(nr_options) : 0);
}

static void leave_if_seen(void)
{
	uint64_t *key = &choices[nr_taken].state;

	if (!xp_state_is_old(xp_preemptions_left(), key))
		return;
	for (unsigned i = 0; i < nr_taken; i++)
		if (choices[i].state == *key)
			xp_fail("livelock: the same state again");
	xp_coroutines_leave();
}

unsigned xp_choose_thread(const uint8_t *threads, unsigned nr)
{
	if (nr < 2)
		return 0;
	if (nr_taken == nr_choices && nr_taken < CHOICES_MAX && is_search() &&
			!xp_options->forgets)
		leave_if_seen();
	return take(nr, is_random() ? xp_random_thread(threads, nr) : 0);
}

void xp_choices_forget(const char *replay)
{
	nr_choices = 0;
	replayed = replay;
}

void xp_choices_begin(void)
{
	nr_taken = 0;
}

bool xp_choices_go_on(void)
{
	if (!nr_choices || !is_search() || !xp_snapshot(nr_choices - 1))
		return false;
	xp_snapshot_resume(nr_choices - 1);
	return true;
}

bool xp_choices_next(void)
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
