/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_XP_H
#define EXPLORE_XP_H
/*
 * A deterministic interleaving explorer. Threads are coroutines in one OS
 * thread; each access to shared memory is a point where another thread may go
 * on. An execution is the list of choices made in it; the search runs the body
 * again and again until every list within the bound was tried.
 *
 *	xp_search.c	executions
 *	xp_choices.c	their choices
 *	xp_snapshots.c	where they part
 *	xp_states.c	states that were seen
 *	xp_random.c	executions that are drawn
 *	xp_record.c	steps, what is said and saved about a failure
 *	xp_saved.c	what was saved, once more
 *	xp_threads.c	who may run, who runs next
 *	xp_coroutines.c	switching
 *	xp_memory.c	accesses
 *	xp_buffers.c	store buffers
 *	xp_arena.c	what the explored code allocates
 *	xp_os.c		what runtime/sys/os.h promises, on these threads
 *
 * Bound: a switch away from a thread that could go on is a preemption; only so
 * many are tried in one execution. Switches away from a thread that sleeps,
 * waits or yields are free. So is the moment at which a buffered store reaches
 * the memory.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum xp_model {
	XP_SC,	/* a store is seen by all at once */
	XP_TSO, /* as on x86: stores wait in a FIFO buffer of their thread */
};

#define XP_NO_BOUND UINT32_MAX

enum xp_when { XP_ALWAYS, XP_EXHAUSTIVE, XP_DEEP }; /* which cases run */

struct xp_options {
	enum xp_model model;
	unsigned bound;	    /* preemptions */
	uint64_t schedules; /* not 0: so many executions, drawn at random */
	uint64_t seed;
	unsigned depth; /* of these, see xp_random.c; 0: 3 */
	bool forgets;	/* no states are kept: every execution */
	bool is_quiet;	/* says nothing */
	enum xp_when when;
	bool counts;	       /* statistics are part of the protocol here */
	bool discards;	       /* so is the pool's mood */
	bool is_noisy;	       /* this system has no heavy fence */
	bool can_time_out;     /* a wait with a deadline may end by it */
	unsigned spurious;     /* futex waits that end for no reason */
	uint64_t limit;	       /* executions; 0: none */
	void (*always)(void);  /* checked at each step; may be NULL */
	void (*at_rest)(void); /* when nobody can go on; may be NULL */
};

extern const struct xp_options *xp_options; /* of the search that runs now */
extern const char *xp_case_name;	    /* for the record */
extern const char *xp_save_to; /* the file for a failure; NULL: none */

/* Explore: true if no execution failed. Prints what it did as TAP comments. */
bool xp_explore(void (*body)(const void *with), const void *with,
		const struct xp_options *options);
/* What it did. */
uint64_t xp_nr_executions(void);
size_t xp_states_seen(void);
/* One execution, as a failure printed it, with all its steps. */
bool xp_replay(void (*body)(const void *with), const void *with,
		const struct xp_options *options, const char *choices);

/* Memory of the program that an execution begins with, and may change. */
void xp_program_memory(void *begin, void *end);

/* For bodies. Ends this execution and the search. */
__attribute__((noreturn, format(printf, 1, 2))) void xp_fail(
		const char *format, ...);
#define XP_CHECK(cond)                                                         \
	do {                                                                   \
		if (!(cond))                                                   \
			xp_fail("%s:%d: %s", __FILE__, __LINE__, #cond);       \
	} while (0)
/* 0 .. nr_options - 1, each of them in some execution. */
unsigned xp_choose(unsigned nr_options);
unsigned xp_start(void *(*thread_main)(void *), void *arg);
void xp_join(unsigned thread);
/* What is to happen at the end of this thread does; later it happens again. */
void xp_end_begins(void);
/* Wait until nobody else can do anything. */
void xp_settle(void);
/* Of what the explored code allocated, how much is not free? */
unsigned xp_nr_allocated(void);
/* While calm nobody is preempted, except for the first thread. */
void xp_calm(bool is_calm);

/* For the shims. `what` and `where` are for the printed steps. */
uint64_t xp_load(const volatile void *word, size_t bytes, const char *what,
		const char *where);
/* Of what no other thread writes: no point. */
uint64_t xp_peek(const volatile void *word, size_t bytes, const char *what,
		const char *where);
/* Of what only this thread writes, now: no point. */
uint64_t xp_load_own(const volatile void *word, size_t bytes, const char *what,
		const char *where);
void xp_store(volatile void *word, uint64_t value, size_t bytes,
		const char *what, const char *where);
enum xp_rmw { XP_EXCHANGE, XP_ADD, XP_SUB, XP_AND, XP_OR };
uint64_t xp_rmw(volatile void *word, enum xp_rmw how, uint64_t operand,
		size_t bytes, const char *what, const char *where);
uint64_t xp_add(volatile void *word, uint64_t step, size_t bytes,
		const char *what, const char *where);
bool xp_cas(volatile void *word, void *expected, uint64_t desired, size_t bytes,
		const char *what, const char *where);
void xp_fence(const char *where);
void xp_after_rmw(const char *where);
void xp_relax(void);
/* A counter that no protocol depends on: not a point, unless options.counts. */
void xp_add_alone(volatile void *word, uint64_t step, const char *what,
		const char *where);
/* One that nobody looks at here: it would only tell states apart. */
void xp_ignore(volatile void *word, uint64_t step, const char *what,
		const char *where);
/* What only this thread writes, and others wait for. */
void xp_advance(volatile void *word, uint64_t step, const char *what,
		const char *where);
uint64_t xp_count(volatile void *word, uint64_t step, size_t bytes,
		const char *what, const char *where);
void xp_copy(void *to, const void *from, size_t bytes);

#endif
