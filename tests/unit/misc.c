/* SPDX-License-Identifier: MIT */
/* Version, error texts, identity, counters. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../support.h"

TEST(the_version_is_that_of_the_header)
{
	char expected[32];

	snprintf(expected, sizeof(expected), "%d.%d.%d", ROTA_VERSION_MAJOR,
			ROTA_VERSION_MINOR, ROTA_VERSION_PATCH);
	CHECK(!strcmp(rota_version(), expected));
}

TEST(every_error_has_a_text_and_the_documented_ones_have_their_own)
{
	static const int documented[] = {0, -EINVAL, -E2BIG, -ENOMEM, -EAGAIN,
			-ENOSYS, -EDEADLK, -ESHUTDOWN, -EOWNERDEAD, -ETIMEDOUT,
			-EMSGSIZE, -ENODATA};
	enum { NR = sizeof(documented) / sizeof(*documented) };
	size_t i, j;
	int error;

	for (error = 10; error >= -200; error--)
		CHECK(rota_strerror(error) && *rota_strerror(error));
	CHECK(rota_strerror(INT32_MIN) && rota_strerror(INT32_MAX));
	for (i = 0; i < NR; i++)
		for (j = 0; j < i; j++)
			CHECK(strcmp(rota_strerror(documented[i]),
					rota_strerror(documented[j])));
}

struct seen {
	struct rota_pool *pool;
	atomic_uint by_worker[4];
};

static void identity_run(void *arg)
{
	struct seen *seen = arg;
	int index = rota_worker_index();

	CHECK(rota_self() == seen->pool);
	CHECK(index >= 0 && index < 4);
	atomic_fetch_add(&seen->by_worker[index], 1);
}

TEST(a_job_knows_its_pool_and_worker_and_others_know_none)
{
	struct seen seen = {.pool = make_pool(4, 0, ROTA_FULL_FAIL)};
	unsigned i, nr = 0;

	CHECK(rota_self() == NULL);
	CHECK_EQ(rota_worker_index(), -1);
	for (i = 0; i < 1000; i++)
		CHECK_EQ(rota_submit(seen.pool, identity_run, &seen), 0);
	check_rest(seen.pool);
	for (i = 0; i < 4; i++)
		nr += atomic_load(&seen.by_worker[i]);
	CHECK_EQ(nr, 1000);
	CHECK(rota_self() == NULL);
	end_pool(seen.pool);
}

TEST(counters_are_exact_at_rest_and_name_what_is_queued_and_running)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_stats stats;
	struct blocker a, b;
	int i;

	stats = stats_of(pool);
	CHECK_EQ(stats.submitted, 0);
	CHECK_EQ(stats.workers, 2);
	blocker_hold(&a, pool);
	blocker_hold(&b, pool);
	for (i = 0; i < 5; i++)
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	stats = stats_of(pool);
	CHECK_EQ(stats.submitted, 7);
	CHECK_EQ(stats.ran, 0);
	CHECK_EQ(stats.running, 2);
	CHECK_EQ(stats.queued, 5);
	CHECK_EQ(stats.workers_parked, 0);
	blocker_release(&a);
	blocker_release(&b);
	check_rest(pool);
	stats = stats_of(pool);
	CHECK_EQ(stats.submitted, 7);
	CHECK_EQ(stats.ran, 7);
	CHECK_EQ(stats.ran_inline, 0);
	CHECK_EQ(stats.submit_waits, 0);
	end_pool(pool);
}

TEST(stats_of_each_size_fill_only_what_was_asked_for)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_stats stats;
	struct {
		struct rota_stats stats;
		unsigned char tail[16];
	} newer;

	memset(&stats, 0x5a, sizeof(stats));
	stats.size = 0; /* as in 0.1 */
	CHECK_EQ(rota_pool_stats(pool, &stats), 0);
	CHECK_EQ(stats.workers, 1);
	CHECK_EQ(stats.start_failures, 0x5a5a5a5a5a5a5a5a);
	CHECK_EQ(stats.size, offsetof(struct rota_stats, start_failures));
	CHECK_EQ(rota_pool_stats(pool, &stats), 0); /* that size, now */
	CHECK_EQ(stats.oldest_wait_ns, 0x5a5a5a5a5a5a5a5a);
	stats.size--;
	CHECK_EQ(rota_pool_stats(pool, &stats), -EINVAL);
	memset(&newer, 0x5a, sizeof(newer));
	newer.stats.size = sizeof(struct rota_stats);
	CHECK_EQ(rota_pool_stats(pool, &newer.stats), 0);
	CHECK_EQ(newer.stats.workers, 1);
	CHECK_EQ(newer.tail[0], 0x5a);
	CHECK_EQ(rota_pool_stats(pool, NULL), -EINVAL);
	CHECK_EQ(rota_pool_stats(NULL, &stats), -EINVAL);
	end_pool(pool);
}
