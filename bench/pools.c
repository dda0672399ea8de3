/* SPDX-License-Identifier: MIT */
/*
 * Which pools has this build, and what does each say of itself? Prints JSON; a
 * peer whose library is not here is not in it.
 */
#include <stdio.h>

#include "pool.h"

static const char *const kinds[] = {
		[BENCH_ROTA] = "rota",
		[BENCH_BASELINE] = "baseline",
		[BENCH_PEER] = "peer",
		[BENCH_HARNESS] = "harness",
		[BENCH_BROKEN] = "broken",
};

/* None of the texts needs quotes of its own. */
static void print_text(const char *name, const char *text)
{
	if (text)
		printf(", \"%s\": \"%s\"", name, text);
	else
		printf(", \"%s\": null", name);
}

static void print_limits(unsigned limits)
{
	const char *comma = "";

	printf(", \"limits\": [");
	for (unsigned i = 0; bench_limits[i].name; i++) {
		if (!(limits & bench_limits[i].limit))
			continue;
		printf("%s\"%s\"", comma, bench_limits[i].name);
		comma = ", ";
	}
	putchar(']');
}

int main(void)
{
	bench_pools_load();
	printf("{\"pools\": [");
	for (unsigned i = 0; bench_pools[i]; i++) {
		const struct bench_pool_ops *ops = bench_pools[i];

		printf("%s\n{\"name\": \"%s\", \"kind\": \"%s\"", i ? "," : "",
				ops->name, kinds[ops->kind]);
		print_text("peer", ops->about.peer);
		printf(", \"is_default_config\": %s",
				ops->about.is_default ? "true" : "false");
		print_limits(ops->limits);
		print_text("order", ops->about.order);
		print_text("bound", ops->about.bound);
		print_text("note", ops->about.note);
		putchar('}');
	}
	puts("\n]}");
	return 0;
}
