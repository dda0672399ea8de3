/* SPDX-License-Identifier: MIT */
/* What is known of one job: over or not, its result; to wait for, or cancel. A
 * handle may outlive its pool: of a job that is over the pool is not touched. */
#include "group.h"
#include "pool.h"
#include "strand.h"
#include "task.h"
#include <errno.h>

static struct task *task_of(struct rota_handle *handle)
{
	return (struct task *)handle;
}

/* 0 ran, -ECANCELED dropped, -EINPROGRESS. */
static int outcome(struct task *task, intptr_t *ret_result)
{
	/* [task.A2] acquire; pairs with [task.R2]. */
	uint32_t state = atomic_load_explicit(
			&task->state, memory_order_acquire);

	if (state != TASK_RAN && state != TASK_DROPPED)
		return -EINPROGRESS;
	if (ret_result)
		*ret_result = task->result;
	return state == TASK_RAN ? 0 : -ECANCELED;
}

int rota_handle_poll(struct rota_handle *handle, intptr_t *ret_result)
{
	return handle ? outcome(task_of(handle), ret_result) : -EINVAL;
}

static bool runs_here(struct task *task)
{
	for (struct frame *frame = os_local.innermost; frame;
			frame = frame->outer)
		if (frame->task == task)
			return true;
	return false;
}

static int sleep_until(
		struct task *task, uint64_t deadline_ns, intptr_t *ret_result)
{
	int error = 0, result;

	atomic_fetch_add_explicit(&task->nr_waiters, 1, memory_order_relaxed);
	/* [task.F2] full fence; pairs with [task.F1]. Orders nr_waiters before
	 * the look at the state. */
	fence_after_rmw();
	for (;;) {
		uint32_t state = atomic_load_explicit(
				&task->state, memory_order_relaxed);

		result = outcome(task, ret_result);
		if (result != -EINPROGRESS || error)
			break;
		error = os_futex_wait(&task->state, state, deadline_ns);
	}
	atomic_fetch_sub_explicit(&task->nr_waiters, 1, memory_order_relaxed);
	return result == -EINPROGRESS ? error : result;
}

int rota_handle_wait_until(struct rota_handle *handle, uint64_t deadline_ns,
		intptr_t *ret_result)
{
	struct task *task = task_of(handle);
	int result;

	if (!handle)
		return -EINVAL;
	result = outcome(task, ret_result);
	if (result != -EINPROGRESS)
		return result;
	if (pool_id(task->pool) != task->pool_id)
		return -EOWNERDEAD; /* this is a forked child */
	if (runs_here(task))
		return -EDEADLK;
	if (frame_has(task->pool) && !task->is_keyed) {
		/* a worker does not wait for what it can do */
		if (os_local.innermost->helps >= ROTA_HELP_DEPTH)
			return -EDEADLK;
		if (task_claim(task, TASK_RUNNING)) {
			os_local.innermost->helps++;
			task_finish(task);
			os_local.innermost->helps--;
		}
	} else if (frame_has(task->pool) &&
			/* relaxed: the CAS of a worker may come any time */
			atomic_load_explicit(&task->state,
					memory_order_relaxed) == TASK_QUEUED) {
		return -EDEADLK; /* it may be queued behind this very job */
	}
	return deadline_ns || outcome(task, NULL) != -EINPROGRESS
			       ? sleep_until(task, deadline_ns, ret_result)
			       : -ETIMEDOUT;
}

int rota_handle_cancel(struct rota_handle *handle)
{
	struct task *task = task_of(handle);

	if (!handle)
		return -EINVAL;
	if (outcome(task, NULL) != -EINPROGRESS)
		return -EALREADY;
	if (pool_id(task->pool) != task->pool_id)
		return -EOWNERDEAD; /* this is a forked child */
	/* [task.R3] release; pairs with [task.A3]. */
	atomic_store_explicit(&task->is_cancelled, 1, memory_order_release);
	if (task_claim(task, TASK_DROPPING)) {
		task_finish_drop(task, ROTA_DROP_CANCELLED);
		return 0;
	}
	return outcome(task, NULL) == -EINPROGRESS ? -EBUSY : -EALREADY;
}

void rota_handle_unref(struct rota_handle *handle)
{
	if (handle)
		task_unref(task_of(handle));
}

int rota_set_result(intptr_t result)
{
	for (struct frame *frame = os_local.innermost; frame;
			frame = frame->outer)
		if (frame->task) {
			frame->task->result = result;
			return 0;
		}
	return -EINVAL;
}

int rota_is_cancelled(void)
{
	for (struct frame *frame = os_local.innermost; frame;
			frame = frame->outer)
		/* [task.A3] acquire; pairs with [task.R3]. */
		if (frame->task &&
				atomic_load_explicit(&frame->task->is_cancelled,
						memory_order_acquire))
			return 1;
	return group_is_cancelled_here();
}
