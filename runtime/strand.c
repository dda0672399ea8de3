/* SPDX-License-Identifier: MIT */
#include "strand.h"
#include "pool.h"
#include <errno.h>

static void push(struct strand *strand, struct task *task)
{
	struct task *previous;

	/* relaxed: published by the link */
	atomic_store_explicit(&task->next, NULL, memory_order_relaxed);
	previous = atomic_exchange_explicit(
			&strand->tail, task, memory_order_acq_rel);
	/* [strand.R1] release; pairs with [strand.A1]: the task. */
	atomic_store_explicit(&previous->next, task, memory_order_release);
}

/* Runner: the next one, of which there is one. The one before is let go. */
static struct task *next(struct strand *strand)
{
	struct task *old = strand->head, *task;
	unsigned waits = 0;

	/* [strand.A1] acquire; pairs with [strand.R1]. */
	while (!(task = atomic_load_explicit(&old->next, memory_order_acquire)))
		os_step_aside(&waits);
	strand->head = task;
	if (old != &strand->stub)
		task_unref(old);
	return task;
}

/* Run the next task that has a ticket, or drop it. False: it was dropped, now or
 * before. */
static bool finish_next(struct strand *strand, enum rota_drop_reason reason)
{
	struct task *task;

	do {
		task = next(strand);
		if (!reason && task_claim(task, TASK_RUNNING))
			return task_finish(task);
		if (reason && task_claim(task, TASK_DROPPING)) {
			task_finish_drop(task, reason);
			return false;
		}
		/* relaxed: REFUSED is final, and its ticket is not owed; to look
		 * before the claim is too early, it may come between */
	} while (atomic_load_explicit(&task->state, memory_order_relaxed) ==
			TASK_REFUSED);
	return false;
}

static void finish_owed(struct strand *strand);

/* A job has ended the thread, the runner. This one is over, the others have nobody
 * else. */
static inline void runner_lost(struct strand **strand)
{
	if (*strand)
		finish_owed(*strand);
}

/* The same, of one that was counted late. */
static inline void late_runner_lost(struct strand **strand)
{
	if (!*strand)
		return;
	pool_count_late((*strand)->pool, 1);
	finish_owed(*strand);
}

/* Runner: one is over. The others that are owed, until none is. */
static void finish_owed(struct strand *strand)
{
	struct rota_pool *pool = strand->pool;

	/* [strand.R2] release; pairs with [strand.A2], also of this thread. */
	while (atomic_fetch_sub_explicit(
			       &strand->owed, 1, memory_order_acq_rel) > 1) {
		struct strand *running ON_LEAVE(late_runner_lost) = strand;
		bool discards = atomic_load_explicit(&pool->mood,
						memory_order_relaxed) &
				MOOD_DISCARDING;

		if (!finish_next(strand, discards ? ROTA_DROP_SHUTDOWN : 0))
			pool_count_as_dropped(pool, 1);
		running = NULL;
		pool_count_late(pool, 1);
	}
}

/* A ticket is taken. True: it was the first owed, and ret_has_run says what
 * became of its task. False: the task is the runner's. */
static bool take_ticket(struct strand *strand, enum rota_drop_reason reason,
		bool *ret_has_run)
{
	struct strand *running ON_LEAVE(runner_lost) = NULL;

	/* [strand.A2] acquire; pairs with [strand.R2]: `head`, and what the
	 * jobs before wrote. */
	if (atomic_fetch_add_explicit(&strand->owed, 1, memory_order_acq_rel))
		return false;
	running = strand;
	*ret_has_run = finish_next(strand, reason);
	running = NULL;
	finish_owed(strand);
	return true;
}

void strand_ticket(void *arg)
{
	struct strand *strand = arg;
	bool has_run;

	if (!take_ticket(strand, 0, &has_run))
		pool_count_late(strand->pool, -1);
	else if (!has_run)
		pool_count_as_dropped(strand->pool, 1);
}

void strand_drop(struct strand *strand, enum rota_drop_reason reason)
{
	bool has_run;

	if (take_ticket(strand, reason, &has_run))
		return;
	pool_count_late(strand->pool, -1);
	pool_count_as_dropped(strand->pool, -1);
}

static struct strand *strands_of(struct rota_pool *pool)
{
	size_t bytes = STRANDS * sizeof(struct strand);
	/* [strand.A3] acquire; pairs with [strand.R3]. */
	struct strand *strands = atomic_load_explicit(
			&pool->strands, memory_order_acquire);
	struct strand *mine;

	if (strands)
		return strands;
	mine = os_pages_map(bytes);
	if (!mine)
		return NULL;
	for (unsigned i = 0; i < STRANDS; i++) {
		mine[i].pool = pool;
		mine[i].head = &mine[i].stub;
		atomic_init(&mine[i].tail, &mine[i].stub);
	}
	/* [strand.R3] release; pairs with [strand.A3]: initialised strands. */
	if (atomic_compare_exchange_strong_explicit(&pool->strands, &strands,
			    mine, memory_order_acq_rel, memory_order_acquire))
		return mine;
	os_pages_unmap(mine, bytes);
	return strands;
}

void strands_free(struct rota_pool *pool)
{
	struct strand *strands = atomic_load_explicit(
			&pool->strands, memory_order_acquire);

	for (unsigned i = 0; strands && i < STRANDS; i++) {
		struct task *task = strands[i].head, *after;

		/* the last one taken, and refused ones behind it */
		for (; task; task = after) {
			after = atomic_load_explicit(
					&task->next, memory_order_acquire);
			if (task != &strands[i].stub)
				task_unref(task);
		}
	}
	if (strands)
		os_pages_unmap(strands, STRANDS * sizeof(*strands));
}

size_t strands_drop_all(struct rota_pool *pool, enum rota_drop_reason reason)
{
	/* relaxed: as below */
	struct strand *strands = atomic_load_explicit(
			&pool->strands, memory_order_relaxed);
	size_t nr = 0;

	for (unsigned i = 0; strands && i < STRANDS; i++) {
		struct task *task = strands[i].head;

		/* relaxed: nobody else is there */
		while ((task = atomic_load_explicit(
					&task->next, memory_order_relaxed))) {
			if (!task_claim(task, TASK_DROPPING))
				continue;
			task_finish_drop(task, reason);
			nr++;
		}
	}
	return nr;
}

static void leave_instead(struct rota_pool **pool)
{
	/* release: as [submit.R1] */
	atomic_fetch_add_explicit(
			&(*pool)->ran_inline, 1, memory_order_release);
	pool_help_leave(*pool);
}

/* A task was run by the ticket of a later one, and its own was refused: this
 * thread is the ticket. */
static int take_instead(struct strand *strand)
{
	struct rota_pool *pool ON_LEAVE(leave_instead) = strand->pool;

	pool_help_enter(pool);
	atomic_fetch_add_explicit(
			&pool->submitted_inline, 1, memory_order_relaxed);
	strand_ticket(strand);
	return 0;
}

int strand_submit(struct rota_pool *pool, uint64_t key, struct task *task)
{
	struct strand *strand = strands_of(pool);
	int error;

	if (!strand)
		return -ENOMEM;
	/* high bits of a product depend on all bits of the key */
	strand += key * 0x9e3779b97f4a7c15ull >> 58;
	task->is_keyed = true;
	/* the strand's reference: the caller keeps its own until it knows */
	atomic_fetch_add_explicit(&task->refs, 1, memory_order_relaxed);
	push(strand, task);
	error = rota_submit(pool, strand_ticket, strand);
	if (error && !task_claim(task, TASK_REFUSED))
		error = take_instead(strand); /* a later one's ticket ran it */
	if (!error)
		task_unref(task);
	return error;
}
