/* SPDX-License-Identifier: MIT */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H
/* Options of the form --name=NUMBER, and --pool=NAME, for the programs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

struct option {
	const char *name;
	uint64_t *number;
	uint64_t min;
	uint64_t max;
};

static inline _Noreturn void options_fail(const char *program, const char *text,
		const struct option *known)
{
	bench_pools_load();
	fprintf(stderr, "%s: bad option '%s'; known are --pool=", program,
			text);
	for (unsigned i = 0; bench_pools[i]; i++)
		fprintf(stderr, "%s%s", i ? "|" : "", bench_pools[i]->name);
	for (; known->name; known++)
		fprintf(stderr, " --%s=%" PRIu64 "..%" PRIu64, known->name,
				known->min, known->max);
	fputc('\n', stderr);
	exit(2);
}

/* 0 if the text is "--name=NUMBER" of this option and in its range. */
static inline int option_read(const struct option *option, const char *text)
{
	size_t length = strlen(option->name);
	uint64_t number;
	char *end;

	if (strncmp(text, "--", 2) != 0 ||
			strncmp(text + 2, option->name, length) != 0 ||
			text[2 + length] != '=')
		return -1;
	text += 2 + length + 1;
	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || number < option->min || number > option->max)
		return -1;
	*option->number = number;
	return 0;
}

/* Reads all options into *known (ended by a NULL name); returns the pool. */
static inline const struct bench_pool_ops *options_read(
		int argc, char **argv, const struct option *known)
{
	const struct bench_pool_ops *pool = bench_pools[0];

	for (int i = 1; i < argc; i++) {
		const struct option *option = known;

		if (strncmp(argv[i], "--pool=", 7) == 0) {
			pool = bench_pool_find(argv[i] + 7);
			if (!pool)
				options_fail(argv[0], argv[i], known);
			continue;
		}
		while (option->name && option_read(option, argv[i]))
			option++;
		if (!option->name)
			options_fail(argv[0], argv[i], known);
	}
	return pool;
}

/* The program's one answer for a pool that cannot do what it asks for. */
static inline _Noreturn void options_refuse(const char *program,
		const struct bench_pool_ops *pool, const char *why)
{
	printf("{\"program\": \"%s\", \"pool\": \"%s\", "
	       "\"not_applicable\": \"%s\"}\n",
			program, pool->name, why);
	exit(0);
}

static inline void options_need(const char *program,
		const struct bench_pool_ops *pool, unsigned needs)
{
	const char *why = bench_pool_lacks(pool, needs);

	if (why)
		options_refuse(program, pool, why);
}

#endif
