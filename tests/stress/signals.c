/* SPDX-License-Identifier: MIT */
/* A storm of signals at threads that submit and at workers that let signals in:
 * every call may be interrupted anywhere, and nothing is lost. Quiesce form. */
#include <errno.h>
#include <signal.h>

#include "../support.h"

enum { NR_WORKERS = 3, NR_SUBMITTERS = 3, BURST = 100 };

struct storm {
	struct rota_pool *pool;
	struct watchdog dog;
	pthread_t targets[NR_WORKERS + NR_SUBMITTERS];
	atomic_uint ran;
	atomic_uint accepted;
	uint64_t end;
	atomic_bool is_over;
	struct latch start;
};

static atomic_ulong nr_handled;

static void handler(int sig)
{
	int saved = errno;

	(void)sig;
	atomic_fetch_add_explicit(&nr_handled, 1, memory_order_relaxed);
	for (unsigned i = 0; i < 300; i++)
		atomic_signal_fence(memory_order_seq_cst);
	errno = saved;
}

static int let_signals_in(void *hook_arg, unsigned worker)
{
	struct storm *storm = hook_arg;
	sigset_t set;

	storm->targets[worker] = pthread_self();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return -pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void ran_run(void *arg)
{
	struct storm *storm = arg;

	count_run(&storm->ran);
	watchdog_feed(&storm->dog);
}

static void *submitter_run(void *arg)
{
	struct storm *storm = arg;

	latch_meet(&storm->start);
	while (now_ns() < storm->end) {
		for (unsigned i = 0; i < BURST; i++) {
			errno = EXDEV;
			CHECK_EQ(rota_submit(storm->pool, ran_run, storm), 0);
			CHECK_EQ(errno, EXDEV);
		}
		atomic_fetch_add(&storm->accepted, BURST);
		errno = EXDEV;
		CHECK_EQ(rota_pool_drain(storm->pool, ROTA_NO_DEADLINE), 0);
		CHECK_EQ(errno, EXDEV);
	}
	return NULL;
}

static void *storm_run(void *arg)
{
	struct storm *storm = arg;
	struct rng rng;

	rng_init(&rng, 1);
	while (!atomic_load(&storm->is_over)) {
		for (unsigned i = 0; i < 16; i++)
			pthread_kill(storm->targets[rng_below(&rng,
						     NR_WORKERS + NR_SUBMITTERS)],
					SIGUSR1);
		sleep_ns(rng_below(&rng, 50000));
	}
	return NULL;
}

static void endure(enum rota_channel channel, unsigned capacity)
{
	struct storm storm = {
			.end = now_ns() + (stress_end_ns() - now_ns()) / 3};
	struct sigaction action = {.sa_handler = handler}; /* no SA_RESTART */
	struct rota_options o = {
			.workers = NR_WORKERS,
			.channel = channel,
			.capacity = capacity,
			.on_start = let_signals_in,
			.hook_arg = &storm,
	};
	pthread_t thread;

	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	storm.pool = make_pool_with(&o);
	watchdog_start(&storm.dog, storm.pool);
	latch_init(&storm.start, NR_SUBMITTERS + 1);
	for (unsigned i = 0; i < NR_SUBMITTERS; i++)
		storm.targets[NR_WORKERS + i] =
				thread_start(submitter_run, &storm);
	thread = thread_start(storm_run, &storm);
	latch_meet(&storm.start);
	/* handles of threads stay good until they are joined */
	CHECK(wait_until(now_ns() > storm.end, TEST_WAIT_MS));
	atomic_store(&storm.is_over, true);
	thread_join(thread);
	for (unsigned i = 0; i < NR_SUBMITTERS; i++)
		thread_join(storm.targets[NR_WORKERS + i]);
	CHECK(wait_until(
			atomic_load(&storm.ran) == atomic_load(&storm.accepted),
			TEST_WAIT_MS));
	watchdog_stop(&storm.dog);
	check_rest(storm.pool);
	end_pool(storm.pool);
	CHECK(atomic_load(&nr_handled) > 0);
	test_note("%u jobs, %lu signals", atomic_load(&storm.ran),
			atomic_load(&nr_handled));
}

TEST_WITHIN(a_storm_at_submitters_and_workers_with_lanes, 60)
{
	endure(ROTA_CHANNEL_LANES, 0);
}

TEST_WITHIN(a_storm_at_submitters_and_workers_with_the_ring, 60)
{
	endure(ROTA_CHANNEL_RING, 0);
}

TEST_WITHIN(a_storm_at_submitters_and_workers_of_a_tiny_pool, 60)
{
	endure(ROTA_CHANNEL_RING, 3);
}
