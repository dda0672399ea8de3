/* SPDX-License-Identifier: MIT */
/*
 * Lost wake-ups: single jobs into pools that are just falling asleep, and
 * nothing but the next job's absence to rescue a sleeper. Quiesce form only;
 * a stop would wake everybody and hide the bug.
 */
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "../support.h"

enum { NR_TURNS = 1000000 };

static void turn_run(void *arg)
{
	atomic_fetch_add_explicit((atomic_uint *)arg, 1, memory_order_release);
}

/*
 * The dangerous moment is some ten nanoseconds long and follows the last job
 * closely, when the worker announces that it will sleep: most gaps aim there.
 */
static void gap(struct rng *rng)
{
	static const unsigned limits[] = {
			16, 64, 64, 256, 256, 256, 1000, 4000};
	unsigned kind = rng_below(rng, 256), turns;

	if (kind == 0)
		sleep_ns(rng_below(rng, 60000));
	else if (kind < 4)
		sched_yield();
	else
		for (turns = rng_below(rng, limits[kind % 8]); turns > 0;
				turns--)
			atomic_signal_fence(memory_order_seq_cst);
}

/* Spins at first: who yields comes back too late for that moment. */
static void await(atomic_uint *ran, unsigned nr)
{
	unsigned looks = 0;

	while (atomic_load_explicit(ran, memory_order_acquire) != nr)
		if (++looks > 4000)
			sched_yield();
}

static void ping_pong(unsigned workers, uint32_t spin_ns)
{
	struct rota_options o = {.workers = workers, .spin_ns = spin_ns};
	struct rota_pool *pool = make_pool_with(&o);
	uint64_t end = stress_end_ns();
	atomic_uint ran = 0;
	struct watchdog dog;
	struct rng rng;
	unsigned i, j, nr = 0;

	rng_init(&rng, workers);
	watchdog_start(&dog, pool);
	for (i = 0; i < NR_TURNS && now_ns() < end; i++) {
		unsigned burst =
				rng_below(&rng, 4) ? 1 : 1 + rng_below(&rng, 4);

		for (j = 0; j < burst; j++)
			CHECK_EQ(rota_submit(pool, turn_run, &ran), 0);
		nr += burst;
		await(&ran, nr);
		watchdog_feed(&dog);
		gap(&rng);
	}
	watchdog_stop(&dog);
	CHECK_EQ(stats_of(pool).ran <= nr, 1);
	test_note("%u turns", i);
	end_pool(pool);
}

TEST_WITHIN(single_jobs_always_wake_one_worker, 60)
{
	ping_pong(1, ROTA_SPIN_NONE);
}

TEST_WITHIN(single_jobs_always_wake_one_of_two_workers, 60)
{
	ping_pong(2, 0);
}

TEST_WITHIN(single_jobs_always_wake_one_of_four_workers, 60)
{
	ping_pong(4, 2000);
}

TEST_WITHIN(single_jobs_always_wake_one_of_sixteen_workers, 60)
{
	ping_pong(16, 0);
}

struct pair {
	struct rota_pool *pools[2];
	struct watchdog *dog;
	atomic_uint left;
	struct latch done;
};

static void bounce_run(void *arg)
{
	struct pair *pair = arg;
	unsigned left = atomic_fetch_sub(&pair->left, 1);

	watchdog_feed(pair->dog);
	if (left == 1)
		latch_down(&pair->done);
	else
		CHECK_EQ(rota_submit(pair->pools[left & 1], bounce_run, pair),
				0);
}

TEST_WITHIN(a_job_that_bounces_between_two_sleeping_pools_arrives, 60)
{
	uint64_t end = stress_end_ns();
	struct watchdog dog;
	struct pair pair = {.dog = &dog};
	unsigned nr = 0;

	pair.pools[0] = make_pool(1, 0, ROTA_FULL_FAIL);
	pair.pools[1] = make_pool(2, 0, ROTA_FULL_FAIL);
	watchdog_start(&dog, pair.pools[0]);
	do {
		latch_init(&pair.done, 1);
		atomic_store(&pair.left, 1000);
		CHECK_EQ(rota_submit(pair.pools[0], bounce_run, &pair), 0);
		latch_wait(&pair.done);
		nr++;
	} while (now_ns() < end);
	watchdog_stop(&dog);
	test_note("%u thousand bounces", nr);
	check_rest(pair.pools[0]);
	check_rest(pair.pools[1]);
	end_pool(pair.pools[0]);
	end_pool(pair.pools[1]);
}

/* A signal that makes a submitter sleep wherever it is, mid-submit too. */
static void stumble(int sig)
{
	struct timespec pause = {0, 2000000};

	(void)sig;
	nanosleep(&pause, NULL);
}

struct stumbler {
	struct rota_pool *pool;
	struct watchdog *dog;
	atomic_uint *ran;
	uint64_t end;
	atomic_bool is_over;
	unsigned nr_accepted;
	pthread_t thread;
};

static void *stumbler_run(void *arg)
{
	struct stumbler *self = arg;

	while (now_ns() < self->end) {
		CHECK_EQ(rota_submit(self->pool, turn_run, self->ran), 0);
		self->nr_accepted++;
		watchdog_feed(self->dog);
	}
	atomic_store(&self->is_over, true);
	return NULL;
}

TEST_WITHIN(submitters_that_stall_in_mid_submit_stop_the_others_for_no_longer,
		60)
{
	enum { NR = 4 };
	struct sigaction action;
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct stumbler stumblers[NR];
	atomic_uint ran = 0;
	unsigned accepted = 0;
	struct watchdog dog;
	struct rng rng;
	int i;

	memset(&action, 0, sizeof(action));
	action.sa_handler = stumble;
	action.sa_flags = SA_RESTART;
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	rng_init(&rng, 9);
	watchdog_start(&dog, pool);
	for (i = 0; i < NR; i++) {
		stumblers[i] = (struct stumbler){.pool = pool,
				.dog = &dog,
				.ran = &ran,
				.end = stress_end_ns()};
		stumblers[i].thread = thread_start(stumbler_run, &stumblers[i]);
	}
	while (!atomic_load(&stumblers[0].is_over)) {
		i = (int)rng_below(&rng, NR);
		if (!atomic_load(&stumblers[i].is_over))
			pthread_kill(stumblers[i].thread, SIGUSR1);
		sleep_ns(rng_below(&rng, 1000000));
	}
	for (i = 0; i < NR; i++) {
		thread_join(stumblers[i].thread);
		accepted += stumblers[i].nr_accepted;
	}
	CHECK(wait_until(atomic_load(&ran) == accepted, TEST_WAIT_MS));
	watchdog_stop(&dog);
	test_note("%u jobs", accepted);
	end_pool(pool);
}
