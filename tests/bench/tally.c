/* SPDX-License-Identifier: MIT */
/*
 * What the benchmark's proof of "each job exactly once" is worth: a pool that
 * loses a job, runs one twice, or runs one in place of another is noticed.
 */
#include "../../bench/tally.h"

#include "../harness.h"

#define NR_THREADS 4
#define NR_IDS	   4000u

/* Thread number n has every NR_THREADS-th id, but for what is to go wrong. */
static uint64_t lost = UINT64_MAX, doubled = UINT64_MAX;

static void *run_share(void *first)
{
	for (uint64_t id = (uintptr_t)first; id < NR_IDS; id += NR_THREADS) {
		if (id != lost)
			tally_job(id);
		if (id == doubled)
			tally_job(id);
	}
	return NULL;
}

static bool is_exact(void)
{
	pthread_t threads[NR_THREADS];

	for (uintptr_t i = 0; i < NR_THREADS; i++)
		threads[i] = thread_start(run_share, (void *)i);
	for (unsigned i = 0; i < NR_THREADS; i++)
		thread_join(threads[i]);
	return tally_is_exact("tally", "this test", NR_IDS);
}

TEST(jobs_that_all_ran_once_are_exact)
{
	CHECK(is_exact());
	CHECK_EQ(tally_sum().count, NR_IDS);
}

TEST(a_lost_job_is_noticed)
{
	lost = 0; /* even the one whose hash adds nothing to the sum */
	CHECK(!is_exact());
}

TEST(a_job_that_ran_twice_is_noticed)
{
	doubled = 1234;
	CHECK(!is_exact());
}

TEST(a_job_in_place_of_another_is_noticed)
{
	lost = 17;
	doubled = 18;
	CHECK(!is_exact());
	CHECK_EQ(tally_sum().count, NR_IDS);
}
