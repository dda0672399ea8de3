/* SPDX-License-Identifier: MIT */
#include "xp_saved.h"
#include "xp_inside.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rest of the next line if it begins with key. Never freed. */
static char *read_field(FILE *file, const char *key)
{
	char *line = NULL;
	size_t bytes = 0, length = strlen(key);

	if (getline(&line, &bytes, file) < 0 || strncmp(line, key, length) != 0)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return line + length;
}

bool xp_saved_read(const char *name, struct xp_saved *ret_saved)
{
	FILE *file = fopen(name, "r");
	struct xp_saved saved = {0};

	if (!file)
		return false;
	saved.case_name = read_field(file, "case ");
	saved.failure = read_field(file, "failure ");
	saved.choices = read_field(file, "schedule ");
	saved.steps = calloc(STEPS_MAX, sizeof(*saved.steps));
	while (saved.nr_steps < STEPS_MAX &&
			(saved.steps[saved.nr_steps] = read_field(file, "")))
		saved.nr_steps++;
	fclose(file);
	*ret_saved = saved;
	return saved.case_name && saved.failure && saved.choices;
}

enum xp_replayed xp_saved_replay(const struct xp_saved *saved,
		void (*body)(const void *with), const void *with,
		const struct xp_options *options)
{
	bool is_good;

	xp_expect(saved->steps, saved->nr_steps);
	is_good = xp_replay(body, with, options, saved->choices);
	if (*xp_divergence()) {
		printf("# diverges: %s\n", xp_divergence());
		return XP_DIVERGES;
	}
	if (is_good) {
		printf("# passes, recorded was: %s\n", saved->failure);
		return XP_PASSES;
	}
	if (strcmp(xp_failure, saved->failure) != 0) {
		printf("# diverges: recorded was: %s\n", saved->failure);
		return XP_DIVERGES;
	}
	printf("# fails as recorded\n");
	return XP_FAILS_AS_SAVED;
}
