/* SPDX-License-Identifier: MIT */
#include "intrusive.h"
#include "sys/atomic.h"
#include <errno.h>

enum work_state { WORK_IDLE, WORK_PENDING };

/* rota.h is read by C++ too, so the member cannot be declared atomic. */
static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t) &&
				alignof(_Atomic uint32_t) == alignof(uint32_t),
		"an atomic word looks like a plain one");

static _Atomic uint32_t *state_of(struct rota_work *work)
{
	return (_Atomic uint32_t *)&work->state;
}

static void give_back(struct rota_work *work)
{
	/* [intrusive.R1] release; pairs with [intrusive.A1]: who submits it
	 * next may change what was read here. */
	atomic_store_explicit(state_of(work), WORK_IDLE, memory_order_release);
}

void work_run(void *arg)
{
	struct rota_work *work = arg;
	void (*run)(struct rota_work *) = work->run;

	give_back(work);
	run(work);
}

void work_drop(struct rota_work *work, enum rota_drop_reason reason)
{
	void (*drop)(struct rota_work *, enum rota_drop_reason) = work->drop;

	give_back(work);
	if (drop)
		drop(work, reason);
}

int rota_submit_job(struct rota_pool *pool, struct rota_work *work)
{
	uint32_t state = WORK_IDLE;
	int error;

	if (!pool || !work || !work->run)
		return -EINVAL;
	/* [intrusive.A1] acquire; pairs with [intrusive.R1]. */
	if (!atomic_compare_exchange_strong_explicit(state_of(work), &state,
			    WORK_PENDING, memory_order_acquire,
			    memory_order_relaxed))
		return state == WORK_PENDING ? -EALREADY : -EINVAL;
	error = rota_submit(pool, work_run, work);
	if (error)
		give_back(work);
	return error;
}
