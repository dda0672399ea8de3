/* SPDX-License-Identifier: MIT */
/* Groups: waited for, cancelled, refused, dropped. */
#include <sys/wait.h>
#include <unistd.h>

#include "../../runtime/tune.h"
#include "outcomes.h"

enum { NR = 1000 };

static void member_drop(void *arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)job;
	note_drop(arg, reason);
}

static struct rota_pool *pool_of(unsigned workers, unsigned capacity,
		enum rota_full_policy policy)
{
	struct rota_options options = {
			.size = sizeof(options),
			.workers = workers,
			.capacity = capacity,
			.full_policy = policy,
			.on_drop = member_drop,
	};

	return make_pool_with(&options);
}

TEST(a_wait_returns_when_all_members_are_over)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_group group;

	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_group_wait(&group), 0); /* none */
	for (int round = 1; round <= 20; round++) {
		for (int i = 0; i < NR; i++)
			CHECK_EQ(rota_group_submit(&group, answer_run, NULL),
					0);
		CHECK_EQ(rota_group_wait(&group), 0);
		CHECK_EQ(atomic_load(&nr_ran), round * NR);
	}
	check_balance(pool, 20 * NR, 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}

TEST(other_jobs_are_not_waited_for)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_group group;
	struct blocker gate;

	blocker_init(&gate);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_submit(pool, blocker_run, &gate), 0);
	latch_wait(&gate.entered);
	CHECK_EQ(rota_group_submit(&group, answer_run, NULL), 0);
	CHECK_EQ(rota_group_wait(&group), 0);
	blocker_release(&gate);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}

TEST(a_wait_until_times_out_and_the_group_goes_on)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_group group;
	struct blocker gate;

	blocker_init(&gate);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_group_submit(&group, blocker_run, &gate), 0);
	latch_wait(&gate.entered);
	CHECK_EQ(rota_group_wait_until(&group, 0), -ETIMEDOUT);
	CHECK_EQ(rota_group_wait_until(&group, in_ms(20)), -ETIMEDOUT);
	CHECK_EQ(rota_group_fini(&group), -EBUSY);
	blocker_release(&gate);
	CHECK_EQ(rota_group_wait(&group), 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}

TEST(bad_arguments_are_refused)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_group group, none = {NULL};

	CHECK_EQ(rota_group_init(NULL, pool), -EINVAL);
	CHECK_EQ(rota_group_init(&group, NULL), -EINVAL);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_group_submit(&group, NULL, NULL), -EINVAL);
	CHECK_EQ(rota_group_submit(&none, answer_run, NULL), -EINVAL);
	CHECK_EQ(rota_group_submit(NULL, answer_run, NULL), -EINVAL);
	CHECK_EQ(rota_group_wait(NULL), -EINVAL);
	CHECK_EQ(rota_group_wait(&none), -EINVAL);
	CHECK_EQ(rota_group_help(&none), -EINVAL);
	CHECK_EQ(rota_group_cancel(&none), -EINVAL);
	CHECK_EQ(rota_group_fini(&none), -EINVAL);
	CHECK_EQ(rota_group_fini(&group), 0);
	CHECK_EQ(rota_group_fini(&group), -EINVAL); /* it is not one any more */
	end_pool(pool);
}

TEST(more_members_than_the_quick_way_holds_run_once_each)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_group group;
	struct blocker gate;

	blocker_init(&gate);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_submit(pool, blocker_run, &gate), 0);
	latch_wait(&gate.entered);
	for (int i = 0; i < 10 * NR; i++)
		CHECK_EQ(rota_group_submit(&group, answer_run, NULL), 0);
	blocker_release(&gate);
	CHECK_EQ(rota_group_wait(&group), 0);
	check_balance(pool, 10 * NR + 1, 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}

enum { STOP = 1000 };

struct order {
	unsigned next;
	struct blocker *stop; /* or NULL: holds the worker at the STOPth */
};

struct step {
	struct order *order;
	unsigned place;
};

static void run_in_order(void *arg)
{
	struct step *step = arg;

	CHECK_EQ(step->order->next++, step->place);
	if (step->order->stop && step->place == STOP)
		blocker_run(step->order->stop);
}

/* Far more than the largest ring of a group holds, so that its lane grows and the
 * chain is needed; then as many again, in what it has become. */
TEST(one_worker_starts_members_in_the_order_of_their_submits)
{
	enum { STEPS = 3 * LANE_MAX_SLOTS };
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	static struct step steps[STEPS];
	struct rota_group group;
	struct blocker gate, stop;

	for (unsigned round = 0; round < 3; round++) {
		struct order order = {0, round == 2 ? &stop : NULL};

		CHECK_EQ(rota_group_init(&group, pool), 0);
		blocker_init(&gate);
		blocker_init(&stop);
		if (round)
			blocker_hold(&gate, pool);
		for (unsigned i = 0; i < STEPS; i++) {
			/* some wait in the chain when the lane gets room */
			if (round == 2 && i == 2 * LANE_MAX_SLOTS) {
				blocker_release(&gate);
				latch_wait(&stop.entered);
			}
			steps[i] = (struct step){&order, i};
			CHECK_EQ(rota_group_submit(&group, run_in_order,
						 &steps[i]),
					0);
		}
		if (round)
			blocker_release(round == 1 ? &gate : &stop);
		CHECK_EQ(rota_group_wait(&group), 0);
		CHECK_EQ(order.next, STEPS);
		CHECK_EQ(rota_group_fini(&group), 0);
	}
	end_pool(pool);
}

TEST(a_cancel_drops_what_is_queued_and_refuses_what_comes)
{
	struct rota_pool *pool = pool_of(1, 0, ROTA_FULL_FAIL);
	struct rota_group group;
	struct blocker gate;

	blocker_init(&gate);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_group_submit(&group, blocker_run, &gate), 0);
	latch_wait(&gate.entered);
	for (int i = 0; i < NR; i++)
		CHECK_EQ(rota_group_submit(&group, answer_run, NULL), 0);
	CHECK_EQ(rota_group_cancel(&group), 0);
	CHECK_EQ(rota_group_cancel(&group), 0);
	CHECK_EQ(atomic_load(&nr_dropped), NR);
	CHECK_EQ(rota_group_submit(&group, answer_run, NULL), -ECANCELED);
	blocker_release(&gate);
	CHECK_EQ(rota_group_wait(&group), 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	check_balance(pool, 1, NR);
	/* the next group is not cancelled */
	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_group_submit(&group, answer_run, NULL), 0);
	CHECK_EQ(rota_group_wait(&group), 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	check_balance(pool, 2, NR);
	end_pool(pool);
}

static void until_cancelled(void *arg)
{
	CHECK_EQ(rota_is_cancelled(), 0);
	latch_down(arg);
	CHECK(wait_until(rota_is_cancelled(), TEST_WAIT_MS));
}

TEST(a_member_that_runs_sees_the_cancel)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_group group;
	struct latch begun;

	CHECK_EQ(rota_is_cancelled(), 0);
	latch_init(&begun, 1);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_group_submit(&group, until_cancelled, &begun), 0);
	latch_wait(&begun);
	CHECK_EQ(rota_group_cancel(&group), 0);
	CHECK_EQ(rota_group_wait(&group), 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}

TEST(a_discard_drops_members_and_the_wait_ends)
{
	struct rota_pool *pool = pool_of(1, 0, ROTA_FULL_FAIL);
	struct rota_report report;
	struct rota_group group;
	struct blocker gate;

	blocker_init(&gate);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_submit(pool, blocker_run, &gate), 0);
	latch_wait(&gate.entered);
	for (int i = 0; i < NR; i++)
		CHECK_EQ(rota_group_submit(&group, answer_run, NULL), 0);
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, 0, NULL), -ETIMEDOUT);
	CHECK_EQ(rota_group_wait(&group), 0);
	CHECK_EQ(atomic_load(&nr_dropped), NR);
	CHECK_EQ(rota_group_submit(&group, answer_run, NULL), -ESHUTDOWN);
	CHECK_EQ(rota_group_fini(&group), 0);
	blocker_release(&gate);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DISCARD, ROTA_NO_DEADLINE, &report),
			0);
	CHECK_EQ(report.ran, 1);
	CHECK_EQ(report.dropped, NR);
	end_pool(pool);
}

TEST(a_full_pool_refuses_or_drops_members_as_it_does_jobs)
{
	struct rota_pool *pool = pool_of(1, 2, ROTA_FULL_FAIL);
	struct rota_group group;
	struct blocker gate;

	blocker_init(&gate);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_submit(pool, blocker_run, &gate), 0);
	latch_wait(&gate.entered);
	CHECK_EQ(rota_group_submit(&group, answer_run, NULL), 0);
	CHECK_EQ(rota_group_submit(&group, answer_run, NULL), 0);
	CHECK_EQ(rota_group_submit(&group, answer_run, NULL), -EAGAIN);
	blocker_release(&gate);
	CHECK_EQ(rota_group_wait(&group), 0);
	CHECK_EQ(atomic_load(&nr_ran), 2);
	check_balance(pool, 3, 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
	for (int newest = 0; newest < 2; newest++) {
		pool = pool_of(1, 2,
				newest ? ROTA_FULL_DROP_NEWEST
				       : ROTA_FULL_DROP_OLDEST);
		blocker_init(&gate);
		atomic_store(&nr_dropped, 0);
		CHECK_EQ(rota_group_init(&group, pool), 0);
		CHECK_EQ(rota_submit(pool, blocker_run, &gate), 0);
		latch_wait(&gate.entered);
		for (int i = 0; i < 5; i++)
			CHECK_EQ(rota_group_submit(&group, answer_run, NULL),
					0);
		CHECK_EQ(atomic_load(&nr_dropped), 3);
		blocker_release(&gate);
		CHECK_EQ(rota_group_wait(&group), 0);
		check_balance(pool, 3, 3);
		CHECK_EQ(rota_group_fini(&group), 0);
		end_pool(pool);
	}
}

struct adder {
	struct rota_group *group;
	struct latch *begin;
};

static void *add_members(void *arg)
{
	struct adder *adder = arg;

	latch_wait(adder->begin);
	for (int i = 0; i < NR; i++)
		CHECK_EQ(rota_group_submit(adder->group, answer_run, NULL), 0);
	return NULL;
}

TEST(many_threads_may_add_to_one_group)
{
	struct rota_pool *pool = pool_of(2, 8, ROTA_FULL_BLOCK);
	struct rota_group group;
	pthread_t threads[4];
	struct latch begin;
	struct adder adder = {&group, &begin};

	latch_init(&begin, 1);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	for (int i = 0; i < 4; i++)
		threads[i] = thread_start(add_members, &adder);
	latch_down(&begin);
	for (int i = 0; i < 4; i++)
		thread_join(threads[i]);
	CHECK_EQ(rota_group_wait(&group), 0);
	CHECK_EQ(atomic_load(&nr_ran), 4 * NR);
	check_balance(pool, 4 * NR, 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}

TEST(a_forked_child_gets_eownerdead)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_group group, other;
	int status;
	pid_t pid;

	CHECK_EQ(rota_group_init(&group, pool), 0);
	pid = fork();
	if (!pid) {
		bool is_right = rota_group_submit(&group, answer_run, NULL) ==
						-EOWNERDEAD &&
				rota_group_wait(&group) == -EOWNERDEAD &&
				rota_group_cancel(&group) == -EOWNERDEAD &&
				rota_group_help(&group) == -EOWNERDEAD &&
				rota_group_fini(&group) == -EOWNERDEAD &&
				rota_group_init(&other, pool) == -EOWNERDEAD;

		_exit(is_right ? 0 : 1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	end_pool(pool);
}
