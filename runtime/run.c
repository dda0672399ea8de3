/* SPDX-License-Identifier: MIT */
/* What is this thread running? A stack of frames, one for each job inside
 * another, so that a call which would wait for its own caller can refuse. */
#include "group.h"
#include "intrusive.h"
#include "measure.h"
#include "pool.h"
#include "strand.h"
#include "task.h"
#include "sys/probe.h"
#include <errno.h>

void frame_push(struct frame *frame, struct rota_pool *pool, int worker_index)
{
	frame->pool = pool;
	frame->worker_index = worker_index;
	frame->outer = os_local.innermost;
	frame->depth = os_local.innermost ? os_local.innermost->depth + 1 : 1;
	frame->helps = os_local.innermost ? os_local.innermost->helps : 0;
	frame->group = NULL;
	frame->task = NULL;
	os_local.innermost = frame;
}

void frame_pop(struct frame *frame)
{
	os_local.innermost = frame->outer;
}

bool frame_has(struct rota_pool *pool)
{
	for (struct frame *frame = os_local.innermost; frame;
			frame = frame->outer)
		if (frame->pool == pool)
			return true;
	return false;
}

unsigned frame_depth(void)
{
	return os_local.innermost ? os_local.innermost->depth : 0;
}

int frame_index_in(struct rota_pool *pool)
{
	return rota_self() == pool ? rota_worker_index() : -1;
}

struct worker *frame_worker(struct rota_pool *pool)
{
	struct frame *frame = os_local.innermost;

	if (!frame)
		return NULL;
	while (frame->outer)
		frame = frame->outer;
	if (frame->pool != pool || frame->worker_index < 0)
		return NULL;
	return &pool->workers[frame->worker_index];
}

struct rota_pool *rota_self(void)
{
	return os_local.innermost ? os_local.innermost->pool : NULL;
}

int rota_worker_index(void)
{
	return os_local.innermost ? os_local.innermost->worker_index : -1;
}

void **rota_worker_slot(void)
{
	struct frame *frame = os_local.innermost;

	if (!frame || frame->worker_index < 0 || !pool_is_ours(frame->pool))
		return NULL;
	return &frame->pool->workers[frame->worker_index].slot;
}

/* In a forked child, too: this part of the pool is still there. */
int rota_saved_sigmask(void *ret_set)
{
	struct frame *frame = os_local.innermost;

	if (!ret_set)
		return -EINVAL;
	if (!frame)
		return -EPERM;
	*(sigset_t *)ret_set = frame->pool->signal_mask;
	return 0;
}

void job_drop(struct rota_pool *pool, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	struct rota_job inner = *job;
	struct frame frame;

	measure_unwrap(&inner);
	job = &inner;
	PROBE3(drop, pool, job->run, reason);
	frame_push(&frame, pool, frame_index_in(pool));
	if (job->run == group_ticket) {
		group_drop(job->arg, reason);
	} else if (job->run == task_run) {
		task_drop(job->arg, reason);
	} else if (job->run == strand_ticket) {
		strand_drop(job->arg, reason);
	} else if (job->run == box_run) {
		struct box *box = job->arg;

		if (box->drop)
			box->drop(box->payload, reason);
		box_put(box);
	} else if (job->run == work_run) {
		work_drop(job->arg, reason);
	} else if (pool->on_drop && job->run != loop_run_pieces) {
		pool->on_drop(pool->hook_arg, job, reason);
	}
	frame_pop(&frame);
}
