/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_XP_THREADS_H
#define EXPLORE_XP_THREADS_H
#include "xp_inside.h"

enum thread_state {
	DONE,
	READY,
	YIELDED,  /* goes on when another thread changed something */
	ASLEEP,	  /* on the futex `word` */
	JOINING,  /* until thread `joined` is done */
	SETTLING, /* until nobody else can do anything */
};

struct thread {
	enum thread_state state;
	void *(*main)(void *);
	void *arg;
	const volatile void *word;
	uint64_t slept_since;
	unsigned joined;
	uint64_t nr_changes; /* made by this thread */
	/* Changes of others that it knew, for YIELDED: when it last lost the CPU
	 * or, without a bound, when it last came back from a yield. That is one
	 * more turn than it needs, and tells fewer states apart. */
	uint64_t seen;
	bool was_preempted;	    /* since it last yielded */
	const unsigned char *stack; /* in use from here; NULL: not begun */
	uint64_t registers[6];
};

extern struct thread xp_threads[THREADS_MAX];
extern unsigned xp_nr_threads, xp_nr_preemptions;
extern uint64_t xp_nr_changes;

static inline uint64_t changes_of_others(unsigned i)
{
	return xp_nr_changes - xp_threads[i].nr_changes;
}

#endif
