/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_ALL_LANES_H
#define TESTS_UNIT_ALL_LANES_H
/* The lanes and the chain of a pool that has no threads. */
#include <string.h>

#include "../../runtime/chain.h"
#include "../../runtime/lanes.h"
#include "../harness.h"

static struct lanes lanes;
static struct chain chain;

static void begin(unsigned nr_workers)
{
	memset(&lanes, 0, sizeof(lanes));
	CHECK_EQ(lanes_init(&lanes, nr_workers), 0);
	for (unsigned i = 0; i < nr_workers; i++)
		lanes_use_taker(&lanes, i, NULL);
	CHECK_EQ(chain_init(&chain, 0), 0);
}

static void end(void)
{
	lanes_fini(&lanes);
	chain_fini(&chain);
}

static void push(struct lane *lane, uintptr_t id)
{
	while (!lane_push_one(lane, NULL, (void *)id))
		CHECK(lanes_reopen(&lanes, lane) || lane_grow(lane));
}

#endif
