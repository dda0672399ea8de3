/* SPDX-License-Identifier: MIT */
/* Who may run, and who runs next. */
#include "xp_threads.h"
#include <stdlib.h>
#include <string.h>

unsigned xp_current XP_STATE;
struct thread xp_threads[THREADS_MAX] XP_STATE;
unsigned xp_nr_threads XP_STATE, xp_nr_preemptions XP_STATE;
uint64_t xp_nr_changes XP_STATE;
static uint64_t nr_sleeps XP_STATE;
static bool is_calm XP_STATE;

void xp_changed(unsigned thread)
{
	xp_nr_changes++;
	xp_threads[thread].nr_changes++;
}

static void switch_to(unsigned i)
{
	unsigned from = xp_current;

	xp_current = i;
	if (xp_bound == XP_NO_BOUND && xp_threads[i].state == YIELDED)
		xp_threads[i].seen = changes_of_others(i);
	xp_threads[i].state = READY;
	if (i != from)
		xp_coroutine_switch(from, i);
}

static bool is_ready(unsigned i)
{
	struct thread *thread = &xp_threads[i];

	return thread->state == READY ||
	       (thread->state == YIELDED &&
			       changes_of_others(i) != thread->seen) ||
	       (thread->state == JOINING &&
			       xp_threads[thread->joined].state == DONE);
}

/* Who else could run, in turn from the current thread on. */
static unsigned list_ready(uint8_t *ret_list)
{
	unsigned nr = 0;

	for (unsigned i = 1; i <= xp_nr_threads; i++) {
		unsigned thread = (xp_current + i) % xp_nr_threads;

		if ((thread != xp_current ||
				    xp_threads[thread].state != READY) &&
				is_ready(thread))
			ret_list[nr++] = (uint8_t)thread;
	}
	return nr;
}

static unsigned list_state(uint8_t *ret_list, enum thread_state state)
{
	unsigned nr = 0;

	for (unsigned i = 1; i <= xp_nr_threads; i++)
		if (xp_threads[(xp_current + i) % xp_nr_threads].state == state)
			ret_list[nr++] = (uint8_t)((xp_current + i) %
						   xp_nr_threads);
	return nr;
}

/* Where the explored code of this thread is now. What the explorer itself does
 * from here on is no part of it. */
static inline __attribute__((always_inline)) void mark(void)
{
	struct thread *self = &xp_threads[xp_current];

	__asm__ volatile("mov %%rsp, %0\n\t"
			 "mov %%rbx, 0(%1)\n\t"
			 "mov %%rbp, 8(%1)\n\t"
			 "mov %%r12, 16(%1)\n\t"
			 "mov %%r13, 24(%1)\n\t"
			 "mov %%r14, 32(%1)\n\t"
			 "mov %%r15, 40(%1)"
			 : "=&r"(self->stack)
			 : "r"(self->registers)
			 : "memory");
}

static __attribute__((noinline)) void point(void)
{
	struct thread *self = &xp_threads[xp_current];
	uint8_t ready[THREADS_MAX + 1];
	unsigned option;

	if (is_calm) {
		if (xp_current && is_ready(0))
			switch_to(0);
		return;
	}
	if (xp_nr_preemptions == xp_bound)
		return;
	ready[0] = (uint8_t)xp_current;
	option = xp_choose_thread(ready, 1 + list_ready(ready + 1));
	if (!option)
		return;
	xp_nr_preemptions++;
	if (!self->was_preempted && xp_bound != XP_NO_BOUND) {
		self->was_preempted = true;
		self->seen = changes_of_others(xp_current);
	}
	switch_to(ready[option]);
}

void xp_point(void)
{
	mark();
	point();
	xp_left_point();
}

static __attribute__((noinline)) void leave_cpu(void)
{
	uint8_t ready[THREADS_MAX];
	unsigned nr = list_ready(ready);

	if (!nr && xp_options->at_rest && !list_state(ready, YIELDED))
		xp_options->at_rest();
	if (!nr)
		nr = list_state(ready, YIELDED);
	if (!nr)
		nr = list_state(ready, SETTLING);
	if (nr)
		switch_to(ready[is_calm ? 0 : xp_choose_thread(ready, nr)]);
	else if (list_state(ready, ASLEEP) + list_state(ready, JOINING))
		xp_fail("deadlock: nobody can go on");
	else
		xp_coroutines_leave();
}

/* The current thread cannot go on, or does not want to. */
static __attribute__((noinline)) void give_way(void)
{
	mark();
	leave_cpu();
}

void xp_yield(void)
{
	struct thread *self = &xp_threads[xp_current];

	if (!self->was_preempted && xp_bound != XP_NO_BOUND)
		self->seen = changes_of_others(xp_current);
	self->was_preempted = false;
	self->state = YIELDED;
	give_way();
}

void xp_sleep(const volatile void *word)
{
	xp_threads[xp_current].state = ASLEEP;
	xp_threads[xp_current].word = word;
	xp_threads[xp_current].slept_since = nr_sleeps++;
	give_way();
}

/* Wakes who sleeps longest, as the kernel does. */
void xp_wake(const volatile void *word, unsigned nr)
{
	while (nr--) {
		struct thread *first = NULL;

		for (unsigned i = 0; i < xp_nr_threads; i++)
			if (xp_threads[i].state == ASLEEP &&
					xp_threads[i].word == word &&
					(!first || xp_threads[i].slept_since <
									first->slept_since))
				first = &xp_threads[i];
		if (!first)
			return;
		first->state = READY;
	}
}

unsigned xp_start(void *(*thread_main)(void *), void *arg)
{
	if (xp_nr_threads == THREADS_MAX)
		xp_fail("too many xp_threads");
	xp_threads[xp_nr_threads] = (struct thread){
			.state = READY, .main = thread_main, .arg = arg};
	memset(xp_region->locals[xp_nr_threads], 0, LOCAL_BYTES);
	xp_os_begin(xp_nr_threads, xp_region->locals[xp_nr_threads]);
	xp_coroutine_reset(xp_nr_threads);
	return xp_nr_threads++;
}

void xp_join(unsigned thread)
{
	xp_drain();
	xp_threads[xp_current].state = JOINING;
	xp_threads[xp_current].joined = thread;
	if (xp_threads[thread].state == DONE)
		xp_threads[xp_current].state = READY;
	else
		give_way();
}

void xp_settle(void)
{
	xp_drain();
	xp_threads[xp_current].state = SETTLING;
	give_way();
}

void xp_calm(bool is_calm_now)
{
	is_calm = is_calm_now;
}

void xp_thread_main(void)
{
	struct thread *self = &xp_threads[xp_current];

	self->main(self->arg);
	xp_end_begins();
	xp_finish();
}

void xp_finish(void)
{
	xp_drain();
	xp_threads[xp_current].state = DONE;
	give_way();
	abort();
}

void *xp_local(void)
{
	return xp_region->locals[xp_current];
}

static void (*body_main)(const void *with);

static void *run_body(void *with)
{
	body_main(with);
	return NULL;
}

void xp_threads_run(void (*body)(const void *with), const void *with)
{
	xp_nr_threads = xp_nr_preemptions = 0;
	xp_nr_changes = nr_sleeps = 0;
	is_calm = false;
	body_main = body;
	xp_start(run_body, (void *)(uintptr_t)with);
	xp_current = 0;
	xp_coroutines_run(0);
}
