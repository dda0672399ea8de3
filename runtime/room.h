/* SPDX-License-Identifier: MIT */
#ifndef ROTA_ROOM_H
#define ROTA_ROOM_H
/*
 * Submitters that wait for room in a bounded pool. A futex word counts
 * notifies in its upper bits; bit 0 says that one is on its way to a waiter
 * that has not looked yet, so that consumers do not wake one for each job.
 *
 *	submitter			worker
 *	waiters+1			pop (CAS)
 *	clear bit 0 (RMW), key = word	fence
 *	push: full?			waiters? then word+2, set bit 0
 *	sleep while word == key		(if it was clear), wake one
 *
 * A waiter sleeps only on a word whose bit 0 it saw clear, so a set bit
 * always belongs to somebody who is awake. Who leaves passes it on while
 * there is room.
 */
#include "sys/atomic.h"
#include <stdbool.h>
#include <stdint.h>

struct room {
	alignas(CACHELINE) _Atomic uint32_t word; /* A: a futex */
	_Atomic uint32_t nr_waiters;		  /* A */
	_Atomic uint64_t waits;			  /* A: sleeps, for stats */
};

void room_enter(struct room *room);
/* Before each attempt: the key for room_wait(). */
uint32_t room_prepare(struct room *room);
/* 0: try again; -ETIMEDOUT. */
int room_wait(struct room *room, uint32_t key, uint64_t deadline_ns);
/* has_room: somebody else may get it. */
void room_leave(struct room *room, bool has_room);

/* A job was taken out. */
static inline bool room_is_wanted(struct room *room)
{
	/* [room.F1] full fence; pairs with [room.F2]. Orders the pop before
	 * the look for waiters. Forbids: the submitter still finds the ring
	 * full and the worker sees no submitter. */
	fence_after_rmw();
	return atomic_load_explicit(&room->nr_waiters, memory_order_relaxed);
}
void room_notify(struct room *room);
void room_notify_all(struct room *room);

#endif
