/* SPDX-License-Identifier: MIT */
/* Groups that come and go, nested, helped, cancelled, while others do the same. */
#include <errno.h>

#include "../support.h"

enum { NR_THREADS = 3 };

static struct rota_pool *pool;
static atomic_ulong nr_ran, nr_accepted;
static atomic_uint salt;

static void leaf_run(void *arg)
{
	(void)arg;
	atomic_fetch_add(&nr_ran, 1);
}

/* Fan-out whose groups are used again and again, their tickets left about. */
static void fan_run(void *arg)
{
	uintptr_t depth = (uintptr_t)arg;
	struct rota_group group;
	unsigned width = 1 + atomic_fetch_add(&salt, 1) % 5;

	atomic_fetch_add(&nr_ran, 1);
	CHECK_EQ(rota_group_init(&group, pool), 0);
	for (unsigned i = 0; i < width; i++) {
		int error = rota_group_submit(&group,
				depth ? fan_run : leaf_run,
				(void *)(depth ? depth - 1 : 0));

		CHECK(error == 0 || error == -ESHUTDOWN);
		if (!error)
			atomic_fetch_add(&nr_accepted, 1);
	}
	CHECK_EQ(rota_group_wait(&group), 0);
	CHECK_EQ(rota_group_fini(&group), 0);
}

struct user {
	uint64_t end_ns, stream;
	struct rota_group *shared;
	struct watchdog *dog;
};

/* How many of the members of this group became of it what they should. */
static void use_group(struct rng *rng, struct rota_group *shared)
{
	struct rota_group group;
	unsigned nr = rng_below(rng, 600), how = rng_below(rng, 4);

	CHECK_EQ(rota_group_init(&group, pool), 0);
	for (unsigned i = 0; i < nr; i++) {
		uintptr_t depth = rng_below(rng, 100) ? 0 : rng_below(rng, 4);
		struct rota_group *which = rng_below(rng, 8) ? &group : shared;

		CHECK_EQ(rota_group_submit(which, depth ? fan_run : leaf_run,
					 (void *)depth),
				0);
		atomic_fetch_add(&nr_accepted, 1);
	}
	if (how == 1)
		CHECK(rota_group_help(&group) >= 0);
	else if (how == 2)
		while (rota_group_wait_until(&group, now_ns() + 1000))
			;
	CHECK_EQ(rota_group_wait_until(&group, in_ms(TEST_WAIT_MS)), 0);
	CHECK_EQ(rota_group_fini(&group), 0);
}

static void *use_groups(void *arg)
{
	struct user *user = arg;
	struct rng rng;

	rng_init(&rng, user->stream);
	while (now_ns() < user->end_ns) {
		use_group(&rng, user->shared);
		watchdog_feed(user->dog);
	}
	return NULL;
}

static void use_pool(unsigned workers, unsigned capacity)
{
	struct rota_group shared;
	struct user users[NR_THREADS];
	pthread_t threads[NR_THREADS];
	struct rota_stats stats = {.size = sizeof(stats)};
	struct watchdog dog;

	pool = make_pool(workers, capacity, ROTA_FULL_BLOCK);
	watchdog_start(&dog, pool);
	CHECK_EQ(rota_group_init(&shared, pool), 0);
	for (unsigned i = 0; i < NR_THREADS; i++) {
		users[i] = (struct user){stress_end_ns(), i, &shared, &dog};
		threads[i] = thread_start(use_groups, &users[i]);
	}
	for (unsigned i = 0; i < NR_THREADS; i++)
		thread_join(threads[i]);
	CHECK_EQ(rota_group_wait_until(&shared, in_ms(TEST_WAIT_MS)), 0);
	CHECK_EQ(rota_group_fini(&shared), 0);
	CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	watchdog_stop(&dog);
	CHECK_EQ(rota_pool_stats(pool, &stats), 0);
	CHECK_EQ(stats.submitted, atomic_load(&nr_accepted));
	CHECK_EQ(stats.ran, atomic_load(&nr_accepted));
	CHECK_EQ(atomic_load(&nr_ran), atomic_load(&nr_accepted));
	end_pool(pool);
}

TEST_WITHIN(groups_of_random_shape_end_and_each_member_runs_once, 60)
{
	use_pool(2, 0);
}

TEST_WITHIN(groups_with_one_worker_end, 60)
{
	use_pool(1, 0);
}

TEST_WITHIN(groups_in_a_small_bounded_pool_end, 60)
{
	use_pool(2, 5);
}

struct canceller {
	struct rota_group *group;
	atomic_bool *is_begun;
};

static void *cancel(void *arg)
{
	struct canceller *canceller = arg;

	while (!atomic_load(canceller->is_begun))
		;
	CHECK_EQ(rota_group_cancel(canceller->group), 0);
	return NULL;
}

static atomic_ulong nr_dropped;

static void count_drop(void *arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)arg;
	(void)job;
	CHECK(reason == ROTA_DROP_CANCELLED || reason == ROTA_DROP_SHUTDOWN);
	atomic_fetch_add(&nr_dropped, 1);
}

/* Once with the pool that goes on, once with one that discards meanwhile. */
static void cancel_in_the_middle(bool discards)
{
	struct rota_options options = {.size = sizeof(options),
			.workers = 2,
			.on_drop = count_drop};
	uint64_t end_ns = stress_end_ns();

	while (now_ns() < end_ns) {
		struct rota_group group;
		struct rota_report report;
		atomic_bool is_begun = false;
		struct canceller canceller = {&group, &is_begun};
		unsigned long accepted = 0;
		pthread_t thread;

		atomic_store(&nr_ran, 0);
		atomic_store(&nr_dropped, 0);
		pool = make_pool_with(&options);
		CHECK_EQ(rota_group_init(&group, pool), 0);
		thread = thread_start(cancel, &canceller);
		for (unsigned i = 0; i < 500; i++) {
			int error = rota_group_submit(&group, leaf_run, NULL);

			CHECK(!error || error == -ECANCELED);
			accepted += !error;
			if (i == 100)
				atomic_store(&is_begun, true);
		}
		if (!discards)
			CHECK_EQ(rota_group_wait_until(
						 &group, in_ms(TEST_WAIT_MS)),
					0);
		CHECK_EQ(rota_pool_shutdown(pool,
					 discards ? ROTA_DISCARD : ROTA_DRAIN,
					 in_ms(TEST_WAIT_MS), &report),
				0);
		thread_join(thread);
		CHECK_EQ(rota_group_wait_until(&group, in_ms(TEST_WAIT_MS)), 0);
		CHECK_EQ(report.ran, atomic_load(&nr_ran));
		CHECK_EQ(report.dropped, atomic_load(&nr_dropped));
		CHECK_EQ(report.ran + report.dropped, accepted);
		CHECK_EQ(rota_group_fini(&group), 0);
		end_pool(pool);
	}
}

TEST_WITHIN(a_cancel_in_the_middle_gives_each_member_one_outcome, 60)
{
	cancel_in_the_middle(false);
}

TEST_WITHIN(a_cancel_that_meets_a_discard_gives_each_member_one_outcome, 60)
{
	cancel_in_the_middle(true);
}
