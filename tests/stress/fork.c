/* SPDX-License-Identifier: MIT */
/*
 * Forks, prepared, while threads submit in every way. The child's threads are
 * gone in the middle of whatever they did: its pool must work all the same, and
 * the parent's must not notice.
 */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

enum { NR_SUBMITTERS = 3, MAX_QUEUED = 3000 };

static struct rota_pool *pool;
static atomic_bool is_over;
static atomic_uint nr_accepted, nr_over, nr_forks;

static void over_run(void *arg)
{
	(void)arg;
	count_run(&nr_over);
}

static void over_drop(void *arg, enum rota_drop_reason reason)
{
	(void)reason;
	over_run(arg);
}

static void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)job;
	over_drop(hook_arg, reason);
}

static void breed_run(void *arg)
{
	atomic_fetch_add(&nr_accepted, 1);
	if (rota_submit(pool, over_run, arg))
		over_run(arg); /* closed, or no room */
	over_run(arg);
}

static int submit_group(struct rng *rng)
{
	unsigned nr = rng_below(rng, 20);
	struct rota_group group;
	int error = rota_group_init(&group, pool);

	if (error)
		return error;
	for (unsigned i = 0; i < nr; i++) {
		atomic_fetch_add(&nr_accepted, 1);
		error = rota_group_submit(&group, over_run, NULL);
		if (error)
			over_run(NULL);
	}
	CHECK_EQ(rota_group_wait(&group), 0);
	CHECK_EQ(rota_group_fini(&group), 0);
	over_run(NULL); /* for the caller's */
	return 0;
}

static int submit_with_handle(void)
{
	struct rota_job_options options = {.drop = over_drop};
	struct rota_handle *handle;
	int error = rota_submit_with(pool, over_run, NULL, &options, &handle);

	if (error)
		return error;
	if (rota_handle_cancel(handle) == -EBUSY) {
		error = rota_handle_wait_until(handle, ROTA_NO_DEADLINE, NULL);
		CHECK(error == 0 || error == -ECANCELED); /* to make room */
	}
	rota_handle_unref(handle);
	return 0;
}

static int submit_somehow(struct rng *rng, bool is_bounded)
{
	struct rota_job_options options = {.drop = over_drop};

	switch (rng_below(rng, 8)) {
	case 0:
		return rota_submit(pool, breed_run, NULL);
	case 1:
		return rota_submit_copy(pool, over_run, over_drop, "x", 1);
	case 2:
		return submit_group(rng);
	case 3:
		options.key = 1 + rng_below(rng, 5);
		return rota_submit_with(pool, over_run, NULL, &options, NULL);
	case 4:
		if (!is_bounded)
			options.priority = 1 + rng_below(rng, 2);
		return rota_submit_with(pool, over_run, NULL, &options, NULL);
	case 5:
		return submit_with_handle();
	case 6:
		return rota_submit_at(pool, over_run, NULL,
				now_ns() + rng_below(rng, 200000));
	default:
		return rota_submit(pool, over_run, NULL);
	}
}

struct submitter {
	unsigned stream;
	bool is_bounded;
	struct watchdog *dog;
};

static void *submit_main(void *arg)
{
	struct submitter *self = arg;
	struct rng rng;

	rng_init(&rng, self->stream);
	while (!atomic_load(&is_over)) {
		if (atomic_load(&nr_accepted) - atomic_load(&nr_over) >
				MAX_QUEUED) {
			sleep_ns(50000);
			continue;
		}
		atomic_fetch_add(&nr_accepted, 1);
		CHECK_EQ(submit_somehow(&rng, self->is_bounded), 0);
		watchdog_feed(self->dog);
	}
	return NULL;
}

static void be_a_child(bool is_bounded)
{
	unsigned before, nr = is_bounded ? 50 : 51;
	atomic_uint ran = 0;
	struct rota_stats stats;

	/* one knows no threads after a fork, the other leaves its own lock in the
	 * hands of a thread that the child does not have */
	if (TEST_TSAN || TEST_ASAN)
		_exit(0);
	alarm(20 * TEST_SLOW);
	CHECK_EQ(rota_fork_child(pool), 0);
	stats = stats_of(pool);
	CHECK_EQ(stats.ran, 0);
	CHECK_EQ(stats.submitted, stats.dropped);
	before = atomic_load(&nr_over);
	for (unsigned i = 0; i < 50; i++)
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	if (!is_bounded)
		CHECK_EQ(rota_submit_with(pool, count_run, &ran,
					 &(struct rota_job_options){.key = 3},
					 NULL),
				0);
	check_rest(pool);
	/* some may be dropped to make room */
	CHECK_EQ(atomic_load(&ran) + atomic_load(&nr_over) - before, nr);
	CHECK_EQ(rota_pool_destroy(pool), 0);
	_exit(0);
}

static void fork_once(bool is_bounded)
{
	int status;
	pid_t pid;

	CHECK_EQ(rota_fork_prepare(pool, in_ms(TEST_WAIT_MS)), 0);
	pid = fork();
	if (!pid)
		be_a_child(is_bounded);
	CHECK_EQ(rota_fork_parent(pool), 0);
	CHECK(pid > 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void *fork_main(void *arg)
{
	bool is_bounded = *(bool *)arg;

	while (!atomic_load(&is_over)) {
		fork_once(is_bounded);
		atomic_fetch_add(&nr_forks, 1);
	}
	return NULL;
}

/* A drain never sees that the pool stands still. */
static void *drain_main(void *arg)
{
	while (!atomic_load(&is_over))
		CHECK(rota_pool_drain(pool, in_ms(3)) != -EBUSY);
	return arg;
}

static void play(unsigned capacity, enum rota_full_policy policy)
{
	struct submitter submitters[NR_SUBMITTERS];
	struct rota_options options = {
			.size = sizeof(options),
			.workers = 3,
			.capacity = capacity,
			.full_policy = policy,
			.on_drop = on_drop,
			.watchdog_ns = 1000 * NS_PER_MS,
	};
	pthread_t threads[NR_SUBMITTERS], forker, drainer;
	bool is_bounded = capacity;
	uint64_t end_ns = stress_end_ns();
	struct watchdog dog;

	pool = make_pool_with(&options);
	watchdog_start(&dog, pool);
	for (unsigned i = 0; i < NR_SUBMITTERS; i++) {
		submitters[i] = (struct submitter){i + 1, is_bounded, &dog};
		threads[i] = thread_start(submit_main, &submitters[i]);
	}
	forker = thread_start(fork_main, &is_bounded);
	drainer = thread_start(drain_main, NULL);
	while (now_ns() < end_ns) {
		fork_once(is_bounded);
		atomic_fetch_add(&nr_forks, 1);
	}
	atomic_store(&is_over, true);
	for (unsigned i = 0; i < NR_SUBMITTERS; i++)
		thread_join(threads[i]);
	thread_join(forker);
	thread_join(drainer);
	CHECK(wait_until(atomic_load(&nr_over) == atomic_load(&nr_accepted),
			TEST_WAIT_MS));
	watchdog_stop(&dog);
	check_rest(pool);
	end_pool(pool);
	test_note("%u forks", atomic_load(&nr_forks));
}

TEST_WITHIN(forks_while_others_submit, 90)
{
	play(0, ROTA_FULL_BLOCK);
}

TEST_WITHIN(forks_while_others_wait_for_room, 90)
{
	play(4, ROTA_FULL_BLOCK);
}

TEST_WITHIN(forks_while_others_run_jobs_inline, 90)
{
	play(4, ROTA_FULL_CALLER_RUNS);
}

TEST_WITHIN(forks_while_others_drop_jobs, 90)
{
	play(4, ROTA_FULL_DROP_OLDEST);
}
