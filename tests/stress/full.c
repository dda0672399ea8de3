/* SPDX-License-Identifier: MIT */
/* Tiny capacities, every policy, many submitters, and a close in the middle. */
#include <errno.h>
#include <sched.h>

#include "../support.h"

enum { NR_SUBMITTERS = 8 };

struct round {
	struct rota_pool *pool;
	struct watchdog *dog;
	unsigned per_submitter;
	bool has_close;
	atomic_ulong accepted, ran, dropped;
	atomic_int queued_at_most;
};

struct submitter {
	struct round *round;
	struct rng rng;
	pthread_t thread;
};

static void leaf_run(void *arg)
{
	struct round *round = arg;

	atomic_fetch_add(&round->ran, 1);
	watchdog_feed(round->dog);
}

static void nest_run(void *arg)
{
	struct round *round = arg;
	int error = rota_submit(round->pool, leaf_run, round);

	if (error == 0)
		atomic_fetch_add(&round->accepted, 1);
	else
		CHECK(error == -EAGAIN || error == -ESHUTDOWN ||
				error == -EDEADLK);
	leaf_run(round);
}

static void note_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	struct round *round = job->arg;

	(void)hook_arg;
	CHECK_EQ(reason, ROTA_DROP_OVERLOAD);
	atomic_fetch_add(&round->dropped, 1);
	watchdog_feed(round->dog);
}

static void *submitter_run(void *arg)
{
	struct submitter *self = arg;
	struct round *round = self->round;
	rota_run_fn run;
	unsigned i;
	int error;

	for (i = 0; i < round->per_submitter; i++) {
		run = rng_below(&self->rng, 4) ? leaf_run : nest_run;
		switch (rng_below(&self->rng, 4)) {
		case 0:
			error = rota_submit_until(round->pool, run, round,
					now_ns() + rng_below(&self->rng,
								   200000));
			break;
		case 1:
			error = rota_try_submit(round->pool, run, round);
			break;
		default:
			error = rota_submit(round->pool, run, round);
			break;
		}
		if (error == -ESHUTDOWN) {
			CHECK(round->has_close);
			break;
		}
		CHECK(error == 0 || error == -EAGAIN || error == -ETIMEDOUT);
		if (error == 0)
			atomic_fetch_add(&round->accepted, 1);
		if (rng_below(&self->rng, 100) == 0)
			sched_yield();
	}
	return NULL;
}

static void one_round(struct rng *rng, struct watchdog *dog,
		enum rota_full_policy policy, bool has_close)
{
	struct round round = {.dog = dog, .has_close = has_close};
	struct submitter submitters[NR_SUBMITTERS];
	struct rota_options o = {
			.workers = 1 + rng_below(rng, 4),
			.capacity = 1 + rng_below(rng, 5),
			.full_policy = policy,
			.on_drop = note_drop,
	};
	struct rota_stats stats;
	int i;

	round.per_submitter = 200;
	round.pool = make_pool_with(&o);
	for (i = 0; i < NR_SUBMITTERS; i++) {
		submitters[i].round = &round;
		rng_init(&submitters[i].rng, rng_next(rng));
		submitters[i].thread =
				thread_start(submitter_run, &submitters[i]);
	}
	if (has_close) {
		sleep_ns(rng_below(rng, 2000000));
		CHECK_EQ(rota_pool_close(round.pool), 0);
	}
	for (i = 0; i < NR_SUBMITTERS; i++)
		thread_join(submitters[i].thread);
	check_rest(round.pool); /* quiesce: nothing stops the pool before */
	stats = stats_of(round.pool);
	CHECK_EQ(stats.submitted, atomic_load(&round.accepted));
	CHECK_EQ(stats.ran, atomic_load(&round.ran));
	CHECK_EQ(stats.dropped, atomic_load(&round.dropped));
	if (policy < ROTA_FULL_DROP_NEWEST)
		CHECK_EQ(stats.dropped, 0);
	end_pool(round.pool);
}

static void flood(enum rota_full_policy policy, bool has_close)
{
	uint64_t end = stress_end_ns();
	struct watchdog dog;
	unsigned nr = 0;
	struct rng rng;

	rng_init(&rng, policy * 2u + has_close);
	watchdog_start(&dog, NULL);
	do {
		one_round(&rng, &dog, policy, has_close);
		nr++;
	} while (now_ns() < end);
	watchdog_stop(&dog);
	test_note("%u rounds", nr);
}

#define FLOOD(name, policy)                                                    \
	TEST_WITHIN(a_tiny_pool_that_##name##_quiesces, 60)                    \
	{                                                                      \
		flood(policy, false);                                          \
	}                                                                      \
	TEST_WITHIN(a_tiny_pool_that_##name##_is_closed_in_the_middle, 60)     \
	{                                                                      \
		flood(policy, true);                                           \
	}

FLOOD(blocks, ROTA_FULL_BLOCK)
FLOOD(fails, ROTA_FULL_FAIL)
FLOOD(lets_the_caller_run, ROTA_FULL_CALLER_RUNS)
FLOOD(drops_the_newest, ROTA_FULL_DROP_NEWEST)
FLOOD(drops_the_oldest, ROTA_FULL_DROP_OLDEST)
