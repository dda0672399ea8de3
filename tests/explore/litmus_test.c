/* SPDX-License-Identifier: MIT */
/* Does the explorer find what it should, and nothing else? A case with
 * must_fail asks for an outcome that the model allows. */
#include "sys/os.h"
#include "xp_main.h"

enum sb_fence { NO_FENCE, FENCE_ONE, FENCE_BOTH };

static _Atomic uint32_t x, y;
static uint32_t read_x, read_y;

static void reset(void)
{
	atomic_init(&x, 0);
	atomic_init(&y, 0);
}

/* Store buffering: x = 1, read y | y = 1, read x. */
static void *sb_other(void *with)
{
	atomic_store_explicit(&y, 1, memory_order_release);
	if (*(const enum sb_fence *)with == FENCE_BOTH)
		fence_full();
	read_x = atomic_load_explicit(&x, memory_order_acquire);
	return NULL;
}

static void sb(const void *with)
{
	unsigned other;

	reset();
	other = xp_start(sb_other, (void *)(uintptr_t)with);
	atomic_store_explicit(&x, 1, memory_order_release);
	if (*(const enum sb_fence *)with >= FENCE_ONE)
		fence_full();
	read_y = atomic_load_explicit(&y, memory_order_acquire);
	xp_join(other);
	XP_CHECK(read_x || read_y);
}

/* Message passing: data, then flag. TSO keeps stores in order. */
static void *mp_other(void *with)
{
	(void)with;
	read_y = atomic_load_explicit(&y, memory_order_acquire);
	read_x = atomic_load_explicit(&x, memory_order_relaxed);
	return NULL;
}

static void mp(const void *with)
{
	unsigned other;

	reset();
	other = xp_start(mp_other, NULL);
	atomic_store_explicit(&x, 1, memory_order_relaxed);
	atomic_store_explicit(&y, 1, memory_order_release);
	xp_join(other);
	XP_CHECK(!read_y || read_x);
	/* each of the three other outcomes is reached */
	if (with)
		XP_CHECK(!(read_x == *(const uint32_t *)with / 2 &&
				read_y == *(const uint32_t *)with % 2));
}

/* Both write both in turn: a cycle of coherence, which a FIFO buffer forbids.
 * x = 1, y = 2 | y = 1, x = 2: x == 1 && y == 1 at the end. */
static void *two_other(void *with)
{
	(void)with;
	atomic_store_explicit(&y, 1, memory_order_release);
	atomic_store_explicit(&x, 2, memory_order_release);
	return NULL;
}

static void two_plus_two(const void *with)
{
	unsigned other;
	uint32_t last_x, last_y;

	reset();
	other = xp_start(two_other, NULL);
	atomic_store_explicit(&x, 1, memory_order_release);
	atomic_store_explicit(&y, 2, memory_order_release);
	fence_full();
	xp_join(other);
	last_x = atomic_load_explicit(&x, memory_order_relaxed);
	last_y = atomic_load_explicit(&y, memory_order_relaxed);
	XP_CHECK(!(last_x == 1 && last_y == 1));
	if (with) /* reached: the other one was faster with both */
		XP_CHECK(!(last_x == 1 && last_y == 2));
}

/* A sleeper and a waker; without the second look of the kernel it would hang. */
static void *wake_other(void *with)
{
	atomic_store_explicit(&x, 1, memory_order_release);
	if (!with)
		os_futex_wake(&x, 1);
	return NULL;
}

static void wake(const void *with)
{
	unsigned other;

	reset();
	other = xp_start(wake_other, (void *)(uintptr_t)with);
	while (!atomic_load_explicit(&x, memory_order_acquire))
		os_futex_wait(&x, 0, OS_NO_DEADLINE);
	xp_join(other);
}

static void wait_for_ever(const void *with)
{
	(void)with;
	reset();
	while (!atomic_load_explicit(&x, memory_order_acquire))
		os_yield();
}

/* Each change lets the other one go on, and none of them ends it. */
static void *change_for_ever(void *with)
{
	(void)with;
	for (;;) {
		atomic_store_explicit(&y, 1, memory_order_release);
		os_yield();
		atomic_store_explicit(&y, 0, memory_order_release);
		os_yield();
	}
	return NULL;
}

static void wait_beside_changes(const void *with)
{
	reset();
	xp_start(change_for_ever, (void *)(uintptr_t)with);
	wait_for_ever(with);
}

static const enum sb_fence none = NO_FENCE, one = FENCE_ONE, both = FENCE_BOTH;
static const uint32_t outcomes[] = {0, 2, 3};

#define CASE(name_, body_, with_, model_, must_fail_)                          \
	{                                                                      \
		.name = name_, .body = body_, .with = with_,                   \
		.options = {.model = model_, .bound = 4},                      \
		.must_fail = must_fail_,                                       \
	}

static const struct xp_case cases[] = {
		CASE("sb_sc", sb, &none, XP_SC, false),
		CASE("sb_tso", sb, &none, XP_TSO, true),
		CASE("sb_tso_one_fence", sb, &one, XP_TSO, true),
		CASE("sb_tso_fences", sb, &both, XP_TSO, false),
		CASE("mp_sc", mp, NULL, XP_SC, false),
		CASE("mp_tso", mp, NULL, XP_TSO, false),
		CASE("mp_tso_reads_0_0", mp, &outcomes[0], XP_TSO, true),
		CASE("mp_tso_reads_1_0", mp, &outcomes[1], XP_TSO, true),
		CASE("mp_tso_reads_1_1", mp, &outcomes[2], XP_TSO, true),
		CASE("2+2w_sc", two_plus_two, NULL, XP_SC, false),
		CASE("2+2w_tso", two_plus_two, NULL, XP_TSO, false),
		CASE("2+2w_tso_reached", two_plus_two, &both, XP_TSO, true),
		CASE("wake_tso", wake, NULL, XP_TSO, false),
		CASE("wake_forgotten", wake, &both, XP_TSO, true),
		CASE("livelock", wait_for_ever, NULL, XP_TSO, true),
		CASE("livelock_of_two", wait_beside_changes, NULL, XP_TSO,
				true),
};

int main(int argc, char **argv)
{
	return xp_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
