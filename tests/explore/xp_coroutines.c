/* SPDX-License-Identifier: MIT */
/*
 * Each coroutine has a stack for good and a loop on it that runs one thread per
 * execution. ucontext only enters the loop for the first time, everything else
 * is setjmp, without system calls.
 */
#include "xp_inside.h"
#include <setjmp.h>
#include <stdlib.h>
#include <ucontext.h>

static struct coroutine {
	bool exists;
	bool is_begun; /* in this execution: resume is valid */
	jmp_buf begin, resume;
	ucontext_t context;
} coroutines[THREADS_MAX];
static jmp_buf search;

static void loop(void)
{
	_setjmp(coroutines[xp_current].begin);
	xp_thread_main();
}

static void enter_loop(struct coroutine *coroutine)
{
	coroutine->exists = true;
	getcontext(&coroutine->context);
	coroutine->context.uc_stack.ss_sp = xp_region->stacks[xp_current];
	coroutine->context.uc_stack.ss_size = STACK_BYTES;
	coroutine->context.uc_link = NULL;
	makecontext(&coroutine->context, loop, 0);
	setcontext(&coroutine->context);
	abort();
}

static void go_on(struct coroutine *to)
{
	if (to->is_begun)
		_longjmp(to->resume, 1);
	to->is_begun = true;
	if (to->exists)
		_longjmp(to->begin, 1);
	enter_loop(to);
}

bool xp_is_private(const volatile void *address)
{
	return (uintptr_t)address - (uintptr_t)xp_region->stacks[xp_current] <
	       STACK_BYTES;
}

void xp_coroutine_reset(unsigned i)
{
	coroutines[i].is_begun = false;
}

void xp_coroutine_switch(unsigned from, unsigned to)
{
	if (!_setjmp(coroutines[from].resume))
		go_on(&coroutines[to]);
}

void xp_coroutines_run(unsigned first)
{
	if (!_setjmp(search))
		go_on(&coroutines[first]);
}

void xp_coroutines_leave(void)
{
	_longjmp(search, 1);
}
