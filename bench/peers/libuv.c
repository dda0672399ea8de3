/* SPDX-License-Identifier: MIT */
/*
 * libuv: uv_queue_work(), as a program with an event loop has it.
 * Promises: no order (it is first come, first served), no bound; its threads
 * start at the first use and last as long as the process; only the thread of
 * the loop may submit. Best: UV_THREADPOOL_SIZE as asked for. The loop is
 * turned once in 64 submits, to give back requests: part of the price.
 * Corrections are welcome.
 */
#include <uv.h>

#include "peer.h"

struct bench_pool {
	uv_loop_t loop;
	unsigned submits;
};

struct request {
	uv_work_t work; /* first: what points to it points to the request */
	struct call call;
};

static void work(uv_work_t *work)
{
	struct call *call = &((struct request *)work)->call;

	call->run(call->arg);
}

static void after_work(uv_work_t *work, int status)
{
	(void)status;
	free(work);
}

static int submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	struct request *request = malloc(sizeof(*request));

	if (!request)
		return -ENOMEM;
	request->call = (struct call){run, arg};
	if (pool->submits++ % 64 == 63)
		uv_run(&pool->loop, UV_RUN_NOWAIT);
	return uv_queue_work(&pool->loop, &request->work, work, after_work);
}

static void destroy(struct bench_pool *pool)
{
	uv_run(&pool->loop, UV_RUN_DEFAULT);
	uv_loop_close(&pool->loop);
	free(pool);
}

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	char text[16];

	if (capacity)
		return -ENOTSUP;
	snprintf(text, sizeof(text), "%u", workers);
	setenv("UV_THREADPOOL_SIZE", text, 0); /* read once, at the first use */
	*ret_pool = calloc(1, sizeof(**ret_pool));
	return *ret_pool ? uv_loop_init(&(*ret_pool)->loop) : -ENOMEM;
}

static const struct bench_pool_ops libuv = {
		PEER("libuv", false, "of submit, not promised",
				"its loop is turned once in 64 submits",
				BENCH_ONE_SUBMITTER | BENCH_NO_NESTED |
						BENCH_THREADS_STAY),
		.create = create,
		.submit = submit,
		.destroy = destroy,
};

const struct bench_pool_ops *const peer_pools[] = {&libuv, NULL};
