/* SPDX-License-Identifier: MIT */
/* Jobs with options: deadlines, priorities, keys. */
#include "outcomes.h"

static const struct rota_job_options with_drop = {.drop = note_drop};

TEST(a_job_that_is_too_late_is_dropped)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_job_options late = {
			.drop = note_drop, .deadline_ns = in_ms(1)};
	struct rota_job_options in_time = {
			.drop = note_drop, .deadline_ns = in_ms(600000)};
	struct rota_handle *handle;
	struct blocker blocker;
	intptr_t reason;

	blocker_init(&blocker);
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &late, &handle), 0);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &in_time, NULL), 0);
	sleep_ns(2 * NS_PER_MS);
	blocker_release(&blocker);
	CHECK_EQ(rota_handle_wait_until(handle, ROTA_NO_DEADLINE, &reason),
			-ECANCELED);
	CHECK_EQ(reason, ROTA_DROP_EXPIRED);
	rota_handle_unref(handle);
	check_balance(pool, 2, 1);
	CHECK_EQ(atomic_load(&nr_ran), 1);
	CHECK_EQ(atomic_load(&last_reason), ROTA_DROP_EXPIRED);
	end_pool(pool);
}

TEST(a_discard_drops_jobs_with_options)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_job_options keyed = {.drop = note_drop, .key = 5};
	struct rota_job_options low = {
			.drop = note_drop, .priority = ROTA_PRIORITY_LOW};
	struct rota_job_options high = {
			.drop = note_drop, .priority = ROTA_PRIORITY_HIGH};
	struct rota_report report;
	struct blocker blocker;

	blocker_init(&blocker);
	blocker_hold(&blocker, pool);
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &with_drop,
					 NULL),
				0);
		CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &keyed, NULL),
				0);
		CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &low, NULL),
				0);
		CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &high, NULL),
				0);
	}
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, 0, NULL), -ETIMEDOUT);
	CHECK_EQ(atomic_load(&nr_dropped), 400); /* no worker is free */
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &low, NULL),
			-ESHUTDOWN);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &keyed, NULL),
			-ESHUTDOWN);
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DISCARD, ROTA_NO_DEADLINE, &report),
			0);
	CHECK_EQ(report.ran, 1);
	CHECK_EQ(report.dropped, 400);
	CHECK_EQ(atomic_load(&nr_dropped), 400);
	CHECK_EQ(atomic_load(&last_reason), ROTA_DROP_SHUTDOWN);
	end_pool(pool);
}

static unsigned order[4096], nr_order;

static void note_order(void *arg)
{
	order[nr_order++] = (unsigned)(uintptr_t)arg; /* one worker */
}

static void submit_prior(struct rota_pool *pool, enum rota_priority priority,
		unsigned id)
{
	struct rota_job_options options = {.priority = priority};

	CHECK_EQ(rota_submit_with(pool, note_order, (void *)(uintptr_t)id,
				 &options, NULL),
			0);
}

TEST(high_goes_first_and_low_goes_last)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct blocker blocker;

	blocker_init(&blocker);
	blocker_hold(&blocker, pool);
	for (unsigned i = 0; i < 8; i++) {
		submit_prior(pool, ROTA_PRIORITY_LOW, 200 + i);
		CHECK_EQ(rota_submit(pool, note_order,
					 (void *)(uintptr_t)(100 + i)),
				0);
		submit_prior(pool, ROTA_PRIORITY_HIGH, i);
	}
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	CHECK_EQ(nr_order, 24);
	for (unsigned i = 0; i < 24; i++)
		CHECK_EQ(order[i], i / 8 * 100 + i % 8);
	end_pool(pool);
}

TEST(no_priority_starves)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	unsigned first_low = 0, first_normal = 0;
	struct blocker blocker;

	blocker_init(&blocker);
	blocker_hold(&blocker, pool);
	submit_prior(pool, ROTA_PRIORITY_LOW, 2);
	for (unsigned i = 0; i < 1000; i++)
		submit_prior(pool, ROTA_PRIORITY_HIGH, 0);
	for (unsigned i = 0; i < 1000; i++)
		CHECK_EQ(rota_submit(pool, note_order, (void *)1), 0);
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	CHECK_EQ(nr_order, 2001);
	for (unsigned i = 2001; i--;) {
		first_low = order[i] == 2 ? i : first_low;
		first_normal = order[i] == 1 ? i : first_normal;
	}
	CHECK(first_normal <= 17);
	CHECK(first_low < 2000); /* before the last of the others */
	end_pool(pool);
}

TEST(a_priority_needs_an_unbounded_pool)
{
	struct rota_pool *pool = make_pool(1, 4, ROTA_FULL_FAIL);
	struct rota_job_options high = {.priority = ROTA_PRIORITY_HIGH};

	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &high, NULL),
			-ENOTSUP);
	end_pool(pool);
}

TEST(a_high_job_wakes_a_worker)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_job_options high = {.priority = ROTA_PRIORITY_HIGH};
	struct rota_job_options low = {.priority = ROTA_PRIORITY_LOW};

	for (unsigned i = 0; i < 200; i++) {
		CHECK_EQ(rota_submit_with(pool, answer_run, NULL,
					 i % 2 ? &high : &low, NULL),
				0);
		CHECK(wait_until(atomic_load(&nr_ran) == i + 1, TEST_WAIT_MS));
	}
	end_pool(pool);
}

struct line {
	atomic_uint inside, next;
};

struct place {
	struct line *line;
	unsigned place;
};

static void in_line(void *arg)
{
	struct place *place = arg;

	CHECK_EQ(atomic_fetch_add(&place->line->inside, 1), 0);
	CHECK_EQ(atomic_load(&place->line->next), place->place);
	atomic_store(&place->line->next, place->place + 1);
	CHECK_EQ(atomic_fetch_sub(&place->line->inside, 1), 1);
	atomic_fetch_add(&nr_ran, 1);
}

TEST(jobs_of_a_key_run_in_order_one_at_a_time)
{
	enum { LINES = 3, PLACES = 2000 };
	struct rota_pool *pool = make_pool(4, 0, ROTA_FULL_FAIL);
	static struct place places[LINES][PLACES];
	static struct line lines[LINES];

	for (unsigned i = 0; i < PLACES; i++)
		for (unsigned k = 0; k < LINES; k++) {
			struct rota_job_options options = {.key = k + 1};

			places[k][i] = (struct place){&lines[k], i};
			CHECK_EQ(rota_submit_with(pool, in_line, &places[k][i],
						 &options, NULL),
					0);
		}
	check_balance(pool, LINES * PLACES, 0);
	CHECK_EQ(atomic_load(&nr_ran), LINES * PLACES);
	end_pool(pool);
}

TEST(a_blocked_job_of_a_key_blocks_one_worker_only)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_job_options keyed = {.key = 9};
	struct blocker blocker;

	blocker_init(&blocker);
	CHECK_EQ(rota_submit_with(pool, blocker_run, &blocker, &keyed, NULL),
			0);
	latch_wait(&blocker.entered);
	for (int i = 0; i < 50; i++)
		CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &keyed, NULL),
				0);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, NULL, NULL), 0);
	CHECK(wait_until(atomic_load(&nr_ran) == 1, TEST_WAIT_MS));
	blocker_release(&blocker);
	check_balance(pool, 52, 0);
	end_pool(pool);
}

TEST(a_key_in_a_full_pool_is_refused_and_leaves_no_trace)
{
	struct rota_pool *pool = make_pool(1, 2, ROTA_FULL_FAIL);
	struct rota_job_options keyed = {.key = 9};
	struct rota_handle *handle;
	struct blocker blocker;

	blocker_init(&blocker);
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &keyed, NULL), 0);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &keyed, NULL), 0);
	for (int i = 0; i < 10; i++)
		CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &keyed,
					 &handle),
				-EAGAIN);
	blocker_release(&blocker);
	check_balance(pool, 3, 0);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &keyed, NULL), 0);
	check_balance(pool, 4, 0);
	CHECK_EQ(atomic_load(&nr_ran), 3);
	end_pool(pool);
}

TEST(a_member_with_a_deadline_is_dropped_and_waited_for)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_group group, other;
	struct rota_job_options late = {
			.drop = note_drop, .deadline_ns = 1, .group = &group};
	struct rota_job_options two = {.key = 1, .group = &group};
	struct rota_pool *second = make_pool(1, 0, ROTA_FULL_FAIL);

	CHECK_EQ(rota_group_init(&group, pool), 0);
	CHECK_EQ(rota_group_init(&other, second), 0);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &late, NULL), 0);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &two, NULL), -EINVAL);
	CHECK_EQ(rota_submit_with(second, answer_run, NULL, &late, NULL),
			-EINVAL);
	CHECK_EQ(rota_group_wait(&group), 0);
	CHECK_EQ(atomic_load(&nr_dropped), 1);
	check_balance(pool, 0, 1);
	CHECK_EQ(rota_group_fini(&group), 0);
	CHECK_EQ(rota_group_fini(&other), 0);
	end_pool(pool);
	end_pool(second);
}

TEST(bad_options_are_refused)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct {
		struct rota_job_options options;
		char more[8];
	} newer = {.options.size = sizeof(newer)};
	struct rota_job_options bad = {.size = 1};

	CHECK_EQ(rota_submit_with(NULL, answer_run, NULL, NULL, NULL), -EINVAL);
	CHECK_EQ(rota_submit_with(pool, NULL, NULL, NULL, NULL), -EINVAL);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &bad, NULL), -EINVAL);
	bad = (struct rota_job_options){.priority = 3};
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &bad, NULL), -EINVAL);
	bad = (struct rota_job_options){.reserved = 1};
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &bad, NULL), -EINVAL);
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &newer.options, NULL),
			0);
	newer.more[3] = 1;
	CHECK_EQ(rota_submit_with(pool, answer_run, NULL, &newer.options, NULL),
			-E2BIG);
	CHECK_EQ(rota_handle_poll(NULL, NULL), -EINVAL);
	CHECK_EQ(rota_handle_wait_until(NULL, 0, NULL), -EINVAL);
	CHECK_EQ(rota_handle_cancel(NULL), -EINVAL);
	end_pool(pool);
}
