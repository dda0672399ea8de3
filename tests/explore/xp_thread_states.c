/* SPDX-License-Identifier: MIT */
/* What tells two states of the threads apart. */
#include "xp_threads.h"

/* Only the order of those that sleep matters. */
static unsigned sleepers_before(unsigned i)
{
	unsigned nr = 0;

	for (unsigned j = 0; j < xp_nr_threads; j++)
		nr += xp_threads[j].state == ASLEEP &&
		      xp_threads[j].slept_since < xp_threads[i].slept_since;
	return nr;
}

static uint64_t thread_hash(uint64_t hash, unsigned i)
{
	const struct thread *thread = &xp_threads[i];
	const unsigned char *end = xp_region->stacks[i] + STACK_BYTES;

	hash = xp_mix(hash, (unsigned)thread->state);
	if (thread->state == DONE)
		return hash;
	if (thread->state == ASLEEP)
		hash = xp_mix(xp_mix(hash, (uintptr_t)thread->word),
				sleepers_before(i));
	if (thread->state == JOINING)
		hash = xp_mix(hash, thread->joined);
	if (xp_bound == XP_NO_BOUND || thread->was_preempted ||
			thread->state == YIELDED)
		hash = xp_mix(hash,
				2u * thread->was_preempted +
						(changes_of_others(i) !=
								thread->seen));
	hash = xp_hash(hash, xp_region->locals[i], LOCAL_BYTES);
	if (!thread->stack)
		return xp_mix(xp_mix(hash, (uintptr_t)thread->main),
				(uintptr_t)thread->arg);
	hash = xp_hash(hash, thread->registers, sizeof(thread->registers));
	return xp_hash(hash, thread->stack, (size_t)(end - thread->stack));
}

const unsigned char *xp_stack_of(unsigned i)
{
	return i < xp_nr_threads && xp_threads[i].state != DONE
			       ? xp_threads[i].stack
			       : NULL;
}

uint64_t xp_threads_hash(uint64_t hash)
{
	for (unsigned i = 0; i < xp_nr_threads; i++)
		hash = thread_hash(hash, i);
	/* with a bound it matters who goes on for free */
	return xp_bound == XP_NO_BOUND ? hash : xp_mix(hash, xp_current);
}

unsigned xp_preemptions_left(void)
{
	return xp_bound == XP_NO_BOUND ? 0 : xp_bound - xp_nr_preemptions;
}
