/* SPDX-License-Identifier: MIT */
/* Jobs that submit jobs: a pool is at rest only when the last one has ended. */
#include "../support.h"

struct chain {
	struct rota_pool *pool;
	unsigned left; /* plain: one job of the chain at a time */
};

static void chain_run(void *arg)
{
	struct chain *chain = arg;

	if (--chain->left > 0)
		CHECK_EQ(rota_submit(chain->pool, chain_run, chain), 0);
}

TEST(a_chain_of_jobs_that_submit_each_other_is_never_at_rest)
{
	unsigned workers;
	int round;

	for (workers = 1; workers <= 4; workers *= 2) {
		struct rota_pool *pool = make_pool(workers, 0, ROTA_FULL_FAIL);

		for (round = 0; round < 20; round++) {
			struct chain chain = {pool, 1000};

			CHECK_EQ(rota_submit(pool, chain_run, &chain), 0);
			CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
			CHECK_EQ(chain.left, 0);
		}
		end_pool(pool);
	}
}

struct tree {
	struct rota_pool *pool;
	atomic_uint nr_leaves;
};

struct node {
	struct tree *tree;
	unsigned height;
};

static void node_run(void *arg)
{
	struct node *node = arg; /* a copy */
	struct node child = {node->tree, node->height - 1};

	if (node->height == 0) {
		atomic_fetch_add(&node->tree->nr_leaves, 1);
		return;
	}
	CHECK_EQ(rota_submit_copy(child.tree->pool, node_run, NULL, &child,
				 sizeof(child)),
			0);
	CHECK_EQ(rota_submit_copy(child.tree->pool, node_run, NULL, &child,
				 sizeof(child)),
			0);
}

TEST(drain_waits_for_a_whole_tree_of_nested_submits)
{
	struct tree tree = {.pool = make_pool(4, 0, ROTA_FULL_FAIL)};
	struct node root = {&tree, 12};

	CHECK_EQ(rota_submit_copy(tree.pool, node_run, NULL, &root,
				 sizeof(root)),
			0);
	check_rest(tree.pool);
	CHECK_EQ(atomic_load(&tree.nr_leaves), 1u << 12);
	end_pool(tree.pool);
}
