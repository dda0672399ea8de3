/* SPDX-License-Identifier: MIT */
/*
 * The cases of both channels: with ROTA_TEST_CHANNEL=ring or =lanes, a pool
 * whose options leave the channel open gets that one; with =measured each pool
 * measures, and has a watchdog. Linked with --wrap=rota_pool_create.
 */
#include <stdlib.h>
#include <string.h>

#include "../runtime/rota.h"
#include "harness.h"

int __real_rota_pool_create(const struct rota_options *options,
		struct rota_pool **ret_pool);
int __wrap_rota_pool_create(const struct rota_options *options,
		struct rota_pool **ret_pool);

static enum rota_channel asked_for(void)
{
	const char *name = getenv("ROTA_TEST_CHANNEL");

	if (!name || !*name)
		return ROTA_CHANNEL_DEFAULT;
	if (!strcmp(name, "ring"))
		return ROTA_CHANNEL_RING;
	if (!strcmp(name, "measured"))
		return ROTA_CHANNEL_DEFAULT;
	CHECK(!strcmp(name, "lanes"));
	return ROTA_CHANNEL_LANES;
}

static bool is_measured(void)
{
	const char *name = getenv("ROTA_TEST_CHANNEL");

	return name && !strcmp(name, "measured");
}

int __wrap_rota_pool_create(
		const struct rota_options *options, struct rota_pool **ret_pool)
{
	struct rota_options copy = {0};

	if (options && options->size && options->size != sizeof(copy))
		return __real_rota_pool_create(options, ret_pool);
	if (options)
		copy = *options;
	if (!copy.channel)
		copy.channel = asked_for();
	if (is_measured()) {
		copy.size = sizeof(copy);
		copy.measure = 1;
		if (!copy.watchdog_ns)
			copy.watchdog_ns = 1000 * NS_PER_MS;
	} else if (!copy.channel) {
		return __real_rota_pool_create(options, ret_pool);
	}
	return __real_rota_pool_create(&copy, ret_pool);
}
