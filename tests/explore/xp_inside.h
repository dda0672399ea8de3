/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_XP_INSIDE_H
#define EXPLORE_XP_INSIDE_H
/* What the parts of the explorer know of each other. */
#include "xp.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

enum { THREADS_MAX = 8, STEPS_MAX = 8000, DEPTH_MAX = 16 };
enum { ARENA_BYTES = 1 << 20, STACK_BYTES = 64 * 1024, LOCAL_BYTES = 64 };

/* What the explored code can see of the explorer's memory, at the same address
 * in each process: a schedule means the same next time, though box.c hashes
 * addresses. */
struct xp_region {
	_Alignas(65536) unsigned char arena[ARENA_BYTES];
	unsigned char stacks[THREADS_MAX][STACK_BYTES];
	_Alignas(16) unsigned char locals[THREADS_MAX][LOCAL_BYTES];
};
#define xp_region ((struct xp_region *)0x10000000000)

/* xp_search.c */
extern unsigned xp_bound;	/* of the search that runs now */
extern unsigned xp_nr_spurious; /* in this execution */

/* xp_choices.c */
extern uint64_t xp_nr_choices; /* made in all executions */
/* Know none; and make these, if not NULL. */
void xp_choices_forget(const char *replay);
/* An execution begins, */
void xp_choices_begin(void);
/* or goes on from the last choice, and ends before this returns: true. */
bool xp_choices_go_on(void);
/* False: all were tried. */
bool xp_choices_next(void);
/* Which of them goes on? The first one, if it is no matter. */
unsigned xp_choose_thread(const uint8_t *threads, unsigned nr);
/* MODEL BOUND : choice.option, ...; all others took option 0. */
void xp_print_choices(FILE *file);

/* xp_record.c */
extern char xp_failure[300]; /* empty: none */
void xp_record_reset(void);
unsigned xp_record_length(void);
/* A step of the current thread, for the record; too many are a livelock. */
void xp_note(const char *verb, const char *what, const char *where,
		uint64_t value);
void xp_print_steps(bool all);
void xp_print_failure(void);
/* They are failures, in this process. */
void xp_catch_crashes(void);
/* The steps that a replay should make. */
void xp_expect(char **lines, unsigned nr);
/* A replay does something else. Ends it. */
__attribute__((noreturn, format(printf, 1, 2))) void xp_diverge(
		const char *format, ...);
const char *xp_divergence(void); /* empty: none */

/* What is of an execution, of the explorer itself: see xp_snapshots.c. */
#define XP_STATE __attribute__((section("xp_state")))

/* xp_snapshots.c */
/* Where an execution goes on that begins at this choice; NULL: nowhere. */
jmp_buf *xp_snapshot(unsigned choice);
void xp_snapshot_save(unsigned choice);
/* Returns when the execution ends. */
void xp_snapshot_resume(unsigned choice);

/* xp_states.c */
void xp_program_copy(void (*copy)(void *memory, size_t bytes));
void xp_program_keep(void);  /* its memory as it is now, */
void xp_program_reset(void); /* and so again */
/* Was this state explored with so many preemptions left? Now it will be. */
bool xp_state_is_old(unsigned left, uint64_t *ret_key);
void xp_states_forget(void);

static inline uint64_t xp_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return hash ^ (hash >> 29);
}

/* Of whole words; four at a time, as a multiplication takes long. */
static inline uint64_t xp_hash(uint64_t hash, const void *from, size_t bytes)
{
	uint64_t words[4], four[4] = {hash, 1, 2, 3};
	const unsigned char *at = from;

	for (; bytes >= sizeof(words); bytes -= sizeof(words)) {
		memcpy(words, at, sizeof(words));
		for (unsigned i = 0; i < 4; i++)
			four[i] = xp_mix(four[i], words[i]);
		at += sizeof(words);
	}
	for (; bytes >= sizeof(words[0]); bytes -= sizeof(words[0])) {
		memcpy(words, at, sizeof(words[0]));
		four[0] = xp_mix(four[0], words[0]);
		at += sizeof(words[0]);
	}
	return xp_mix(xp_mix(xp_mix(four[0], four[1]), four[2]), four[3]);
}

/* xp_random.c */
/* The draws of this execution. */
void xp_random_begin(uint64_t seed, uint64_t execution, unsigned depth);
unsigned xp_random_option(unsigned nr_options);
unsigned xp_random_thread(const uint8_t *threads, unsigned nr);

/* xp_threads.c */
extern unsigned xp_current;
void xp_threads_run(void (*body)(const void *with), const void *with);
__attribute__((noreturn)) void xp_thread_main(void);
/* Another thread may go on first. */
void xp_point(void);
/* Let others run; they go first as long as they change something. */
void xp_yield(void);
/* Until woken; the word is only compared by its address. */
void xp_sleep(const volatile void *word);
void xp_wake(const volatile void *word, unsigned nr_threads);
/* The current thread changed the memory. */
void xp_changed(unsigned thread);
void xp_finish(void) __attribute__((noreturn));
/* In use from here on; NULL: not begun, or done. */
const unsigned char *xp_stack_of(unsigned i);
unsigned xp_preemptions_left(void);
uint64_t xp_threads_hash(uint64_t hash);
void *xp_local(void); /* LOCAL_BYTES of the current thread */

/* xp_coroutines.c */
void xp_coroutine_reset(unsigned i); /* it begins anew when switched to */
void xp_coroutine_switch(unsigned from, unsigned to);
/* Returns when somebody calls the other. */
void xp_coroutines_run(unsigned first);
void xp_coroutines_resume(jmp_buf *at);
__attribute__((noreturn)) void xp_coroutines_leave(void);
/* On the stack of the current thread: nobody else's business. */
bool xp_is_private(const volatile void *address);

/* xp_buffers.c */
void xp_buffers_reset(void);
unsigned xp_buffered(void); /* stores of the current thread */
void xp_buffer_store(volatile void *word, uint64_t value, size_t bytes);
/* The youngest store of the current thread to word, if there is one. */
bool xp_buffer_load(const volatile void *word, uint64_t *ret_value);
/* Choose which pending stores of others arrive before an access to word. */
void xp_let_arrive(const volatile void *word);
void xp_write_memory(unsigned thread, volatile void *word, uint64_t value,
		size_t bytes);
/* The current thread's stores arrive, as a part of the step it makes. */
void xp_drain_now(void);
/* The buffer of the current thread is empty after this. */
void xp_drain(void);
/* A point, and then the same. */
void xp_system_call(void);
/* The current thread goes on from a point. */
void xp_left_point(void);
/* The buffers of all threads are emptied, but for what is no older than their
 * last point. */
void xp_drain_all(void);
uint64_t xp_buffers_hash(uint64_t hash);
/* Has another thread a store to word in its buffer? */
bool xp_is_pending_elsewhere(const volatile void *word);

/* xp_os.c */
/* A thread begins, with LOCAL_BYTES that are zero. */
void xp_os_begin(unsigned thread, void *local);
uint64_t xp_os_hash(uint64_t hash);

/* xp_memory.c */
/* The access of the kernel: a futex word. */
uint32_t xp_kernel_load(const volatile void *word);

/* xp_arena.c */
void xp_region_map(void);
void xp_arena_reset(void);
uint64_t xp_arena_hash(uint64_t hash);
void xp_arena_copy(void (*copy)(void *memory, size_t bytes));
bool xp_is_shared(const volatile void *address);
void xp_check_alive(const volatile void *word, const char *where);
void *xp_alloc(size_t bytes, size_t alignment, int fill);
void xp_free(void *memory, const char *where);

#endif
