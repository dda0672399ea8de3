/* SPDX-License-Identifier: MIT */
#include "eventcount.h"
#include "sys/os.h"
#include "tune.h"

enum {
	FIELD_BITS = 9,
	FIELD_MASK = (1 << FIELD_BITS) - 1,
	PRE_SHIFT = 9,
	CLOSED_SHIFT = 18,
	NOISY_SHIFT = 19,
	SIG_SHIFT = 20,
	SRCH_SHIFT = 29,
	FENCED_SHIFT = 38,
	VER_SHIFT = 39,
};

#define PRE_ONE	   (1ull << PRE_SHIFT)
#define SIG_ONE	   (1ull << SIG_SHIFT)
#define SRCH_ONE   (1ull << SRCH_SHIFT)
#define FENCED	   (1ull << FENCED_SHIFT)
#define STACK_MASK (FIELD_MASK | ~0ull << VER_SHIFT) /* TOP and VER */

static_assert(FIELD_MASK == EC_MAX_WAITERS, "fields hold every worker");

static unsigned top_of(uint64_t word)
{
	return word & FIELD_MASK;
}

static unsigned pre_of(uint64_t word)
{
	return word >> PRE_SHIFT & FIELD_MASK;
}

static unsigned sig_of(uint64_t word)
{
	return word >> SIG_SHIFT & FIELD_MASK;
}

static unsigned srch_of(uint64_t word)
{
	return word >> SRCH_SHIFT & FIELD_MASK;
}

static bool swap(struct eventcount *ec, uint64_t *word, uint64_t to)
{
	if (!top_of(to) && !pre_of(to))
		to &= ~FENCED; /* from now on submitters see no worker */
	/* [ec.R1] release; pairs with [ec.A1]: who pops a worker reads the
	 * `next` that it stored before it pushed itself. */
	return atomic_compare_exchange_weak_explicit(&ec->word, word, to,
			memory_order_acq_rel, memory_order_acquire);
}

static uint64_t load(struct eventcount *ec)
{
	/* [ec.A1] acquire; pairs with [ec.R1]. */
	return atomic_load_explicit(&ec->word, memory_order_acquire);
}

/* After an RMW of the word: see fence_light(). */
static void heavy_fence(uint64_t word)
{
	if (word & 1ull << NOISY_SHIFT)
		fence_after_rmw();
	else
		os_heavy_fence();
}

void ec_heavy_fence(struct eventcount *ec)
{
	/* relaxed: NOISY never changes */
	if (atomic_load_explicit(&ec->word, memory_order_relaxed) &
			1ull << NOISY_SHIFT)
		fence_full();
	else
		os_heavy_fence();
}

void ec_init(struct eventcount *ec, struct ec_waiter *waiters, unsigned nr,
		bool has_heavy_fence)
{
	atomic_init(&ec->word, has_heavy_fence ? 0 : 1ull << NOISY_SHIFT);
	ec->waiters = waiters;
	ec->nr_waiters = nr;
}

unsigned ec_parked(struct eventcount *ec)
{
	unsigned parked = 0;

	for (unsigned i = 0; i < ec->nr_waiters; i++)
		parked += atomic_load_explicit(&ec->waiters[i].park,
					  memory_order_relaxed) ==
			  PARK_SLEEPING;
	return parked;
}

/* The worker below in the stack, as TOP and VER. Relaxed: ordered by
 * [ec.A1], and a stale one makes the CAS fail. */
static uint64_t below(struct eventcount *ec, uint64_t stack)
{
	return atomic_load_explicit(&ec->waiters[top_of(stack) - 1].next,
			memory_order_relaxed);
}

static void unpark(struct eventcount *ec, unsigned index, unsigned first,
		unsigned length)
{
	struct ec_waiter *waiter = &ec->waiters[index];

	waiter->chain_first = first;
	waiter->chain_length = length;
	/* [ec.R2] release; pairs with [ec.A2]: the woken worker reads its
	 * chain. Before the futex call, so that a worker on its way to sleep
	 * either finds NOTIFIED or is woken. */
	if (atomic_exchange_explicit(&waiter->park, PARK_NOTIFIED,
			    memory_order_acq_rel) == PARK_SLEEPING) {
		atomic_fetch_add_explicit(&ec->wakes, 1, memory_order_relaxed);
		os_futex_wake(&waiter->park, 1);
	}
}

/* Wake the popped workers stack[0..length): two here, which wake the rest. */
static void unpark_tree(struct eventcount *ec, unsigned first, unsigned length)
{
	unsigned half = (length + 1) / 2, second = first;

	if (!length)
		return;
	/* read the links first: a woken worker may park again at once */
	for (unsigned i = 0; i < half; i++)
		second = top_of(below(ec, second));
	unsigned first_below = top_of(below(ec, first));
	unsigned second_below = length > half ? top_of(below(ec, second)) : 0;

	unpark(ec, first - 1, first_below, half - 1);
	if (length > half)
		unpark(ec, second - 1, second_below, length - half - 1);
}

void ec_notify(struct eventcount *ec, unsigned wanted)
{
	uint64_t word = load(ec), stack, to;
	unsigned have, grants, pops;

	do {
		have = srch_of(word) + sig_of(word);
		if (wanted <= have)
			return;
		grants = pre_of(word) - sig_of(word);
		if (grants > wanted - have)
			grants = wanted - have;
		stack = word & STACK_MASK;
		for (pops = 0; pops < wanted - have - grants && top_of(stack);
				pops++)
			stack = below(ec, stack);
		if (!grants && !pops)
			return;
		to = (word & ~STACK_MASK) | stack;
		to += grants * SIG_ONE + pops * SRCH_ONE;
	} while (!swap(ec, &word, to));
	unpark_tree(ec, top_of(word), pops);
}

void ec_notify_all(struct eventcount *ec)
{
	uint64_t word = load(ec), stack, to;
	unsigned pops;

	do {
		stack = word & STACK_MASK;
		for (pops = 0; top_of(stack); pops++)
			stack = below(ec, stack);
		to = (word & ~STACK_MASK) | stack;
		to += (pre_of(word) - sig_of(word)) * SIG_ONE + pops * SRCH_ONE;
	} while (!swap(ec, &word, to));
	unpark_tree(ec, top_of(word), pops);
}

void ec_close(struct eventcount *ec)
{
	uint64_t word = atomic_fetch_or_explicit(
			&ec->word, 1ull << CLOSED_SHIFT, memory_order_acq_rel);

	/* [ec.F4] heavy fence; pairs with [pool.F1]. Orders CLOSED before what
	 * tells workers that they may end. Forbids: a job pushed by somebody
	 * who did not see CLOSED, unseen by a worker that ends. */
	heavy_fence(word);
}

bool ec_try_search(struct eventcount *ec, struct ec_waiter *self)
{
	uint64_t word = load(ec);

	do {
		if (srch_of(word) >= SEARCHERS_MAX)
			return false;
	} while (!swap(ec, &word, word + SRCH_ONE));
	self->is_searcher = true;
	return true;
}

void ec_leave_search(struct eventcount *ec, struct ec_waiter *self)
{
	self->is_searcher = false;
	atomic_fetch_sub_explicit(&ec->word, SRCH_ONE, memory_order_acq_rel);
	/* [ec.F2] full fence; pairs with [pool.F4]. Orders the role given back
	 * before the caller's next look at the queue. Forbids: a submitter
	 * leaves the waking to this searcher, which does not see its job. */
	fence_after_rmw();
}

void ec_prepare(struct eventcount *ec, struct ec_waiter *self)
{
	uint64_t step = PRE_ONE - (self->is_searcher ? SRCH_ONE : 0);

	uint64_t word;

	self->is_searcher = false;
	word = atomic_fetch_add_explicit(&ec->word, step, memory_order_acq_rel);
	/* [ec.F3] heavy fence; pairs with [pool.F1]. Orders the announcement
	 * before the caller's last look at the queue. Forbids: the worker sees
	 * no job while the submitter sees no worker (lost wake-up). FENCED: who
	 * saw no worker did so before a heavy fence that this worker follows,
	 * so the job was seen already; the others pass a full one, [pool.F4]. */
	if (word & FENCED)
		fence_after_rmw();
	else
		heavy_fence(word);
}

void ec_cancel(struct eventcount *ec, struct ec_waiter *self)
{
	uint64_t word = load(ec), to;

	do {
		to = word - PRE_ONE + SRCH_ONE;
		if (sig_of(word) == pre_of(word))
			to -= SIG_ONE; /* the grant was ours: take it along */
	} while (!swap(ec, &word, to));
	self->is_searcher = true;
}

void ec_quit(struct eventcount *ec, struct ec_waiter *self)
{
	uint64_t word = load(ec), to;

	(void)self;
	do {
		to = word - PRE_ONE;
		if (sig_of(word) == pre_of(word))
			to -= SIG_ONE;
	} while (!swap(ec, &word, to));
}

static void sleep_until_notified(struct ec_waiter *self)
{
	uint32_t empty = PARK_EMPTY;

	/* acquire is for the failure, which reads NOTIFIED: [ec.A2] */
	if (!atomic_compare_exchange_strong_explicit(&self->park, &empty,
			    PARK_SLEEPING, memory_order_acquire,
			    memory_order_acquire))
		return;
	add_alone(&self->parks, 1, memory_order_relaxed);
	/* [ec.A2] acquire; pairs with [ec.R2]. Woken, changed, interrupted or
	 * for no reason at all: the word decides. */
	while (atomic_load_explicit(&self->park, memory_order_acquire) ==
			PARK_SLEEPING)
		os_futex_wait(&self->park, PARK_SLEEPING, OS_NO_DEADLINE);
}

void ec_commit(struct eventcount *ec, struct ec_waiter *self)
{
	unsigned me = (unsigned)(self - ec->waiters) + 1;
	uint64_t word = load(ec), to;

	/* relaxed: published by the push below, [ec.R1] */
	atomic_store_explicit(&self->park, PARK_EMPTY, memory_order_relaxed);
	self->version++;
	do {
		if (sig_of(word)) {
			to = word - PRE_ONE - SIG_ONE + SRCH_ONE;
		} else {
			atomic_store_explicit(&self->next, word & STACK_MASK,
					memory_order_relaxed);
			to = (word & ~STACK_MASK) - PRE_ONE;
			to |= me | FENCED | self->version << VER_SHIFT;
		}
	} while (!swap(ec, &word, to));
	if (!sig_of(word)) {
		sleep_until_notified(self);
		unpark_tree(ec, self->chain_first, self->chain_length);
	}
	self->is_searcher = true;
}
