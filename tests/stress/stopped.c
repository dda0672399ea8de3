/* SPDX-License-Identifier: MIT */
/*
 * A thread stops wherever it is, in the middle of a submit or of a worker's
 * round, for as long as we like: what the others can do meanwhile is what
 * rota.h and runtime/README.md promise. With delays at points, so that it often
 * stops inside.
 */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../runtime/tune.h"
#include "../support.h"
#include "delays.h"

enum {
	NR_OTHERS = 200,
	GATE_MS = 20, /* whoever is not through by then waits for the gate */
	/* that lie behind a stopped searcher, or one who stopped when it was
	 * about to wake a worker, until somebody else is told; and what a
	 * stopped worker has in hand */
	BEHIND_SEARCHER = BACKLOG_PER_WORKER + 2 * BACKLOG_LOOK_EVERY,
	IN_HAND = LANE_BATCH + 1,
	NR_MANY = 4 * BACKLOG_PER_WORKER,
};

static _Atomic uint32_t stops; /* a futex: 1: stay where you are */
static atomic_bool is_stopped;

static void stop_here(int sig)
{
	int saved = errno;

	(void)sig;
	atomic_store(&is_stopped, true);
	while (atomic_load(&stops))
		syscall(SYS_futex, &stops, FUTEX_WAIT_PRIVATE, 1, NULL, NULL,
				0);
	atomic_store(&is_stopped, false);
	errno = saved;
}

static void handle_stops(void)
{
	struct sigaction action = {.sa_handler = stop_here};

	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
}

static void stop(pthread_t thread)
{
	atomic_store(&stops, 1);
	CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
	CHECK(wait_until(atomic_load(&is_stopped), TEST_WAIT_MS));
}

static void go_on(void)
{
	atomic_store(&stops, 0);
	syscall(SYS_futex, &stops, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	CHECK(wait_until(!atomic_load(&is_stopped), TEST_WAIT_MS));
}

struct scene {
	struct rota_pool *pool;
	atomic_uint ran, accepted; /* of the victim */
	atomic_uint others_ran;
	atomic_bool is_over;
	pthread_t victim, worker;
};

static void *victim_run(void *arg)
{
	struct scene *scene = arg;

	while (!atomic_load(&scene->is_over)) {
		CHECK_EQ(rota_submit(scene->pool, count_run, &scene->ran), 0);
		atomic_fetch_add(&scene->accepted, 1);
		if (stats_of(scene->pool).queued > 1000)
			sleep_ns(100000);
	}
	return NULL;
}

static void scene_begin(struct scene *scene, enum rota_channel channel)
{
	struct rota_options o = {.workers = 2, .channel = channel};

	handle_stops();
	scene->pool = make_pool_with(&o);
	scene->victim = thread_start(victim_run, scene);
}

static void scene_end(struct scene *scene)
{
	atomic_store(&scene->is_over, true);
	thread_join(scene->victim);
	CHECK(wait_until(atomic_load(&scene->ran) ==
					 atomic_load(&scene->accepted),
			TEST_WAIT_MS));
	check_rest(scene->pool);
	end_pool(scene->pool);
}

/* Their submits never wait, and their jobs run, but for some if the victim stopped
 * between taking a worker off the stack and waking it. */
TEST_WITHIN(a_submitter_stopped_in_its_lane_lets_others_submit_and_their_jobs_run,
		60)
{
	uint64_t end = stress_end_ns();
	unsigned nr = 0, rounds = 0, nr_behind = 0;
	struct scene scene = {0};
	struct rng rng;

	rng_init(&rng, 1);
	scene_begin(&scene, ROTA_CHANNEL_LANES);
	do {
		sleep_ns(rng_below(&rng, 300000));
		stop(scene.victim);
		for (unsigned i = 0; i < NR_MANY; i++)
			CHECK_EQ(rota_submit(scene.pool, count_run,
						 &scene.others_ran),
					0);
		nr += NR_MANY;
		CHECK(wait_until(
				atomic_load(&scene.others_ran) +
								BEHIND_SEARCHER >=
						nr,
				TEST_WAIT_MS));
		sleep_ns(NS_PER_MS); /* for the note alone */
		nr_behind += atomic_load(&scene.others_ran) != nr;
		CHECK(atomic_load(&is_stopped));
		go_on();
		CHECK(wait_until(atomic_load(&scene.others_ran) == nr,
				TEST_WAIT_MS));
		rounds++;
	} while (now_ns() < end);
	scene_end(&scene);
	test_note("%u stops, jobs waited behind %u of them", rounds, nr_behind);
}

struct other {
	struct scene *scene;
	struct latch done;
};

static void *other_run(void *arg)
{
	struct other *self = arg;

	for (unsigned i = 0; i < NR_OTHERS; i++)
		CHECK_EQ(rota_submit(self->scene->pool, count_run,
					 &self->scene->others_ran),
				0);
	latch_down(&self->done);
	return NULL;
}

/* While the victim is stopped. Returns whether it held the gate. */
static bool others_do_what_they_can(struct scene *scene, unsigned nr)
{
	struct other other = {.scene = scene};
	pthread_t thread;
	bool is_held;

	latch_init(&other.done, 1);
	thread = thread_start(other_run, &other);
	is_held = !latch_wait_ms(&other.done, GATE_MS * TEST_SLOW);
	/* workers do not wait: what was committed runs, as above */
	CHECK(wait_until(stats_of(scene->pool).queued <=
					 (is_held ? 0 : BEHIND_SEARCHER),
			TEST_WAIT_MS));
	CHECK(atomic_load(&is_stopped));
	go_on();
	latch_wait(&other.done);
	thread_join(thread);
	CHECK(wait_until(atomic_load(&scene->others_ran) == nr, TEST_WAIT_MS));
	return is_held;
}

TEST_WITHIN(a_submitter_stopped_in_the_ring_holds_up_submitters_and_no_worker,
		60)
{
	uint64_t end = stress_end_ns();
	unsigned rounds = 0, nr_held = 0;
	struct scene scene = {0};
	struct rng rng;

	rng_init(&rng, 2);
	delays_only_in("ring.h");
	scene_begin(&scene, ROTA_CHANNEL_RING);
	do {
		sleep_ns(rng_below(&rng, 300000));
		stop(scene.victim);
		rounds++;
		nr_held += others_do_what_they_can(&scene, rounds * NR_OTHERS);
	} while (now_ns() < end || (!nr_held && rounds < 1000));
	scene_end(&scene);
	CHECK(nr_held > 0);
	test_note("%u stops, %u of them with the gate", rounds, nr_held);
}

static int let_signals_in(void *hook_arg, unsigned worker)
{
	struct scene *scene = hook_arg;
	sigset_t set;

	if (worker == 0) {
		scene->worker = pthread_self();
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
	}
	return 0;
}

/* All but what it has in hand runs, if it goes on or not. */
static void stop_worker(enum rota_channel channel)
{
	struct scene scene = {0};
	struct rota_options o = {
			.workers = 3,
			.channel = channel,
			.on_start = let_signals_in,
			.hook_arg = &scene,
	};
	uint64_t end = stress_end_ns();
	unsigned nr = 0, rounds = 0, most = 0;
	struct rng rng;

	rng_init(&rng, 3);
	handle_stops();
	scene.pool = make_pool_with(&o);
	do {
		unsigned before = rng_below(&rng, 400);

		for (unsigned i = 0; i < before + NR_MANY; i++) {
			if (i == before)
				stop(scene.worker);
			CHECK_EQ(rota_submit(scene.pool, count_run, &scene.ran),
					0);
			nr++;
		}
		CHECK(wait_until(atomic_load(&scene.ran) + BEHIND_SEARCHER +
								 IN_HAND >=
						 nr,
				TEST_WAIT_MS));
		sleep_ns(NS_PER_MS); /* for the note alone */
		if (nr - atomic_load(&scene.ran) > most)
			most = nr - atomic_load(&scene.ran);
		if (!rota_pool_drain(scene.pool, 0))
			CHECK_EQ(atomic_load(&scene.ran), nr);
		go_on();
		CHECK(wait_until(atomic_load(&scene.ran) == nr, TEST_WAIT_MS));
		check_rest(scene.pool);
		rounds++;
	} while (now_ns() < end);
	end_pool(scene.pool);
	test_note("%u stops, with %u jobs behind one at most", rounds, most);
}

TEST_WITHIN(a_worker_stopped_on_its_round_keeps_one_batch_of_lanes, 60)
{
	stop_worker(ROTA_CHANNEL_LANES);
}

TEST_WITHIN(a_worker_stopped_on_its_round_keeps_one_job_of_the_ring, 60)
{
	stop_worker(ROTA_CHANNEL_RING);
}
