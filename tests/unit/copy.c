/* SPDX-License-Identifier: MIT */
/* rota_submit_copy(): the payload is copied, aligned, dropped, cached. */
#include <errno.h>
#include <string.h>

#include "../support.h"
#include "counting.h"

static unsigned char source[ROTA_COPY_MAX + 1];
static size_t expected_bytes;
static atomic_uint nr_ran, nr_dropped, nr_on_drop;

static void fill(unsigned char *bytes, size_t nr, unsigned from)
{
	size_t i;

	for (i = 0; i < nr; i++)
		bytes[i] = (unsigned char)(from + i * 7 + i / 256);
}

static void check_payload(const unsigned char *bytes)
{
	size_t i;

	CHECK(bytes != NULL);
	CHECK(bytes < source || bytes > source + sizeof(source));
	CHECK_EQ((uintptr_t)bytes % 16, 0);
	for (i = 0; i < expected_bytes; i++)
		CHECK_EQ(bytes[i], (unsigned char)(3 + i * 7 + i / 256));
}

static void payload_run(void *arg)
{
	check_payload(arg);
	memset(arg, 0xee, expected_bytes); /* it is the job's own */
	atomic_fetch_add(&nr_ran, 1);
}

static void payload_dropped(void *arg, enum rota_drop_reason reason)
{
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	check_payload(arg);
	atomic_fetch_add(&nr_dropped, 1);
}

static void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)hook_arg;
	(void)job;
	(void)reason;
	atomic_fetch_add(&nr_on_drop, 1);
}

static const size_t sizes[] = {0, 1, 15, 16, 17, ROTA_COPY_INLINE - 1,
		ROTA_COPY_INLINE, ROTA_COPY_INLINE + 1, 4096, ROTA_COPY_MAX};
enum { NR_SIZES = sizeof(sizes) / sizeof(*sizes) };

TEST(a_payload_of_each_size_is_copied_whole_and_aligned)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	size_t s, i;

	for (s = 0; s < NR_SIZES; s++) {
		struct blocker blocker;

		expected_bytes = sizes[s];
		atomic_store(&nr_ran, 0);
		blocker_hold(&blocker, pool);
		for (i = 0; i < 20; i++) {
			fill(source, sizes[s], 3);
			CHECK_EQ(rota_submit_copy(pool, payload_run, NULL,
						 source, sizes[s]),
					0);
			memset(source, 0, sizes[s]); /* ours again */
		}
		blocker_release(&blocker);
		check_rest(pool);
		CHECK_EQ(atomic_load(&nr_ran), 20);
	}
	end_pool(pool);
}

struct kept {
	atomic_bool *has_begun, *may_end;
	unsigned char bytes[64];
};

static void kept_run(void *arg)
{
	struct kept *kept = arg;

	atomic_store(kept->has_begun, true);
	CHECK(wait_until(atomic_load(kept->may_end), TEST_WAIT_MS));
	for (unsigned i = 0; i < sizeof(kept->bytes); i++)
		CHECK_EQ(kept->bytes[i], 7);
}

TEST(a_payload_is_its_jobs_until_that_has_run)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	atomic_bool has_begun = false, may_end = false;
	struct kept kept = {&has_begun, &may_end, {0}};
	unsigned char others[sizeof(kept)];

	memset(kept.bytes, 7, sizeof(kept.bytes));
	memset(others, 8, sizeof(others));
	CHECK_EQ(rota_submit_copy(pool, kept_run, NULL, &kept, sizeof(kept)),
			0);
	CHECK(wait_until(atomic_load(&has_begun), TEST_WAIT_MS));
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(rota_submit_copy(pool, nothing_run, NULL, others,
					 sizeof(others)),
				0);
	atomic_store(&may_end, true);
	check_rest(pool);
	end_pool(pool);
}

TEST(a_payload_that_is_too_large_is_refused)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);

	CHECK_EQ(rota_submit_copy(pool, payload_run, NULL, source,
				 ROTA_COPY_MAX + 1),
			-EMSGSIZE);
	CHECK_EQ(rota_submit_copy(pool, payload_run, NULL, source, SIZE_MAX),
			-EMSGSIZE);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).submitted, 0);
	end_pool(pool);
}

TEST(copies_that_discard_meets_are_dropped_once_with_their_payload)
{
	size_t s, i;

	for (s = 0; s < NR_SIZES; s++) {
		struct rota_options o = {.workers = 1, .on_drop = on_drop};
		struct rota_pool *pool = make_pool_with(&o);
		struct rota_report report;
		struct blocker blocker;

		expected_bytes = sizes[s];
		atomic_store(&nr_ran, 0);
		atomic_store(&nr_dropped, 0);
		blocker_hold(&blocker, pool);
		fill(source, sizes[s], 3);
		for (i = 0; i < 20; i++) /* every other one has no drop */
			CHECK_EQ(rota_submit_copy(pool, payload_run,
						 i % 2 ? payload_dropped : NULL,
						 source, sizes[s]),
					0);
		CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, 0, &report),
				-ETIMEDOUT);
		blocker_release(&blocker);
		CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD,
					 ROTA_NO_DEADLINE, &report),
				0);
		CHECK_EQ(report.ran, 1);
		CHECK_EQ(report.dropped, 20);
		CHECK_EQ(atomic_load(&nr_ran), 0);
		CHECK_EQ(atomic_load(&nr_dropped), 10);
		CHECK_EQ(atomic_load(&nr_on_drop), 0);
		end_pool(pool);
	}
	CHECK_EQ(nr_live(), 0);
}

TEST(small_copies_need_no_malloc_once_the_cache_is_warm)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	unsigned long before = 0;
	int wave, i;

	expected_bytes = ROTA_COPY_INLINE;
	fill(source, expected_bytes, 3);
	for (wave = 0; wave < 300; wave++) {
		struct blocker a, b;

		/* while it warms up, all of a wave is queued at once */
		if (wave < 10) {
			blocker_hold(&a, pool);
			blocker_hold(&b, pool);
		} else if (wave == 10) {
			before = nr_allocations();
		}
		for (i = 0; i < 32; i++)
			CHECK_EQ(rota_submit_copy(pool, payload_run, NULL,
						 source, expected_bytes),
					0);
		if (wave < 10) {
			blocker_release(&a);
			blocker_release(&b);
		}
		CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
	}
	CHECK_EQ(nr_allocations(), before);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

TEST(plain_submits_need_no_malloc_once_the_queue_has_grown)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	unsigned long before = 0;
	int wave, i;

	for (wave = 0; wave < 100; wave++) {
		struct blocker a, b; /* all of a wave is queued at once */

		if (wave == 3)
			before = nr_allocations();
		blocker_hold(&a, pool);
		blocker_hold(&b, pool);
		for (i = 0; i < 1000; i++)
			CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
		blocker_release(&a);
		blocker_release(&b);
		CHECK_EQ(rota_pool_drain(pool, ROTA_NO_DEADLINE), 0);
	}
	CHECK_EQ(nr_allocations(), before);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

static unsigned copies_dropped, copies_ran;

static void copy_dropped(void *arg, enum rota_drop_reason reason)
{
	CHECK_EQ(reason, ROTA_DROP_OVERLOAD);
	CHECK(!memcmp(arg, "payload", 8));
	copies_dropped++;
}

static void copy_run(void *arg)
{
	CHECK(!memcmp(arg, "payload", 8));
	copies_ran++;
}

TEST(a_dropped_copy_goes_to_its_own_drop_and_not_to_on_drop)
{
	int policy;

	for (policy = ROTA_FULL_DROP_NEWEST; policy <= ROTA_FULL_DROP_OLDEST;
			policy++) {
		struct rota_options o = {
				.workers = 1,
				.capacity = 1,
				.full_policy = (enum rota_full_policy)policy,
				.on_drop = on_drop,
		};
		struct rota_pool *pool = make_pool_with(&o);
		struct blocker blocker;
		int i;

		copies_dropped = copies_ran = 0;
		blocker_hold(&blocker, pool);
		for (i = 0; i < 3; i++) {
			CHECK_EQ(rota_submit_copy(pool, copy_run, copy_dropped,
						 "payload", 8),
					0);
			CHECK_EQ(copies_dropped, i);
		}
		blocker_release(&blocker);
		check_rest(pool);
		end_pool(pool);
		CHECK_EQ(copies_ran, 1);
		CHECK_EQ(copies_dropped, 2);
		CHECK_EQ(atomic_load(&nr_on_drop), 0);
	}
}
