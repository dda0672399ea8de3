/* SPDX-License-Identifier: MIT */
/* Pools that live for a few jobs; destroy races the end of the last one. */
#include <errno.h>
#include <sched.h>

#include "../support.h"

struct life {
	struct rota_pool *pool;
	atomic_uint ran;
	unsigned touched; /* plain: the last job against what follows destroy */
};

static void last_run(void *arg)
{
	struct life *life = arg;

	atomic_fetch_add(&life->ran, 1);
	life->touched++;
}

static void each_life(bool quiesce, uint64_t stream)
{
	uint64_t end = stress_end_ns();
	unsigned nr = 0, jobs, i;
	struct watchdog dog;
	struct rng rng;

	rng_init(&rng, stream);
	watchdog_start(&dog, NULL);
	do {
		struct life life = {0};

		life.pool = make_pool(1 + rng_below(&rng, 4),
				rng_below(&rng, 2) ? 0 : 4, ROTA_FULL_BLOCK);
		jobs = rng_below(&rng, 6);
		for (i = 0; i < jobs; i++)
			CHECK_EQ(rota_submit(life.pool, count_run, &life.ran),
					0);
		if (quiesce) {
			/* the job has counted itself, it has not ended */
			while (atomic_load(&life.ran) < jobs)
				sched_yield();
		} else if (jobs == 0) {
			CHECK_EQ(rota_submit(life.pool, last_run, &life), 0);
			jobs = 1;
		}
		if (rng_below(&rng, 8) == 0)
			sleep_ns(rng_below(&rng, 100000));
		end_pool(life.pool);
		CHECK_EQ(atomic_load(&life.ran), jobs);
		life.touched++;
		watchdog_feed(&dog);
		nr++;
	} while (now_ns() < end);
	watchdog_stop(&dog);
	test_note("%u pools", nr);
}

TEST_WITHIN(destroy_races_the_end_of_the_last_job_after_a_quiesce, 60)
{
	each_life(true, 1);
}

TEST_WITHIN(destroy_drains_what_was_submitted_the_instant_before, 60)
{
	each_life(false, 2);
}

struct owner {
	struct rng rng;
	struct watchdog *dog;
	uint64_t end;
	pthread_t thread;
};

static void *owner_run(void *arg)
{
	struct owner *owner = arg;

	do {
		struct rota_pool *pool =
				make_pool(1 + rng_below(&owner->rng, 3), 0,
						ROTA_FULL_FAIL);
		unsigned jobs = rng_below(&owner->rng, 20), i;
		atomic_uint ran = 0;

		for (i = 0; i < jobs; i++)
			CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		end_pool(pool);
		CHECK_EQ(atomic_load(&ran), jobs);
		watchdog_feed(owner->dog);
	} while (now_ns() < owner->end);
	return NULL;
}

TEST_WITHIN(pools_come_and_go_on_several_threads, 60)
{
	enum { NR = 6 };
	struct owner owners[NR];
	struct watchdog dog;
	uint64_t end = stress_end_ns();
	int i;

	watchdog_start(&dog, NULL);
	for (i = 0; i < NR; i++) {
		owners[i].dog = &dog;
		owners[i].end = end;
		rng_init(&owners[i].rng, 10 + (uint64_t)i);
		owners[i].thread = thread_start(owner_run, &owners[i]);
	}
	for (i = 0; i < NR; i++)
		thread_join(owners[i].thread);
	watchdog_stop(&dog);
}
