/* SPDX-License-Identifier: MIT */
/* Accesses: most are points, see xp.h. */
#include "xp_inside.h"
#include <string.h>

static uint64_t read_memory(const volatile void *word, size_t bytes)
{
	uint64_t value = 0;

	memcpy(&value, (const void *)(uintptr_t)word, bytes);
	return value;
}

static uint64_t load_now(const volatile void *word, size_t bytes,
		const char *what, const char *where)
{
	uint64_t value;

	if (xp_is_private(word))
		return read_memory(word, bytes);
	xp_check_alive(word, where);
	if (!xp_buffer_load(word, &value)) {
		xp_let_arrive(word);
		value = read_memory(word, bytes);
	}
	xp_note("load ", what, where, value);
	return value;
}

uint64_t xp_load(const volatile void *word, size_t bytes, const char *what,
		const char *where)
{
	if (!xp_is_private(word))
		xp_point();
	return load_now(word, bytes, what, where);
}

uint64_t xp_load_own(const volatile void *word, size_t bytes, const char *what,
		const char *where)
{
	if (xp_is_pending_elsewhere(word))
		xp_fail("two threads write %s in %s", what, where);
	return load_now(word, bytes, what, where);
}

uint64_t xp_peek(const volatile void *word, size_t bytes, const char *what,
		const char *where)
{
	(void)what;
	xp_check_alive(word, where);
	return read_memory(word, bytes);
}

static void store_now(volatile void *word, uint64_t value, size_t bytes,
		const char *what, const char *where)
{
	if (xp_is_private(word)) {
		memcpy((void *)(uintptr_t)word, &value, bytes);
		return;
	}
	xp_check_alive(word, where);
	xp_note("store", what, where, value);
	if (xp_options->model == XP_SC) {
		xp_write_memory(xp_current, word, value, bytes);
		return;
	}
	xp_buffer_store(word, value, bytes);
}

void xp_store(volatile void *word, uint64_t value, size_t bytes,
		const char *what, const char *where)
{
	if (xp_options->model == XP_SC && !xp_is_private(word))
		xp_point();
	store_now(word, value, bytes, what, where);
}

/* A locked instruction: drains, reads, writes. */
static uint64_t lock_word(volatile void *word, size_t bytes, const char *where)
{
	xp_point();
	xp_drain_now();
	xp_check_alive(word, where);
	xp_let_arrive(word);
	return read_memory(word, bytes);
}

uint64_t xp_rmw(volatile void *word, enum xp_rmw how, uint64_t operand,
		size_t bytes, const char *what, const char *where)
{
	uint64_t old = lock_word(word, bytes, where), value = operand;

	switch (how) {
	case XP_EXCHANGE:
		break;
	case XP_ADD:
		value = old + operand;
		break;
	case XP_SUB:
		value = old - operand;
		break;
	case XP_AND:
		value = old & operand;
		break;
	case XP_OR:
		value = old | operand;
		break;
	}
	xp_write_memory(xp_current, word, value, bytes);
	xp_note("rmw  ", what, where, value);
	return old;
}

uint64_t xp_add(volatile void *word, uint64_t step, size_t bytes,
		const char *what, const char *where)
{
	return xp_rmw(word, XP_ADD, step, bytes, what, where);
}

bool xp_cas(volatile void *word, void *expected, uint64_t desired, size_t bytes,
		const char *what, const char *where)
{
	uint64_t old = lock_word(word, bytes, where);

	if (memcmp(&old, expected, bytes) != 0) {
		memcpy(expected, &old, bytes);
		xp_note("cas lost", what, where, old);
		return false;
	}
	xp_write_memory(xp_current, word, desired, bytes);
	xp_note("cas  ", what, where, desired);
	return true;
}

void xp_fence(const char *where)
{
	if (xp_buffered())
		xp_note("fence", "", where, xp_buffered());
	xp_drain();
}

void xp_after_rmw(const char *where)
{
	if (xp_buffered())
		xp_fail("no RMW before the fence in %s", where);
}

uint64_t xp_count(volatile void *word, uint64_t step, size_t bytes,
		const char *what, const char *where)
{
	if (xp_options->counts)
		return xp_add(word, step, bytes, what, where);
	(void)step;	/* its value would only tell states apart */
	xp_drain_now(); /* it is a locked instruction nevertheless */
	xp_check_alive(word, where);
	return 0;
}

void xp_ignore(volatile void *word, uint64_t step, const char *what,
		const char *where)
{
	(void)step;
	(void)what;
	xp_check_alive(word, where);
}

void xp_advance(volatile void *word, uint64_t step, const char *what,
		const char *where)
{
	step += xp_load_own(word, sizeof(step), what, where);
	xp_store(word, step, sizeof(step), what, where);
}

void xp_add_alone(volatile void *word, uint64_t step, const char *what,
		const char *where)
{
	xp_check_alive(word, where);
	if (xp_options->counts) {
		xp_advance(word, step, what, where);
		return;
	}
	step += read_memory(word, sizeof(step));
	memcpy((void *)(uintptr_t)word, &step, sizeof(step));
}

/* One step, whatever its size: a reader that got half of it throws it away. */
void xp_copy(void *to, const void *from, size_t bytes)
{
	uint64_t *target = to;
	const uint64_t *source = from;

	if (!bytes)
		return;
	if (xp_is_shared(from) || xp_options->model == XP_SC)
		xp_point();
	for (size_t i = 0; i < bytes / sizeof(*target); i++) {
		uint64_t value =
				xp_is_shared(from)
						? load_now(&source[i],
								  sizeof(value),
								  "slot", "")
						: source[i];

		if (xp_is_shared(to))
			store_now(&target[i], value, sizeof(value), "slot", "");
		else
			target[i] = value;
	}
}

uint32_t xp_kernel_load(const volatile void *word)
{
	xp_let_arrive(word);
	return (uint32_t)read_memory(word, sizeof(uint32_t));
}
