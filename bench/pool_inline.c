/* SPDX-License-Identifier: MIT */
/*
 * No pool at all: submit runs the job. What a program takes with it is what the
 * program itself costs, its loop, its jobs and its clock; a pool can only be as
 * fast as that on each of its threads.
 */
#include "pool.h"

#include <errno.h>
#include <stdlib.h>

/* Jobs that submit jobs would end on the stack, as deep as their tree. */
struct bench_pool {
	bool is_closed;
};

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	struct bench_pool *pool = calloc(1, sizeof(*pool));

	(void)workers;
	(void)capacity;
	if (!pool)
		return -ENOMEM;
	*ret_pool = pool;
	return 0;
}

static int submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	if (pool->is_closed)
		return -ESHUTDOWN;
	run(arg);
	return 0;
}

static void close_pool(struct bench_pool *pool)
{
	pool->is_closed = true;
}

static void destroy(struct bench_pool *pool)
{
	free(pool);
}

const struct bench_pool_ops pool_inline = {
		.name = "inline",
		.kind = BENCH_HARNESS,
		.about = {.order = "of submit",
				.bound = "none: nothing waits",
				.note = "no pool: what the program itself "
					"costs"},
		.limits = BENCH_NO_NESTED | BENCH_NO_BOUND | BENCH_INLINE |
			  BENCH_OWN_NUMBER,
		.create = create,
		.submit = submit,
		.try_submit = submit,
		.close = close_pool,
		.destroy = destroy,
};
