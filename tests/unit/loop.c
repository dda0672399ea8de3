/* SPDX-License-Identifier: MIT */
/* Loops in pieces. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

enum { CELLS = 10007 };
static atomic_uchar cells[CELLS];

static void fill(void *arg, size_t first, size_t end)
{
	(void)arg;
	CHECK(first < end && end <= CELLS);
	for (size_t i = first; i < end; i++)
		atomic_fetch_add(&cells[i], 1);
}

TEST(a_loop_runs_each_index_once)
{
	static const size_t grains[] = {0, 1, 7, CELLS - 1, CELLS, SIZE_MAX};

	for (unsigned workers = 1; workers <= 4; workers++) {
		struct rota_pool *pool = make_pool(workers, 0, ROTA_FULL_FAIL);

		for (unsigned g = 0; g < 6; g++) {
			memset(cells, 0, sizeof(cells));
			CHECK_EQ(rota_parallel_for(pool, 0, CELLS, grains[g],
						 fill, NULL),
					0);
			for (unsigned i = 0; i < CELLS; i++)
				CHECK_EQ(cells[i], 1);
		}
		CHECK_EQ(rota_parallel_for(pool, 5, 5, 0, fill, NULL), 0);
		CHECK_EQ(rota_pool_close(pool), 0);
		CHECK_EQ(rota_parallel_for(pool, 0, 10, 0, fill, NULL), 0);
		end_pool(pool);
	}
}

static atomic_uint nr_in_pieces;
static atomic_bool is_caller_done, has_returned;

static void meet_and_be_late(void *caller, size_t first, size_t end)
{
	(void)first;
	(void)end;
	atomic_fetch_add(&nr_in_pieces, 1);
	CHECK(wait_until(atomic_load(&nr_in_pieces) == 2, TEST_WAIT_MS));
	if (pthread_equal(pthread_self(), *(pthread_t *)caller)) {
		atomic_store(&is_caller_done, true);
		return;
	}
	CHECK(wait_until(atomic_load(&is_caller_done), TEST_WAIT_MS));
	sleep_ns(20 * NS_PER_MS); /* time to do it wrong */
	CHECK(!atomic_load(&has_returned));
}

TEST(a_loop_waits_for_pieces_that_others_run)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	pthread_t caller = pthread_self();

	CHECK_EQ(rota_parallel_for(pool, 0, 2, 1, meet_and_be_late, &caller),
			0);
	atomic_store(&has_returned, true);
	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	end_pool(pool);
}

static void outer_loop(void *arg, size_t first, size_t end)
{
	for (; first < end; first++)
		CHECK_EQ(rota_parallel_for(arg, 0, CELLS, 100, fill, NULL), 0);
}

TEST(loops_nest)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);

	CHECK_EQ(rota_parallel_for(pool, 0, 50, 1, outer_loop, pool), 0);
	for (unsigned i = 0; i < CELLS; i++)
		CHECK_EQ(cells[i], 50);
	end_pool(pool);
}

TEST(bad_arguments_and_a_forked_child_are_refused)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	int status;
	pid_t pid;

	CHECK_EQ(rota_parallel_for(pool, 0, 1, 0, NULL, NULL), -EINVAL);
	CHECK_EQ(rota_parallel_for(NULL, 0, 1, 0, fill, NULL), -EINVAL);
	CHECK_EQ(rota_parallel_for(pool, 2, 1, 0, fill, NULL), -EINVAL);
	pid = fork();
	if (!pid)
		_exit(rota_parallel_for(pool, 0, 1, 0, fill, NULL) !=
				-EOWNERDEAD);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	end_pool(pool);
}
