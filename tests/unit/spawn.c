/* SPDX-License-Identifier: MIT */
/* Trees of jobs that submit jobs: once each, never inside submit, and with
 * lanes in little memory. */
#include <errno.h>
#include <stdlib.h>

#include "../../runtime/tune.h"
#include "../support.h"

enum { HEIGHT = TEST_SLOW > 1 ? 14 : 17 };

/* Between a job and what its worker ran before any job. */
enum { STACK_BYTES = TEST_SLOW > 1 ? 8192 : 2048 };

static bool is_ring(void)
{
	return getenv("ROTA_TEST_CHANNEL") != NULL;
}

struct tree {
	struct rota_pool *pool;
	atomic_uchar *times;  /* of each node: 1 is the root */
	atomic_ulong deepest; /* bytes of stack */
	atomic_ulong most_queued;
	unsigned fan_out;
};

struct node {
	struct tree *tree;
	unsigned long nr;
	unsigned height;
};

static _Thread_local char *stack_base;

static void raise_to(atomic_ulong *most, unsigned long value)
{
	unsigned long seen = atomic_load(most);

	while (seen < value &&
			!atomic_compare_exchange_weak(most, &seen, value))
		;
}

static int note_stack(void *unused, unsigned worker)
{
	(void)unused;
	(void)worker;
	/* a job's frame may be a little above this one */
	stack_base = (char *)__builtin_frame_address(0) + STACK_BYTES / 2;
	return 0;
}

static void node_run(void *arg)
{
	struct node *node = arg, child = *node; /* a copy, lives in the box */
	struct tree *tree = node->tree;

	CHECK_EQ(atomic_fetch_add(&tree->times[node->nr], 1), 0);
	raise_to(&tree->deepest,
			(unsigned long)(stack_base -
					(char *)__builtin_frame_address(0)));
	if (node->nr % 64 == 0)
		raise_to(&tree->most_queued, stats_of(tree->pool).queued);
	if (node->height == 0)
		return;
	child.height--;
	for (unsigned i = 0; i < tree->fan_out; i++) {
		child.nr = (node->nr - 1) * tree->fan_out + 2 + i;
		CHECK_EQ(rota_submit_copy(tree->pool, node_run, NULL, &child,
					 sizeof(child)),
				0);
	}
}

static void check_tree(unsigned workers, unsigned fan_out, unsigned height)
{
	struct rota_options o = {.workers = workers, .on_start = note_stack};
	struct tree tree = {.pool = make_pool_with(&o), .fan_out = fan_out};
	struct node root = {&tree, 1, height};
	unsigned long nr = 1;
	struct rota_stats stats;

	for (unsigned i = 0; i < height; i++)
		nr = nr * fan_out + 1;
	tree.times = calloc(nr + 1, sizeof(*tree.times));
	CHECK_EQ(rota_submit_copy(tree.pool, node_run, NULL, &root,
				 sizeof(root)),
			0);
	check_rest(tree.pool);
	for (unsigned long i = 1; i <= nr; i++)
		CHECK_EQ(atomic_load(&tree.times[i]), 1);
	stats = stats_of(tree.pool);
	CHECK_EQ(stats.ran, nr);
	CHECK_EQ(stats.ran_inline, 0);
	CHECK(atomic_load(&tree.deepest) < STACK_BYTES);
	test_note("%u workers, %lu jobs: at most %lu queued", workers, nr,
			atomic_load(&tree.most_queued));
	if (!is_ring())
		CHECK(atomic_load(&tree.most_queued) <=
				2 * workers * LANE_OWN_SLOTS);
	end_pool(tree.pool);
	free(tree.times);
}

TEST(a_tree_of_jobs_runs_each_once_and_few_of_them_wait)
{
	for (unsigned workers = 1; workers <= 4; workers *= 2)
		check_tree(workers, 2, HEIGHT);
}

TEST(a_tree_with_many_branches_runs_each_once_and_few_of_them_wait)
{
	for (unsigned workers = 1; workers <= 4; workers *= 2)
		check_tree(workers, 20, HEIGHT > 14 ? 4 : 3);
}

TEST(a_job_with_more_children_than_its_lane_holds_runs_each_once)
{
	for (unsigned workers = 1; workers <= 4; workers *= 2) {
		struct tree tree = {
				.pool = make_pool(workers, 0, ROTA_FULL_FAIL),
				.fan_out = 50000};
		struct node root = {&tree, 1, 1};

		tree.times = calloc(tree.fan_out + 2, sizeof(*tree.times));
		CHECK_EQ(rota_submit(tree.pool, node_run, &root), 0);
		check_rest(tree.pool);
		for (unsigned long i = 1; i < tree.fan_out + 2; i++)
			CHECK_EQ(atomic_load(&tree.times[i]), 1);
		CHECK_EQ(stats_of(tree.pool).ran, tree.fan_out + 1);
		end_pool(tree.pool);
		free(tree.times);
	}
}

struct locked {
	struct rota_pool *pool;
	pthread_mutex_t lock;
	unsigned held; /* plain, under the lock */
	unsigned ran;
};

static void take_lock_run(void *arg)
{
	struct locked *locked = arg;

	CHECK_EQ(pthread_mutex_lock(&locked->lock), 0); /* not twice */
	CHECK_EQ(locked->held, 0);
	locked->ran++;
	CHECK_EQ(pthread_mutex_unlock(&locked->lock), 0);
}

static void hold_lock_run(void *arg)
{
	struct locked *locked = arg;
	struct rota_job jobs[100];
	size_t accepted;

	CHECK_EQ(pthread_mutex_lock(&locked->lock), 0);
	locked->held = 1;
	for (unsigned i = 0; i < 2000; i++)
		CHECK_EQ(rota_submit(locked->pool, take_lock_run, locked), 0);
	for (unsigned i = 0; i < 100; i++)
		jobs[i] = (struct rota_job){take_lock_run, locked};
	CHECK_EQ(rota_submit_many(locked->pool, jobs, 100, &accepted), 0);
	CHECK_EQ(accepted, 100);
	locked->held = 0;
	CHECK_EQ(pthread_mutex_unlock(&locked->lock), 0);
}

TEST(who_holds_a_lock_may_submit_jobs_that_take_it)
{
	for (unsigned workers = 1; workers <= 4; workers *= 2) {
		struct locked locked = {
				.pool = make_pool(workers, 0, ROTA_FULL_FAIL)};
		pthread_mutexattr_t attr;

		pthread_mutexattr_init(&attr);
		pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
		pthread_mutex_init(&locked.lock, &attr);
		for (unsigned i = 0; i < 5; i++)
			CHECK_EQ(rota_submit(locked.pool, hold_lock_run,
						 &locked),
					0);
		check_rest(locked.pool);
		CHECK_EQ(locked.ran, 5 * 2100);
		CHECK_EQ(stats_of(locked.pool).ran_inline, 0);
		end_pool(locked.pool);
	}
}

struct last {
	struct rota_pool *pool;
	atomic_uint ran;
	unsigned before; /* that it submits before the close */
};

static void close_run(void *arg)
{
	struct last *last = arg;
	struct rota_job job = {count_run, &last->ran};
	size_t accepted = 77;

	for (unsigned i = 0; i < last->before; i++)
		CHECK_EQ(rota_submit(last->pool, count_run, &last->ran), 0);
	CHECK_EQ(rota_pool_close(last->pool), 0);
	for (unsigned i = 0; i < 600; i++)
		CHECK_EQ(rota_submit(last->pool, count_run, &last->ran),
				-ESHUTDOWN);
	CHECK_EQ(rota_submit_many(last->pool, &job, 1, &accepted), -ESHUTDOWN);
	CHECK_EQ(accepted, 77);
	CHECK_EQ(rota_submit_copy(last->pool, count_run, NULL, "x", 1),
			-ESHUTDOWN);
}

TEST(a_submit_after_a_close_by_the_same_job_is_refused)
{
	static const unsigned befores[] = {0, 1, 255, 256, 257, 1000};

	for (unsigned i = 0; i < 18; i++) {
		struct last last = {
				.pool = make_pool(1 + i % 3, 0, ROTA_FULL_FAIL),
				.before = befores[i / 3],
		};

		CHECK_EQ(rota_submit(last.pool, close_run, &last), 0);
		check_rest(last.pool);
		CHECK_EQ(atomic_load(&last.ran), last.before);
		CHECK_EQ(stats_of(last.pool).ran, last.before + 1);
		end_pool(last.pool);
	}
}
