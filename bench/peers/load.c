/* SPDX-License-Identifier: MIT */
/*
 * Loads the peers' modules, which PEER_MODULES names, with a space after each.
 * They stay loaded: some of their threads may outlive their pools.
 */
#include "load.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

void peers_load(const struct bench_pool_ops **ret_pools)
{
	static char modules[] = PEER_MODULES;
	unsigned nr = 0;
	char *rest = NULL;

	for (char *path = strtok_r(modules, " ", &rest); path;
			path = strtok_r(NULL, " ", &rest)) {
		void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		const struct bench_pool_ops *const *pools =
				module ? dlsym(module, "peer_pools") : NULL;

		if (!pools)
			fprintf(stderr, "a peer is left out: %s\n", dlerror());
		while (pools && *pools && nr < PEERS_MAX)
			ret_pools[nr++] = *pools++;
	}
	ret_pools[nr] = NULL;
}
