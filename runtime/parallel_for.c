/* SPDX-License-Identifier: MIT */
/* A loop in pieces, shared by the caller and the workers: whoever is free takes
 * the next piece. Helpers are members of a group, so that loops may nest. */
#include "group.h"
#include "pool.h"
#include <errno.h>

struct loop {
	alignas(CACHELINE) _Atomic size_t next; /* A: first index not taken */
	size_t end, grain;
	rota_range_fn run;
	void *arg;
};

void loop_run_pieces(void *arg)
{
	struct loop *loop = arg;
	size_t first;

	/* relaxed: the loop was published with the job */
	for (;;) {
		first = atomic_load_explicit(&loop->next, memory_order_relaxed);
		do {
			if (first >= loop->end)
				return;
		} while (!atomic_compare_exchange_weak_explicit(&loop->next,
				&first,
				loop->end - first > loop->grain
						? first + loop->grain
						: loop->end,
				memory_order_relaxed, memory_order_relaxed));
		loop->run(loop->arg, first,
				loop->end - first > loop->grain
						? first + loop->grain
						: loop->end);
	}
}

/* Enough pieces for workers that begin late or are slow. */
static size_t default_grain(size_t nr, unsigned workers)
{
	size_t grain = nr / ((size_t)workers + 1) / 8;

	return grain ? grain : 1;
}

/* The loop of a thread that is in it. */
struct owned {
	struct loop *loop;
	struct rota_group *group; /* or NULL */
};

/* A piece has ended the thread, on whose stack the loop is: no piece begins any
 * more, and those that others have begun are waited for. */
static inline void loop_lost(struct owned *owned)
{
	if (!owned->loop)
		return;
	atomic_store_explicit(&owned->loop->next, owned->loop->end,
			memory_order_relaxed);
	if (!owned->group)
		return;
	group_help(owned->group->state);
	group_wait_for(owned->group->state, ROTA_NO_DEADLINE);
	rota_group_fini(owned->group);
}

static void run_own_pieces(struct loop *loop, struct rota_group *group)
{
	struct owned owned ON_LEAVE(loop_lost) = {loop, group};

	loop_run_pieces(loop);
	owned.loop = NULL;
}

int rota_parallel_for(struct rota_pool *pool, size_t begin, size_t end,
		size_t grain, rota_range_fn run, void *arg)
{
	struct loop loop = {.end = end, .run = run, .arg = arg};
	struct rota_group group;
	size_t pieces;
	int error;

	if (!pool || !run || begin > end)
		return -EINVAL;
	if (!pool_is_ours(pool))
		return -EOWNERDEAD;
	if (begin == end)
		return 0;
	loop.grain = grain ? grain
			   : default_grain(end - begin, pool->nr_workers);
	atomic_init(&loop.next, begin);
	pieces = (end - begin - 1) / loop.grain + 1;
	error = rota_group_init(&group, pool);
	/* helpers are a bonus: without them the caller does it all */
	for (size_t i = 1; !error && i < pieces && i <= pool->nr_workers; i++)
		if (rota_group_submit(&group, loop_run_pieces, &loop))
			break;
	run_own_pieces(&loop, error ? NULL : &group);
	if (error)
		return 0;
	/* whoever has not begun has nothing to do: run them here, not wait */
	group_help(group.state);
	group_wait_for(group.state, ROTA_NO_DEADLINE);
	rota_group_fini(&group);
	return 0;
}
