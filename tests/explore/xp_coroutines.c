/* SPDX-License-Identifier: MIT */
/*
 * Each coroutine has a stack for good and a loop on it that runs one thread per
 * execution. ucontext only enters the loop for the first time, everything else
 * is setjmp, without system calls.
 */
#include "xp_inside.h"
#include <stdlib.h>
#include <ucontext.h>

static struct coroutine {
	bool exists;
	bool is_begun; /* in this execution: resume is valid */
	jmp_buf begin, resume;
} coroutines[THREADS_MAX] XP_STATE;
static jmp_buf search;

static void loop(void)
{
	_setjmp(coroutines[xp_current].begin);
	xp_thread_main();
}

static void enter_loop(struct coroutine *coroutine)
{
	ucontext_t context;

	coroutine->exists = true;
	getcontext(&context);
	context.uc_stack.ss_sp = xp_region->stacks[xp_current];
	context.uc_stack.ss_size = STACK_BYTES;
	context.uc_link = NULL;
	makecontext(&context, loop, 0);
	setcontext(&context);
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

void xp_coroutines_resume(jmp_buf *at)
{
	if (!_setjmp(search))
		_longjmp(*at, 1);
}

void xp_coroutines_leave(void)
{
	_longjmp(search, 1);
}
