/* SPDX-License-Identifier: MIT */
/*
 * What happens at points: mostly nothing, a yield, a spin, seldom a sleep. A
 * sixteenth of the points is in focus at a time, and delays there are many:
 * what needs two of them in a certain order comes sooner. With ROTA_POINT, a
 * file name or FILE:LINE, all delays are there.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "delays.h"

enum { FOCI = 16, RARE = 1024, OFTEN = 24 };

static atomic_uint focus;
static const char *_Atomic only; /* NULL: everywhere */
static _Thread_local struct rng rng;

void delays_only_in(const char *where)
{
	atomic_store(&only, where);
}

__attribute__((constructor)) static void read_environment(void)
{
	atomic_store(&only, getenv("ROTA_POINT"));
}

static bool is_at(const char *where, const char *file, int line)
{
	const char *name = strrchr(file, '/');
	size_t length = strcspn(where, ":");

	name = name ? name + 1 : file;
	return !strncmp(name, where, length) && !name[length] &&
	       (!where[length] || atoi(where + length + 1) == line);
}

static unsigned rarity(const char *file, int line)
{
	const char *where = atomic_load_explicit(&only, memory_order_relaxed);
	unsigned hash = (unsigned)((uintptr_t)file >> 3) + (unsigned)line;

	if (where)
		return is_at(where, file, line) ? 4 : 0;
	return hash % FOCI == atomic_load_explicit(&focus, memory_order_relaxed)
			       ? OFTEN
			       : RARE;
}

static void delay(void)
{
	unsigned kind = rng_below(&rng, 64);

	if (kind == 0)
		atomic_store_explicit(&focus, rng_below(&rng, FOCI),
				memory_order_relaxed);
	if (kind < 2)
		sleep_ns(rng_below(&rng, 50000));
	else if (kind < 48)
		sched_yield();
	else
		for (unsigned i = rng_below(&rng, 2000); i; i--)
			atomic_signal_fence(memory_order_seq_cst);
}

void point_passed(const char *file, int line);
void point_passed(const char *file, int line)
{
	unsigned one_in = rarity(file, line);
	int saved = errno;

	if (!rng.state)
		rng_init(&rng, (uintptr_t)&rng);
	if (one_in && !rng_below(&rng, one_in))
		delay();
	errno = saved;
}
