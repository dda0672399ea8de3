/* SPDX-License-Identifier: MIT */
/*
 * Finished jobs for an event loop. Each job has a slot from its submit until
 * its completion is reaped, so there is always room for a completion.
 *
 *	free	a stack of slots; submitters pop one by one, so its word has a
 *		version that each pop counts up: a stale pop fails (no ABA until
 *		2^32 pops pass within one)
 *	done	a stack that workers push to and the loop takes whole. A push
 *		onto a word that came back to the same value is right whatever
 *		happened between, so this one knows no ABA.
 *
 * No completion is left behind a silent descriptor:
 *
 *	worker				loop
 *	push (CAS)			clear the descriptor
 *	was empty? write		take all (RMW)
 *
 * `done` gets its first slot only by a push onto empty, and who pushed it
 * writes. What stands in `done` after that write was not cleared since, or else
 * the loop cleared before it took: then the take, which comes later, got it.
 * Pushes that find `done` not empty rely on the first one's write, which is
 * still to come or not yet cleared, by the same argument. At worst a write
 * follows a take that had the slot already, and the loop finds nothing once.
 * (That write and clear are ordered with push and take: the kernel locks the
 * counter for both.)
 */
#include "intrusive.h"
#include "sys/atomic.h"
#include "sys/event.h"
#include "sys/os.h"
#include <errno.h>
#include <limits.h>

/* A word has the first slot of a list, counted from 1, in its lower half. The
 * upper one: */
#define FIRST	    UINT32_MAX
#define ONE_WRITER  (1ull << 32) /* of done: who pushed onto empty and writes */
#define ONE_VERSION (1ull << 32) /* of free */

/* Field legend: see pool.h; J: who has the slot. */
struct slot {
	struct rota_work work;		   /* J: first */
	struct rota_completions *cq;	   /* I */
	rota_completion_fn run;		   /* J */
	void *arg;			   /* J */
	struct rota_completion completion; /* J */
	_Atomic uint32_t next;		   /* A: in a list, counted from 1 */
};

struct rota_completions {
	/* This page is zero in a forked child. */
	alignas(OS_PAGE_MAX) _Atomic uint32_t is_alive;
	alignas(OS_PAGE_MAX) size_t bytes;	  /* I: of this mapping */
	uint32_t nr_slots;			  /* I */
	int fd;					  /* I */
	alignas(CACHELINE) _Atomic uint64_t free; /* A */
	alignas(CACHELINE) _Atomic uint64_t done; /* A */
	/* of the loop: taken, oldest first, for the next reap */
	alignas(CACHELINE) uint32_t ready_first;
	uint32_t ready_last;
	size_t nr_ready;
	struct slot slots[];
};

static bool is_ours(struct rota_completions *cq)
{
	/* relaxed: zeroed by the kernel before the child runs */
	return atomic_load_explicit(&cq->is_alive, memory_order_relaxed);
}

static struct slot *slot_at(struct rota_completions *cq, uint32_t place)
{
	return &cq->slots[place - 1];
}

static uint32_t place_of(struct slot *slot)
{
	return (uint32_t)(slot - slot->cq->slots) + 1;
}

/* relaxed: ordered by the word of the list */
static uint32_t next_of(struct slot *slot)
{
	return atomic_load_explicit(&slot->next, memory_order_relaxed);
}

static void set_next(struct slot *slot, uint32_t place)
{
	atomic_store_explicit(&slot->next, place, memory_order_relaxed);
}

static struct slot *reserve(struct rota_completions *cq)
{
	uint64_t rest, word;
	struct slot *slot;

	/* [completions.A1] acquire; pairs with [completions.R1]. */
	word = atomic_load_explicit(&cq->free, memory_order_acquire);
	do {
		if (!(word & FIRST))
			return NULL;
		slot = slot_at(cq, (uint32_t)word);
		rest = ((word & ~(uint64_t)FIRST) + ONE_VERSION) |
		       next_of(slot);
		/* acquire: as above */
	} while (!atomic_compare_exchange_weak_explicit(&cq->free, &word, rest,
			memory_order_acquire, memory_order_acquire));
	return slot;
}

/* A list of slots, whose last one this is, becomes free. */
static void release(
		struct rota_completions *cq, uint32_t first, struct slot *last)
{
	/* relaxed: the CAS checks it */
	uint64_t word = atomic_load_explicit(&cq->free, memory_order_relaxed);

	do {
		set_next(last, (uint32_t)word);
		/* [completions.R1] release; pairs with [completions.A1]: who
		 * reserves a slot writes to it after it was read. */
	} while (!atomic_compare_exchange_weak_explicit(&cq->free, &word,
			(word & ~(uint64_t)FIRST) | first, memory_order_release,
			memory_order_relaxed));
}

/* The job has its outcome. The loop may have the slot at once, and the queue may
 * be gone unless this thread is a writer. */
static void complete(struct slot *slot)
{
	struct rota_completions *cq = slot->cq;
	uint64_t place = place_of(slot), word, with;

	if (!is_ours(cq))
		return; /* the job forked; the parent's copy will complete */
	/* relaxed: the CAS checks it */
	word = atomic_load_explicit(&cq->done, memory_order_relaxed);
	do {
		set_next(slot, (uint32_t)word);
		with = (word & ~(uint64_t)FIRST) | place;
		if (!(word & FIRST))
			with += ONE_WRITER;
		/* [completions.R2] release; pairs with [completions.A2]: the
		 * outcome, and what the job did. */
	} while (!atomic_compare_exchange_weak_explicit(&cq->done, &word, with,
			memory_order_release, memory_order_relaxed));
	if (word & FIRST)
		return;
	os_event_write(cq->fd);
	/* [completions.R3] release; pairs with [completions.A3]: the write is
	 * over before the descriptor is closed. */
	atomic_fetch_sub_explicit(&cq->done, ONE_WRITER, memory_order_release);
}

static void complete_at(struct slot **slot)
{
	complete(*slot);
}

/* Complete, too, if the job ends its thread: the result is 0 then. */
static void slot_run(struct rota_work *work)
{
	struct slot *slot ON_LEAVE(complete_at) = (struct slot *)work;

	slot->completion.result = slot->run(slot->arg);
}

static void slot_drop(struct rota_work *work, enum rota_drop_reason reason)
{
	struct slot *slot = (struct slot *)work;

	slot->completion.dropped = (int)reason;
	complete(slot);
}

int rota_completions_create(unsigned capacity, struct rota_completions **ret_cq)
{
	size_t bytes = sizeof(struct rota_completions) +
		       (size_t)capacity * sizeof(struct slot);
	struct rota_completions *cq;
	int error;

	if (!ret_cq || !capacity || capacity > ROTA_MAX_CAPACITY)
		return -EINVAL;
	cq = os_pages_map(bytes);
	if (!cq)
		return -ENOMEM;
	error = os_pages_wipe_on_fork(cq, OS_PAGE_MAX);
	if (!error)
		error = os_event_create(&cq->fd);
	if (error) {
		os_pages_unmap(cq, bytes);
		return error;
	}
	cq->bytes = bytes;
	cq->nr_slots = capacity;
	for (uint32_t place = 1; place <= capacity; place++) {
		slot_at(cq, place)->cq = cq;
		set_next(slot_at(cq, place), place < capacity ? place + 1 : 0);
	}
	atomic_init(&cq->free, 1);
	atomic_init(&cq->is_alive, 1);
	*ret_cq = cq;
	return 0;
}

int rota_completions_fd(struct rota_completions *cq)
{
	if (!cq)
		return -EINVAL;
	return is_ours(cq) ? cq->fd : -EOWNERDEAD;
}

int rota_completions_submit(struct rota_completions *cq, struct rota_pool *pool,
		rota_completion_fn run, void *arg, void *tag)
{
	struct slot *slot;
	int error;

	if (!cq || !pool || !run)
		return -EINVAL;
	if (!is_ours(cq))
		return -EOWNERDEAD;
	slot = reserve(cq);
	if (!slot)
		return -EAGAIN;
	slot->work = (struct rota_work){.run = slot_run, .drop = slot_drop};
	slot->run = run;
	slot->arg = arg;
	slot->completion = (struct rota_completion){.tag = tag};
	error = rota_submit_job(pool, &slot->work);
	if (error)
		release(cq, place_of(slot), slot);
	return error;
}

/* All that is done, to the end of what is ready; newest first turns round. */
static void collect(struct rota_completions *cq)
{
	/* [completions.A2] acquire; pairs with [completions.R2]. */
	uint32_t place = (uint32_t)atomic_fetch_and_explicit(
			&cq->done, ~(uint64_t)FIRST, memory_order_acquire);
	uint32_t newest = place, oldest = 0;

	while (place) {
		struct slot *slot = slot_at(cq, place);
		uint32_t older = next_of(slot);

		set_next(slot, oldest);
		oldest = place;
		place = older;
		cq->nr_ready++;
	}
	if (!newest)
		return;
	if (cq->ready_first)
		set_next(slot_at(cq, cq->ready_last), oldest);
	else
		cq->ready_first = oldest;
	cq->ready_last = newest;
}

int rota_completions_reap(struct rota_completions *cq,
		struct rota_completion *completions, size_t nr)
{
	struct slot *slot = NULL;
	bool is_cleared = false;
	uint32_t first;
	int reaped = 0;

	if (!cq || (nr && !completions))
		return -EINVAL;
	if (!is_ours(cq))
		return -EOWNERDEAD;
	if (nr > INT_MAX)
		nr = INT_MAX;
	if (cq->nr_ready <= nr) {
		os_event_clear(cq->fd);
		is_cleared = true;
		collect(cq);
	}
	first = cq->ready_first;
	while ((size_t)reaped < nr && cq->ready_first) {
		slot = slot_at(cq, cq->ready_first);
		completions[reaped++] = slot->completion;
		cq->ready_first = next_of(slot);
		cq->nr_ready--;
	}
	if (slot)
		release(cq, first, slot);
	/* what the array did not hold: come again */
	if (is_cleared && cq->nr_ready)
		os_event_write(cq->fd);
	return reaped;
}

int rota_completions_destroy(struct rota_completions *cq)
{
	unsigned waits = 0;
	uint32_t nr_free = 0, place;

	if (!cq)
		return 0;
	if (!is_ours(cq))
		return -EOWNERDEAD;
	/* acquire: as [completions.A1] */
	place = (uint32_t)atomic_load_explicit(&cq->free, memory_order_acquire);
	for (; place; place = next_of(slot_at(cq, place)))
		nr_free++;
	if (nr_free != cq->nr_slots)
		return -EBUSY;
	/* [completions.A3] acquire; pairs with [completions.R3]. Every slot is
	 * free, so only writers are left: each in one call of the kernel. */
	while (atomic_load_explicit(&cq->done, memory_order_acquire))
		os_step_aside(&waits);
	os_event_close(cq->fd);
	os_pages_unmap(cq, cq->bytes);
	return 0;
}
