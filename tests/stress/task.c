/* SPDX-License-Identifier: MIT */
/* Jobs with options, cancelled, late, refused, discarded: one outcome each. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "../support.h"

enum { NR_THREADS = 3, NR_KEYS = 4, NR_JOBS = 2000 };

struct record {
	atomic_uint nr_ran, nr_dropped;
	unsigned key;
};

static atomic_uint inside[NR_KEYS + 1];

static void record_run(void *arg)
{
	struct record *record = arg;

	if (record->key)
		CHECK_EQ(atomic_fetch_add(&inside[record->key], 1), 0);
	atomic_fetch_add(&record->nr_ran, 1);
	rota_set_result((intptr_t)record);
	if (record->key)
		CHECK_EQ(atomic_fetch_sub(&inside[record->key], 1), 1);
}

static void record_drop(void *arg, enum rota_drop_reason reason)
{
	struct record *record = arg;

	CHECK(reason >= ROTA_DROP_SHUTDOWN && reason <= ROTA_DROP_EXPIRED);
	atomic_fetch_add(&record->nr_dropped, 1);
}

struct user {
	struct rota_pool *pool;
	struct rng rng;
	struct record *records;
	bool is_bounded;
};

static struct rota_job_options random_options(
		struct user *user, unsigned *ret_key)
{
	struct rota_job_options options = {.drop = record_drop};

	if (!rng_below(&user->rng, 4))
		options.deadline_ns = now_ns() + rng_below(&user->rng, 200000);
	switch (rng_below(&user->rng, 4)) {
	case 0:
		options.key = *ret_key = 1 + rng_below(&user->rng, NR_KEYS);
		break;
	case 1:
		if (!user->is_bounded)
			options.priority = (enum rota_priority)rng_below(
					&user->rng, 3);
		break;
	default:
		break;
	}
	return options;
}

static void check_handle(struct user *user, struct rota_handle *handle,
		struct record *record)
{
	intptr_t result;
	int error, how = (int)rng_below(&user->rng, 3);

	if (how == 1) {
		error = rota_handle_cancel(handle);
		CHECK(error == 0 || error == -EBUSY || error == -EALREADY);
	}
	if (how) {
		error = rota_handle_wait_until(
				handle, in_ms(TEST_WAIT_MS), &result);
		CHECK(error == 0 || error == -ECANCELED);
		CHECK_EQ(atomic_load(&record->nr_ran), !error);
		CHECK_EQ(atomic_load(&record->nr_dropped), !!error);
		CHECK(error || result == (intptr_t)record);
	}
	rota_handle_unref(handle);
}

static void *use_pool(void *arg)
{
	struct user *user = arg;

	for (unsigned i = 0; i < NR_JOBS; i++) {
		struct record *record = &user->records[i];
		struct rota_job_options options =
				random_options(user, &record->key);
		bool has_handle = !rng_below(&user->rng, 3);
		struct rota_handle *handle;
		int error = rota_submit_with(user->pool, record_run, record,
				&options, has_handle ? &handle : NULL);

		CHECK(error == 0 || error == -EAGAIN || error == -ESHUTDOWN);
		if (error)
			record->key = UINT32_MAX; /* no outcome */
		if (!error && has_handle)
			check_handle(user, handle, record);
	}
	return NULL;
}

static void use(unsigned workers, unsigned capacity,
		enum rota_full_policy policy, bool discards)
{
	uint64_t end_ns = stress_end_ns();

	for (uint64_t round = 0; now_ns() < end_ns; round++) {
		struct rota_pool *pool = make_pool(workers, capacity, policy);
		struct user users[NR_THREADS];
		pthread_t threads[NR_THREADS];
		struct rota_report report;

		for (unsigned i = 0; i < NR_THREADS; i++) {
			users[i] = (struct user){.pool = pool,
					.is_bounded = capacity != 0};
			users[i].records =
					calloc(NR_JOBS, sizeof(struct record));
			CHECK(users[i].records);
			rng_init(&users[i].rng, round * NR_THREADS + i);
			threads[i] = thread_start(use_pool, &users[i]);
		}
		if (discards) {
			sleep_ns(300000);
			CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD,
						 in_ms(TEST_WAIT_MS), NULL),
					0);
		}
		for (unsigned i = 0; i < NR_THREADS; i++)
			thread_join(threads[i]);
		CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN,
					 in_ms(TEST_WAIT_MS), &report),
				0);
		for (unsigned i = 0; i < NR_THREADS; i++) {
			for (unsigned j = 0; j < NR_JOBS; j++) {
				struct record *record = &users[i].records[j];

				CHECK_EQ(record->nr_ran + record->nr_dropped,
						record->key != UINT32_MAX);
				report.ran -= record->nr_ran;
				report.dropped -= record->nr_dropped;
			}
			free(users[i].records);
		}
		CHECK_EQ(report.ran, 0);
		CHECK_EQ(report.dropped, 0);
		end_pool(pool);
	}
}

TEST_WITHIN(jobs_with_options_have_one_outcome, 60)
{
	use(2, 0, ROTA_FULL_BLOCK, false);
}

TEST_WITHIN(jobs_with_options_have_one_outcome_when_some_are_refused, 60)
{
	use(2, 4, ROTA_FULL_FAIL, false);
}

TEST_WITHIN(jobs_with_options_have_one_outcome_when_submitters_block, 60)
{
	use(2, 3, ROTA_FULL_BLOCK, false);
}

TEST_WITHIN(jobs_with_options_have_one_outcome_when_the_oldest_are_dropped, 60)
{
	use(1, 4, ROTA_FULL_DROP_OLDEST, false);
}

TEST_WITHIN(jobs_with_options_have_one_outcome_when_a_discard_comes, 60)
{
	use(2, 0, ROTA_FULL_BLOCK, true);
}

struct flood {
	struct rota_pool *pool;
	atomic_bool is_over;
	atomic_ulong nr_others;
};

static void flood_run(void *arg)
{
	struct flood *flood = arg;

	int error = 0;

	if (!atomic_load(&flood->is_over))
		error = rota_submit(flood->pool, flood_run, flood);
	CHECK(!error || error == -ESHUTDOWN);
}

static void other_run(void *arg)
{
	struct flood *flood = arg;

	atomic_fetch_add(&flood->nr_others, 1);
}

TEST_WITHIN(a_job_of_another_priority_runs_beside_a_flood_whenever_it_comes, 60)
{
	struct flood flood = {.pool = make_pool(1, 0, ROTA_FULL_FAIL)};
	uint64_t end_ns = stress_end_ns();

	CHECK_EQ(rota_submit(flood.pool, flood_run, &flood), 0);
	for (unsigned long nr = 1; now_ns() < end_ns; nr++) {
		struct rota_job_options options = {
				.priority = nr % 8 ? ROTA_PRIORITY_HIGH
						   : ROTA_PRIORITY_LOW};
		uint64_t late_ns = in_ms(TEST_WAIT_MS);

		CHECK_EQ(rota_submit_with(flood.pool, other_run, &flood,
					 &options, NULL),
				0);
		while (atomic_load(&flood.nr_others) < nr) {
			CHECK(now_ns() < late_ns);
			sched_yield();
		}
	}
	atomic_store(&flood.is_over, true);
	end_pool(flood.pool);
}
