/* SPDX-License-Identifier: MIT */
/* Who may run, and who runs next. */
#include "xp_inside.h"
#include <stdlib.h>
#include <string.h>

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
	uint64_t seen; /* changes of others that it knew when it last lost the
			  CPU; for YIELDED */
	bool was_preempted; /* since it last yielded */
};

unsigned xp_current;
static struct thread threads[THREADS_MAX];
static unsigned nr_threads, nr_preemptions;
static uint64_t nr_changes, nr_sleeps;
static bool is_calm;

static uint64_t changes_of_others(unsigned i)
{
	return nr_changes - threads[i].nr_changes;
}

void xp_changed(unsigned thread)
{
	nr_changes++;
	threads[thread].nr_changes++;
}

static void switch_to(unsigned i)
{
	unsigned from = xp_current;

	xp_current = i;
	threads[i].state = READY;
	if (i != from)
		xp_coroutine_switch(from, i);
}

static bool is_ready(unsigned i)
{
	struct thread *thread = &threads[i];

	return thread->state == READY ||
	       (thread->state == YIELDED &&
			       changes_of_others(i) != thread->seen) ||
	       (thread->state == JOINING &&
			       threads[thread->joined].state == DONE);
}

/* Who else could run, in turn from the current thread on. */
static unsigned list_ready(uint8_t *ret_list)
{
	unsigned nr = 0;

	for (unsigned i = 1; i <= nr_threads; i++) {
		unsigned thread = (xp_current + i) % nr_threads;

		if ((thread != xp_current || threads[thread].state != READY) &&
				is_ready(thread))
			ret_list[nr++] = (uint8_t)thread;
	}
	return nr;
}

static unsigned list_state(uint8_t *ret_list, enum thread_state state)
{
	unsigned nr = 0;

	for (unsigned i = 1; i <= nr_threads; i++)
		if (threads[(xp_current + i) % nr_threads].state == state)
			ret_list[nr++] = (uint8_t)((xp_current + i) %
						   nr_threads);
	return nr;
}

static void point(void)
{
	struct thread *self = &threads[xp_current];
	uint8_t ready[THREADS_MAX + 1];
	unsigned option;

	if (is_calm) {
		if (xp_current && is_ready(0))
			switch_to(0);
		return;
	}
	if (nr_preemptions == xp_bound)
		return;
	ready[0] = (uint8_t)xp_current;
	option = xp_choose_thread(ready, 1 + list_ready(ready + 1));
	if (!option)
		return;
	nr_preemptions++;
	if (!self->was_preempted) {
		self->was_preempted = true;
		self->seen = changes_of_others(xp_current);
	}
	switch_to(ready[option]);
}

void xp_point(void)
{
	point();
	xp_left_point();
}

/* The current thread cannot go on, or does not want to. */
static void give_way(void)
{
	uint8_t ready[THREADS_MAX];
	unsigned nr = list_ready(ready);

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

void xp_yield(void)
{
	struct thread *self = &threads[xp_current];

	if (!self->was_preempted)
		self->seen = changes_of_others(xp_current);
	self->was_preempted = false;
	self->state = YIELDED;
	give_way();
}

void xp_sleep(const volatile void *word)
{
	threads[xp_current].state = ASLEEP;
	threads[xp_current].word = word;
	threads[xp_current].slept_since = nr_sleeps++;
	give_way();
}

/* Wakes who sleeps longest, as the kernel does. */
void xp_wake(const volatile void *word, unsigned nr)
{
	while (nr--) {
		struct thread *first = NULL;

		for (unsigned i = 0; i < nr_threads; i++)
			if (threads[i].state == ASLEEP &&
					threads[i].word == word &&
					(!first || threads[i].slept_since <
									first->slept_since))
				first = &threads[i];
		if (!first)
			return;
		first->state = READY;
	}
}

unsigned xp_start(void *(*thread_main)(void *), void *arg)
{
	if (nr_threads == THREADS_MAX)
		xp_fail("too many threads");
	threads[nr_threads] = (struct thread){
			.state = READY, .main = thread_main, .arg = arg};
	memset(xp_region->locals[nr_threads], 0, LOCAL_BYTES);
	xp_os_begin(nr_threads, xp_region->locals[nr_threads]);
	xp_coroutine_reset(nr_threads);
	return nr_threads++;
}

void xp_join(unsigned thread)
{
	xp_drain();
	threads[xp_current].state = JOINING;
	threads[xp_current].joined = thread;
	if (threads[thread].state == DONE)
		threads[xp_current].state = READY;
	else
		give_way();
}

void xp_settle(void)
{
	xp_drain();
	threads[xp_current].state = SETTLING;
	give_way();
}

void xp_calm(bool is_calm_now)
{
	is_calm = is_calm_now;
}

void xp_thread_main(void)
{
	struct thread *self = &threads[xp_current];

	self->main(self->arg);
	xp_end_begins();
	xp_finish();
}

void xp_finish(void)
{
	xp_drain();
	threads[xp_current].state = DONE;
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
	nr_threads = nr_preemptions = 0;
	nr_changes = nr_sleeps = 0;
	is_calm = false;
	body_main = body;
	xp_start(run_body, (void *)(uintptr_t)with);
	xp_current = 0;
	xp_coroutines_run(0);
}
