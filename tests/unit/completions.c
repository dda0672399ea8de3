/* SPDX-License-Identifier: MIT */
/* rota_completions_*(): one completion for each job, whatever became of it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

static struct rota_completions *make_cq(unsigned capacity)
{
	struct rota_completions *cq = NULL;

	CHECK_EQ(rota_completions_create(capacity, &cq), 0);
	return cq;
}

static bool is_readable(struct rota_completions *cq)
{
	struct pollfd poll_fd = {rota_completions_fd(cq), POLLIN, 0};

	return poll(&poll_fd, 1, 0) == 1;
}

static void await_readable(struct rota_completions *cq)
{
	struct pollfd poll_fd = {rota_completions_fd(cq), POLLIN, 0};

	CHECK_EQ(poll(&poll_fd, 1, TEST_WAIT_MS), 1);
}

static intptr_t square_run(void *arg)
{
	return (intptr_t)arg * (intptr_t)arg;
}

static intptr_t blocker_result_run(void *arg)
{
	blocker_run(arg);
	return 0;
}

/* Until nr are there. */
static void reap_all(struct rota_completions *cq,
		struct rota_completion *completions, int nr)
{
	int reaped = 0;

	while (reaped < nr) {
		int more;

		await_readable(cq);
		more = rota_completions_reap(cq, completions + reaped,
				(size_t)(nr - reaped));
		CHECK(more >= 0);
		reaped += more;
	}
}

TEST(a_job_that_ran_comes_back_with_its_tag_and_result)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_completions *cq = make_cq(4);
	struct rota_completion completion;
	intptr_t i;

	for (i = 1; i <= 100; i++) {
		CHECK_EQ(rota_completions_submit(cq, pool, square_run,
					 (void *)i, &completion),
				0);
		reap_all(cq, &completion, 1);
		CHECK(completion.tag == &completion);
		CHECK_EQ(completion.result, i * i);
		CHECK_EQ(completion.dropped, 0);
	}
	check_rest(pool);
	CHECK_EQ(stats_of(pool).ran, 100);
	CHECK_EQ(rota_completions_destroy(cq), 0);
	end_pool(pool);
}

TEST(completions_come_in_the_order_in_which_jobs_end)
{
	enum { NR = 100 };
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_completions *cq = make_cq(NR);
	struct rota_completion completions[NR];
	intptr_t i;

	for (i = 0; i < NR; i++)
		CHECK_EQ(rota_completions_submit(cq, pool, square_run,
					 (void *)i, (void *)i),
				0);
	reap_all(cq, completions, NR);
	for (i = 0; i < NR; i++) {
		CHECK_EQ((intptr_t)completions[i].tag, i);
		CHECK_EQ(completions[i].result, i * i);
	}
	CHECK_EQ(rota_completions_destroy(cq), 0);
	end_pool(pool);
}

TEST(the_capacity_is_exact_and_a_place_is_free_once_it_is_reaped)
{
	enum { NR = 3 };
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_completions *cq = make_cq(NR);
	struct rota_completion completion;
	int i;

	for (i = 0; i < NR; i++)
		CHECK_EQ(rota_completions_submit(
					 cq, pool, square_run, NULL, NULL),
				0);
	check_rest(pool); /* done, but not reaped */
	CHECK_EQ(rota_completions_submit(cq, pool, square_run, NULL, NULL),
			-EAGAIN);
	CHECK_EQ(stats_of(pool).submitted, NR);
	for (i = 0; i < 10; i++) {
		CHECK_EQ(rota_completions_reap(cq, &completion, 1), 1);
		CHECK_EQ(rota_completions_submit(
					 cq, pool, square_run, NULL, NULL),
				0);
		CHECK_EQ(rota_completions_submit(
					 cq, pool, square_run, NULL, NULL),
				-EAGAIN);
		check_rest(pool);
	}
	for (i = 0; i < NR; i++)
		CHECK_EQ(rota_completions_reap(cq, &completion, 1), 1);
	CHECK_EQ(rota_completions_destroy(cq), 0);
	end_pool(pool);
}

TEST(the_descriptor_is_readable_while_completions_wait)
{
	enum { NR = 10 };
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_completions *cq = make_cq(NR);
	struct rota_completion completions[4];
	int fd = rota_completions_fd(cq), i;

	CHECK(fd >= 0);
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CHECK(!is_readable(cq));
	CHECK_EQ(rota_completions_reap(cq, completions, 4), 0);
	for (i = 0; i < NR; i++)
		CHECK_EQ(rota_completions_submit(
					 cq, pool, square_run, NULL, NULL),
				0);
	check_rest(pool);
	CHECK(is_readable(cq));
	CHECK_EQ(rota_completions_reap(cq, NULL, 0), 0);
	CHECK(is_readable(cq));
	CHECK_EQ(rota_completions_reap(cq, completions, 4), 4);
	CHECK(is_readable(cq));
	CHECK_EQ(rota_completions_reap(cq, completions, 4), 4);
	CHECK(is_readable(cq));
	CHECK_EQ(rota_completions_reap(cq, completions, 2), 2);
	CHECK(!is_readable(cq)); /* exactly all */
	CHECK_EQ(rota_completions_reap(cq, completions, 4), 0);
	CHECK_EQ(rota_completions_destroy(cq), 0);
	end_pool(pool);
}

TEST(a_discard_completes_what_it_drops)
{
	enum { NR = 20 };
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_completions *cq = make_cq(NR + 1);
	struct rota_completion completions[NR + 1];
	struct blocker blocker;
	int i;

	blocker_init(&blocker);
	CHECK_EQ(rota_completions_submit(
				 cq, pool, blocker_result_run, &blocker, pool),
			0);
	latch_wait(&blocker.entered);
	for (i = 0; i < NR; i++)
		CHECK_EQ(rota_completions_submit(cq, pool, square_run, &i, cq),
				0);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, 0, NULL), -ETIMEDOUT);
	CHECK_EQ(rota_completions_destroy(cq), -EBUSY);
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, ROTA_NO_DEADLINE, NULL),
			0);
	CHECK_EQ(rota_completions_submit(cq, pool, square_run, NULL, NULL),
			-EAGAIN);
	end_pool(pool); /* the queue outlives it */
	CHECK_EQ(rota_completions_reap(cq, completions, NR + 1), NR + 1);
	for (i = 0; i <= NR; i++) {
		bool ran = completions[i].tag == pool;

		CHECK(ran || completions[i].tag == cq);
		CHECK_EQ(completions[i].dropped, ran ? 0 : ROTA_DROP_SHUTDOWN);
		CHECK_EQ(completions[i].result, 0);
	}
	CHECK_EQ(rota_completions_destroy(cq), 0);
}

static void check_policy(enum rota_full_policy policy, int dropped_tag)
{
	struct rota_pool *pool = make_pool(1, 1, policy);
	struct rota_completions *cq = make_cq(8);
	struct rota_completion completions[2];
	struct blocker blocker;
	intptr_t tag;
	int i;

	blocker_hold(&blocker, pool);
	for (tag = 1; tag <= 2; tag++)
		CHECK_EQ(rota_completions_submit(cq, pool, square_run,
					 (void *)tag, (void *)tag),
				0);
	CHECK(is_readable(cq)); /* one ended at once */
	blocker_release(&blocker);
	reap_all(cq, completions, 2);
	for (i = 0; i < 2; i++) {
		tag = (intptr_t)completions[i].tag;
		CHECK(tag == 1 || tag == 2);
		CHECK_EQ(completions[i].dropped,
				tag == dropped_tag ? ROTA_DROP_OVERLOAD : 0);
		CHECK_EQ(completions[i].result,
				tag == dropped_tag ? 0 : tag * tag);
	}
	CHECK(completions[0].tag != completions[1].tag);
	CHECK_EQ(rota_completions_destroy(cq), 0);
	end_pool(pool);
}

TEST(each_full_policy_gives_a_job_exactly_one_completion)
{
	check_policy(ROTA_FULL_CALLER_RUNS, 0);
	check_policy(ROTA_FULL_DROP_NEWEST, 2);
	check_policy(ROTA_FULL_DROP_OLDEST, 1);
}

TEST(a_job_that_the_pool_refuses_leaves_its_place)
{
	struct rota_pool *full = make_pool(1, 1, ROTA_FULL_FAIL);
	struct rota_pool *closed = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_completions *cq = make_cq(1);
	struct blocker blocker;
	int i;

	CHECK_EQ(rota_pool_close(closed), 0);
	blocker_hold(&blocker, full);
	CHECK_EQ(rota_submit(full, nothing_run, NULL), 0);
	for (i = 0; i < 5; i++) {
		CHECK_EQ(rota_completions_submit(
					 cq, full, square_run, NULL, NULL),
				-EAGAIN);
		CHECK_EQ(rota_completions_submit(
					 cq, closed, square_run, NULL, NULL),
				-ESHUTDOWN);
	}
	blocker_release(&blocker);
	CHECK(!is_readable(cq));
	CHECK_EQ(rota_completions_destroy(cq), 0);
	end_pool(full);
	end_pool(closed);
}

struct nest {
	struct rota_completions *cq;
	struct rota_pool *pool;
};

static intptr_t nest_run(void *arg)
{
	struct nest *nest = arg;

	CHECK_EQ(rota_completions_destroy(nest->cq), -EBUSY);
	return rota_completions_submit(
			nest->cq, nest->pool, square_run, (void *)7, nest);
}

TEST(a_job_may_submit_to_the_queue_that_waits_for_it)
{
	struct nest nest = {.cq = make_cq(2),
			.pool = make_pool(1, 0, ROTA_FULL_FAIL)};
	struct rota_completion completions[2];

	CHECK_EQ(rota_completions_submit(
				 nest.cq, nest.pool, nest_run, &nest, NULL),
			0);
	reap_all(nest.cq, completions, 2);
	CHECK_EQ(completions[0].result, 0);
	CHECK(completions[1].tag == &nest);
	CHECK_EQ(completions[1].result, 49);
	CHECK_EQ(rota_completions_destroy(nest.cq), 0);
	end_pool(nest.pool);
}

TEST(bad_arguments_are_refused)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_completions *mark = (struct rota_completions *)(void *)pool;
	struct rota_completions *cq = mark;
	struct rota_completion completion;

	CHECK_EQ(rota_completions_create(0, &cq), -EINVAL);
	CHECK_EQ(rota_completions_create(ROTA_MAX_CAPACITY + 1, &cq), -EINVAL);
	CHECK_EQ(rota_completions_create(1, NULL), -EINVAL);
	CHECK(cq == mark);
	cq = make_cq(1);
	CHECK_EQ(rota_completions_submit(NULL, pool, square_run, NULL, NULL),
			-EINVAL);
	CHECK_EQ(rota_completions_submit(cq, NULL, square_run, NULL, NULL),
			-EINVAL);
	CHECK_EQ(rota_completions_submit(cq, pool, NULL, NULL, NULL), -EINVAL);
	CHECK_EQ(rota_completions_reap(NULL, &completion, 1), -EINVAL);
	CHECK_EQ(rota_completions_reap(cq, NULL, 1), -EINVAL);
	CHECK_EQ(rota_completions_fd(NULL), -EINVAL);
	CHECK_EQ(rota_completions_destroy(NULL), 0);
	CHECK_EQ(rota_completions_destroy(cq), 0);
	end_pool(pool);
}

static void child_uses(struct rota_completions *cq, struct rota_pool *pool)
{
	struct rota_completion completion;

	alarm(10 * TEST_SLOW);
	CHECK_EQ(rota_completions_fd(cq), -EOWNERDEAD);
	CHECK_EQ(rota_completions_submit(cq, pool, square_run, NULL, NULL),
			-EOWNERDEAD);
	CHECK_EQ(rota_completions_reap(cq, &completion, 1), -EOWNERDEAD);
	CHECK_EQ(rota_completions_destroy(cq), -EOWNERDEAD);
	_exit(0);
}

static intptr_t fork_run(void *arg)
{
	pid_t pid = fork();

	(void)arg;
	return pid; /* in the child too, which ends at the next job */
}

TEST(a_forked_child_gets_an_error_and_the_parent_its_completions)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_completions *cq = make_cq(2);
	struct rota_completion completion;
	struct blocker blocker;
	int status;
	pid_t pid;

	CHECK_EQ(rota_completions_submit(cq, pool, square_run, NULL, cq), 0);
	check_rest(pool);
	pid = fork();
	if (pid == 0)
		child_uses(cq, pool);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_EQ(rota_completions_reap(cq, &completion, 1), 1);
	CHECK(!is_readable(cq));

	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_completions_submit(cq, pool, fork_run, NULL, NULL), 0);
	CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	blocker_release(&blocker);
	reap_all(cq, &completion, 1);
	CHECK(completion.result > 0);
	CHECK_EQ(waitpid((pid_t)completion.result, &status, 0),
			completion.result);
	CHECK(!is_readable(cq)); /* the child wrote nothing to it */
	CHECK_EQ(rota_completions_destroy(cq), 0);
	end_pool(pool);
}
