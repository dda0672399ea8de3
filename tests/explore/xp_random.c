/* SPDX-License-Identifier: MIT */
/*
 * Probabilistic concurrency testing: each thread has a random priority, the
 * first that can go on does, and at depth - 1 random moments the one that runs
 * falls behind all others. A bug that needs so many orderings is found with a
 * probability of at least 1 / (threads * length ^ (depth - 1)) in each
 * execution. Other choices are drawn, stores lazy in some executions and eager
 * in others.
 */
#include "xp_inside.h"

static uint64_t state;
static unsigned depth, length, at;
static unsigned priorities[THREADS_MAX], changes[DEPTH_MAX];
static unsigned eagerness; /* of 8 */

static uint64_t draw(uint64_t limit)
{
	/* splitmix64 */
	uint64_t z = (state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % limit;
}

void xp_random_begin(uint64_t seed, uint64_t execution, unsigned depth_now)
{
	static const unsigned of_8[] = {1, 4, 7};

	/* the choices of all executions so far: no execution is longer */
	if (at > length)
		length = at;
	at = 0;
	depth = depth_now;
	state = seed * 0xd1342543de82ef95u + execution;
	draw(1);
	for (unsigned i = 0; i < THREADS_MAX; i++)
		priorities[i] = depth + (unsigned)draw(1u << 24);
	for (unsigned i = 0; i + 1 < depth; i++)
		changes[i] = (unsigned)draw(length ? length : 100);
	eagerness = of_8[draw(3)];
}

unsigned xp_random_option(unsigned nr_options)
{
	if (draw(8) >= eagerness)
		return 0;
	return 1 + (unsigned)draw(nr_options - 1);
}

unsigned xp_random_thread(const uint8_t *threads, unsigned nr)
{
	unsigned first = 0;

	for (unsigned i = 0; i + 1 < depth; i++)
		if (changes[i] == at)
			priorities[xp_current] = i;
	at++;
	for (unsigned i = 1; i < nr; i++)
		if (priorities[threads[i]] > priorities[threads[first]])
			first = i;
	return first;
}
