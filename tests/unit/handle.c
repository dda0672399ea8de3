/* SPDX-License-Identifier: MIT */
/* Handles: poll, wait, cancel, let go. */
#include <sys/wait.h>
#include <unistd.h>

#include "outcomes.h"

static const struct rota_job_options with_drop = {.drop = note_drop};

TEST(a_handle_gives_the_result)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_handle *handle;
	intptr_t result = 0;

	CHECK_EQ(rota_set_result(1), -EINVAL);
	CHECK_EQ(rota_submit_with(pool, answer_run, (void *)42, NULL, &handle),
			0);
	CHECK_EQ(rota_handle_wait_until(handle, in_ms(TEST_WAIT_MS), &result),
			0);
	CHECK_EQ(result, 42);
	CHECK_EQ(rota_handle_poll(handle, NULL), 0);
	CHECK_EQ(rota_handle_cancel(handle), -EALREADY);
	end_pool(pool);
	/* it outlives the pool */
	result = 0;
	CHECK_EQ(rota_handle_poll(handle, &result), 0);
	CHECK_EQ(result, 42);
	CHECK_EQ(rota_handle_cancel(handle), -EALREADY);
	rota_handle_unref(handle);
	rota_handle_unref(NULL);
}

TEST(a_handle_that_was_let_go_does_not_matter)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_handle *handle;
	struct blocker blocker;

	blocker_init(&blocker);
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, NULL, &handle), 0);
	CHECK_EQ(rota_handle_poll(handle, NULL), -EINPROGRESS);
	CHECK_EQ(rota_handle_wait_until(handle, 0, NULL), -ETIMEDOUT);
	CHECK_EQ(rota_handle_wait_until(handle, in_ms(10), NULL), -ETIMEDOUT);
	rota_handle_unref(handle);
	blocker_release(&blocker);
	check_balance(pool, 2, 0);
	end_pool(pool);
}

TEST(a_cancel_drops_a_queued_job)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_handle *handle;
	struct blocker blocker;
	intptr_t reason;

	blocker_init(&blocker);
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &with_drop, &handle),
			0);
	CHECK_EQ(rota_handle_cancel(handle), 0);
	CHECK_EQ(atomic_load(&nr_dropped), 1);
	CHECK_EQ(atomic_load(&last_reason), ROTA_DROP_CANCELLED);
	CHECK_EQ(rota_handle_cancel(handle), -EALREADY);
	CHECK_EQ(rota_handle_wait_until(handle, ROTA_NO_DEADLINE, &reason),
			-ECANCELED);
	CHECK_EQ(reason, ROTA_DROP_CANCELLED);
	rota_handle_unref(handle);
	blocker_release(&blocker);
	check_balance(pool, 1, 1);
	CHECK_EQ(atomic_load(&nr_ran), 0);
	end_pool(pool);
}

static void until_cancelled(void *arg)
{
	latch_down(arg);
	CHECK(wait_until(rota_is_cancelled(), TEST_WAIT_MS));
}

TEST(a_running_job_sees_the_cancel)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_handle *handle;
	struct latch begun;

	latch_init(&begun, 1);
	CHECK_EQ(rota_submit_with(pool, until_cancelled, &begun, NULL, &handle),
			0);
	latch_wait(&begun);
	CHECK_EQ(rota_handle_cancel(handle), -EBUSY);
	CHECK_EQ(rota_handle_wait_until(handle, in_ms(TEST_WAIT_MS), NULL), 0);
	rota_handle_unref(handle);
	end_pool(pool);
}

struct waiting {
	struct rota_pool *pool;
	intptr_t result;
};

static void wait_inside(void *arg)
{
	struct waiting *waiting = arg;
	struct rota_handle *handle;

	CHECK_EQ(rota_submit_with(waiting->pool, answer_run, (void *)7, NULL,
				 &handle),
			0);
	CHECK_EQ(rota_handle_wait_until(
				 handle, in_ms(TEST_WAIT_MS), &waiting->result),
			0);
	rota_handle_unref(handle);
}

TEST(a_job_that_waits_for_a_handle_runs_the_job_itself)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct waiting waiting = {pool, 0};

	CHECK_EQ(rota_submit(pool, wait_inside, &waiting), 0);
	check_balance(pool, 2, 0);
	CHECK_EQ(waiting.result, 7);
	end_pool(pool);
}

struct self {
	struct rota_handle *handle;
	struct latch is_set;
};

static void wait_for_self(void *arg)
{
	struct self *self = arg;

	latch_wait(&self->is_set);
	CHECK_EQ(rota_handle_wait_until(self->handle, ROTA_NO_DEADLINE, NULL),
			-EDEADLK);
}

TEST(a_job_cannot_wait_for_itself)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct self self;

	latch_init(&self.is_set, 1);
	CHECK_EQ(rota_submit_with(pool, wait_for_self, &self, NULL,
				 &self.handle),
			0);
	latch_down(&self.is_set);
	CHECK_EQ(rota_handle_wait_until(self.handle, in_ms(TEST_WAIT_MS), NULL),
			0);
	rota_handle_unref(self.handle);
	end_pool(pool);
}

TEST(a_forked_child_gets_eownerdead)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_handle *handle, *none;
	struct blocker blocker;
	int status;
	pid_t pid;

	blocker_init(&blocker);
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, NULL, &handle), 0);
	pid = fork();
	if (!pid) {
		bool is_right = rota_submit_with(pool, answer_run, NULL, NULL,
						&none) == -EOWNERDEAD &&
				rota_handle_wait_until(handle, 0, NULL) ==
						-EOWNERDEAD &&
				rota_handle_cancel(handle) == -EOWNERDEAD;

		_exit(is_right ? 0 : 1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	blocker_release(&blocker);
	CHECK_EQ(rota_handle_wait_until(handle, in_ms(TEST_WAIT_MS), NULL), 0);
	rota_handle_unref(handle);
	end_pool(pool);
}
