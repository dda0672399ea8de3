/* SPDX-License-Identifier: MIT */
/*
 * The state at each choice of the execution, so that the next one goes on from
 * the last choice and need not repeat what came before. It is copied from the
 * stack of a coroutine, and copied back from the stack of the search.
 */
#include "xp_inside.h"
#include <stdlib.h>

enum {
	SNAPSHOTS_MAX = 4096,
	BELOW = 2048, /* what the explorer uses of a stack that waits */
	BELOW_CURRENT = 512,
};

static struct snapshot {
	jmp_buf resume;
	size_t size, used;
	unsigned char *bytes;
} snapshots[SNAPSHOTS_MAX];
static struct snapshot *now;
static bool is_restoring;

extern unsigned char xp_statics[] __asm__("__start_xp_state");
extern unsigned char xp_statics_end[] __asm__("__stop_xp_state");

/* To the snapshot, or back from it. */
static void copy(void *memory, size_t bytes)
{
	if (now->used + bytes > now->size) {
		now->size = 2 * (now->used + bytes);
		now->bytes = realloc(now->bytes, now->size);
		if (!now->bytes)
			abort();
	}
	if (is_restoring)
		memcpy(memory, now->bytes + now->used, bytes);
	else
		memcpy(now->bytes + now->used, memory, bytes);
	now->used += bytes;
}

static void copy_stack(unsigned i, const unsigned char *from)
{
	unsigned char *base = xp_region->stacks[i];
	size_t at = from < base ? 0 : (size_t)(from - base);

	copy(base + at, STACK_BYTES - at);
}

static void copy_all(const unsigned char *current_stack)
{
	now->used = 0;
	copy(xp_statics, (size_t)(xp_statics_end - xp_statics));
	xp_arena_copy(copy);
	xp_program_copy(copy);
	copy(xp_region->locals, sizeof(xp_region->locals));
	copy(&current_stack, sizeof(current_stack));
	copy_stack(xp_current, current_stack);
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		const unsigned char *stack = xp_stack_of(i);

		if (stack && i != xp_current)
			copy_stack(i, stack - BELOW);
	}
}

jmp_buf *xp_snapshot(unsigned choice)
{
	return choice < SNAPSHOTS_MAX ? &snapshots[choice].resume : NULL;
}

__attribute__((noinline)) void xp_snapshot_save(unsigned choice)
{
	now = &snapshots[choice];
	is_restoring = false;
	copy_all((unsigned char *)__builtin_frame_address(0) - BELOW_CURRENT);
}

void xp_snapshot_resume(unsigned choice)
{
	now = &snapshots[choice];
	is_restoring = true;
	copy_all(NULL);
	xp_coroutines_resume(&now->resume);
}
