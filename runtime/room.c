/* SPDX-License-Identifier: MIT */
#include "room.h"
#include "sys/os.h"

enum { ON_ITS_WAY = 1, ONE_NOTIFY = 2 };

void room_enter(struct room *room)
{
	/* relaxed: ordered by the RMW of room_prepare(), [room.F2] */
	atomic_fetch_add_explicit(&room->nr_waiters, 1, memory_order_relaxed);
}

uint32_t room_prepare(struct room *room)
{
	uint32_t key = atomic_fetch_and_explicit(&room->word,
			~(uint32_t)ON_ITS_WAY, memory_order_acq_rel);

	/* [room.F2] full fence; pairs with [room.F1]. Orders nr_waiters before
	 * the attempt to push. */
	fence_after_rmw();
	return key & ~(uint32_t)ON_ITS_WAY;
}

int room_wait(struct room *room, uint32_t key, uint64_t deadline_ns)
{
	atomic_fetch_add_explicit(&room->waits, 1, memory_order_relaxed);
	return os_futex_wait(&room->word, key, deadline_ns);
}

void room_leave(struct room *room, bool has_room)
{
	/* the notify that we may have got ends here; another may follow */
	room_prepare(room);
	if (atomic_fetch_sub_explicit(
			    &room->nr_waiters, 1, memory_order_acq_rel) > 1 &&
			has_room)
		room_notify(room);
}

void room_notify(struct room *room)
{
	/* relaxed: only a hint, the CAS decides */
	uint32_t word = atomic_load_explicit(&room->word, memory_order_relaxed);

	do {
		if (word & ON_ITS_WAY)
			return;
		/* acq_rel: who sees the bit and clears it, [room.F2], sees
		 * the pop */
	} while (!atomic_compare_exchange_weak_explicit(&room->word, &word,
			(word + ONE_NOTIFY) | ON_ITS_WAY, memory_order_acq_rel,
			memory_order_relaxed));
	os_futex_wake(&room->word, 1);
}

void room_notify_all(struct room *room)
{
	/* acq_rel: as in room_notify(), for [pool.F3] */
	atomic_fetch_add_explicit(
			&room->word, ONE_NOTIFY, memory_order_acq_rel);
	os_futex_wake(&room->word, UINT32_MAX);
}
