/* SPDX-License-Identifier: MIT */
/* Jobs with options: claimed once, then run or dropped. */
#include "task.h"
#include "group.h"
#include "pool.h"
#include "strand.h"
#include <errno.h>

static struct box *box_of(struct task *task)
{
	return (struct box *)((char *)task - offsetof(struct box, payload));
}

void task_unref(struct task *task)
{
	/* [task.R1] release; pairs with [task.A1]: the last one comes after
	 * whatever the others did. */
	if (atomic_fetch_sub_explicit(&task->refs, 1, memory_order_release) > 1)
		return;
	/* [task.A1] acquire; pairs with [task.R1]. */
	(void)atomic_load_explicit(&task->refs, memory_order_acquire);
	box_put(box_of(task));
}

bool task_claim(struct task *task, enum task_state state)
{
	uint32_t queued = TASK_QUEUED;

	/* relaxed: whatever it reads was published with the task */
	return atomic_compare_exchange_strong_explicit(&task->state, &queued,
			state, memory_order_relaxed, memory_order_relaxed);
}

static void set_state(struct task *task, enum task_state state)
{
	/* [task.R2] release; pairs with [task.A2]: the result, and what the
	 * job wrote. */
	atomic_store_explicit(&task->state, state, memory_order_release);
	/* [task.F1] full fence; pairs with [task.F2]. Orders the end before the
	 * look for waiters. */
	fence_full();
	if (atomic_load_explicit(&task->nr_waiters, memory_order_relaxed))
		os_futex_wake(&task->state, UINT32_MAX);
}

void task_finish_drop(struct task *task, enum rota_drop_reason reason)
{
	struct rota_job job = {task->run, task->arg};
	struct rota_pool *pool = task->pool;
	struct frame frame;

	frame_push(&frame, pool, frame_index_in(pool));
	if (task->drop)
		task->drop(task->arg, reason);
	else if (pool->on_drop)
		pool->on_drop(pool->hook_arg, &job, reason);
	frame_pop(&frame);
	task->result = reason;
	set_state(task, TASK_DROPPED);
}

/* The job has ended its thread: it is over like any other. */
static inline void lost(struct task **task)
{
	if (!*task)
		return;
	frame_lost();
	set_state(*task, TASK_RAN);
}

bool task_finish(struct task *task)
{
	struct task *running ON_LEAVE(lost) = NULL;
	struct frame frame;

	if (task->deadline_ns != ROTA_NO_DEADLINE &&
			os_now_ns() > task->deadline_ns) {
		task_finish_drop(task, ROTA_DROP_EXPIRED);
		return false;
	}
	frame_push(&frame, task->pool, frame_index_in(task->pool));
	frame.depth--;
	frame.task = task;
	running = task;
	task->run(task->arg);
	running = NULL;
	frame_pop(&frame);
	set_state(task, TASK_RAN);
	return true;
}

/* Of one that another claimed: is it run, or was? */
static bool has_run(struct task *task)
{
	/* relaxed: none of these changes into one of the others */
	uint32_t state = atomic_load_explicit(
			&task->state, memory_order_relaxed);

	return state == TASK_RUNNING || state == TASK_RAN;
}

static void unref(struct task **task)
{
	task_unref(*task);
}

void task_run(void *arg)
{
	struct task *task ON_LEAVE(unref) = arg;
	bool is_dropped;

	if (task_claim(task, TASK_RUNNING))
		is_dropped = !task_finish(task);
	else
		is_dropped = !has_run(task);
	if (is_dropped)
		pool_count_as_dropped(task->pool, 1);
}

void task_drop(struct task *task, enum rota_drop_reason reason)
{
	struct rota_pool *pool = task->pool;
	bool is_stale = !task_claim(task, TASK_DROPPING);
	bool is_run = is_stale && has_run(task);

	if (!is_stale)
		task_finish_drop(task, reason);
	task_unref(task);
	if (is_run)
		pool_count_as_dropped(pool, -1);
}

/* The caller's options as this version knows them. */
static int read_options(const struct rota_job_options *options,
		struct rota_job_options *ret_options)
{
	const unsigned char *bytes = (const unsigned char *)options;
	size_t size;

	*ret_options = (struct rota_job_options){0};
	if (options) {
		size = options->size ? options->size : sizeof(*options);
		if (size < sizeof(*options))
			return -EINVAL;
		for (size_t i = sizeof(*options); i < size; i++)
			if (bytes[i])
				return -E2BIG;
		*ret_options = *options;
	}
	if (!ret_options->deadline_ns)
		ret_options->deadline_ns = ROTA_NO_DEADLINE;
	return ret_options->reserved ||
					       (unsigned)ret_options->priority >
							       ROTA_PRIORITY_LOW ||
					       !!ret_options->group + !!ret_options->key +
									       !!ret_options->priority >
							       1
			       ? -EINVAL
			       : 0;
}

static struct task *task_new(struct rota_pool *pool, bool has_handle)
{
	struct box *box =
			box_get(&pool->boxes, has_handle ? ROTA_COPY_INLINE + 1
							 : sizeof(struct task));
	struct task *task = box ? (struct task *)box->payload : NULL;

	if (!task)
		return NULL;
	*task = (struct task){.pool = pool};
	atomic_init(&task->refs, has_handle ? 2 : 1);
	return task;
}

int rota_submit_with(struct rota_pool *pool, rota_run_fn run, void *arg,
		const struct rota_job_options *user_options,
		struct rota_handle **ret_handle)
{
	struct rota_job_options options;
	struct task *task;
	int error;

	if (!pool || !run)
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	error = read_options(user_options, &options);
	if (error)
		return error;
	if (options.group &&
			(!options.group->state ||
					((struct group *)options.group->state)
									->pool !=
							pool))
		return -EINVAL;
	task = task_new(pool, ret_handle != NULL);
	if (!task)
		return -ENOMEM;
	task->run = run;
	task->arg = arg;
	task->drop = options.drop;
	task->deadline_ns = options.deadline_ns;
	if (options.group)
		error = rota_group_submit(options.group, task_run, task);
	else if (options.key)
		error = strand_submit(pool, options.key, task);
	else if (options.priority)
		error = pool_submit_class(pool, options.priority,
				(struct rota_job){task_run, task});
	else
		error = rota_submit(pool, task_run, task);
	if (error) {
		task_unref(task); /* with the last reference it goes */
		if (ret_handle)
			task_unref(task);
		return error;
	}
	if (ret_handle) {
		task->pool_id = pool_id(pool);
		*ret_handle = (struct rota_handle *)task;
	}
	return 0;
}
