/* SPDX-License-Identifier: MIT */
/* Puts them into the table of pools, behind the sound ones. */
#include "selftest.h"

#include <stdbool.h>
#include <string.h>

const struct bench_pool_ops *__real_bench_pool_find(const char *name);
const struct bench_pool_ops *__wrap_bench_pool_find(const char *name);
void __wrap_bench_pools_load(void);

const struct bench_pool_ops *__wrap_bench_pool_find(const char *name)
{
	const struct bench_pool_ops *found = faulty_pool_find(name);

	for (unsigned i = 0; broken_pools[i] && !found; i++) {
		if (strcmp(broken_pools[i]->name, name) == 0)
			found = broken_pools[i];
	}
	if (found)
		return found;
	if (strncmp(name, "slower-", 7) == 0)
		return slower_pool_find(name);
	return __real_bench_pool_find(name);
}

/* In place of peers: for what goes through the whole table. */
void __wrap_bench_pools_load(void)
{
	unsigned nr = 0;

	while (bench_pools[nr])
		nr++;
	for (unsigned i = 0; broken_pools[i]; i++)
		bench_pools[nr++] = broken_pools[i];
}
