/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_FORKED_H
#define TESTS_UNIT_FORKED_H
/* Pools across a fork: what both programs about it share. */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

static atomic_uint nr_ran, nr_dropped;
static enum rota_drop_reason expected = ROTA_DROP_FORK;

static inline void drop(void *arg, enum rota_drop_reason reason)
{
	(void)arg;
	CHECK_EQ(reason, expected);
	atomic_fetch_add(&nr_dropped, 1);
}

static inline void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	CHECK(job->run == count_run && job->arg == &nr_ran);
	drop(hook_arg, reason);
}

static inline struct rota_options options_of(
		unsigned workers, unsigned capacity)
{
	return (struct rota_options){
			.size = sizeof(struct rota_options),
			.workers = workers,
			.capacity = capacity,
			.full_policy = ROTA_FULL_FAIL,
			.on_drop = on_drop,
	};
}

static inline struct rota_pool *make(unsigned workers, unsigned capacity)
{
	struct rota_options options = options_of(workers, capacity);

	return make_pool_with(&options);
}

static inline void check_child(pid_t pid)
{
	int status;

	CHECK(pid > 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0);
}

static inline void need_threads_after_fork(void)
{
	if (TEST_TSAN)
		test_skip("no threads after a fork under this sanitizer");
}

/* Prepared; 0 in the child, whose pool works then. */
static inline pid_t fork_with(struct rota_pool *pool)
{
	pid_t pid;

	CHECK_EQ(rota_fork_prepare(pool, in_ms(TEST_WAIT_MS)), 0);
	pid = fork();
	if (pid) {
		CHECK_EQ(rota_fork_parent(pool), 0);
		return pid;
	}
	alarm(15 * TEST_SLOW); /* a hang is a death by SIGALRM */
	CHECK_EQ(rota_fork_parent(pool), -EOWNERDEAD);
	CHECK_EQ(rota_submit(pool, count_run, &nr_ran), -EOWNERDEAD);
	CHECK_EQ(rota_fork_child(pool), 0);
	CHECK_EQ(rota_fork_child(pool), -EPERM);
	return 0;
}

/* The child's pool, in which so many jobs were dropped. */
static inline void check_new(struct rota_pool *pool, unsigned dropped)
{
	struct rota_stats stats = stats_of(pool);

	CHECK_EQ(atomic_load(&nr_dropped), dropped);
	CHECK_EQ(atomic_load(&nr_ran), 0);
	CHECK_EQ(stats.ran, 0);
	CHECK_EQ(stats.queued, 0);
	CHECK_EQ(stats.submitted, stats.dropped);
}

static inline void use(struct rota_pool *pool)
{
	unsigned before = atomic_load(&nr_ran);

	for (unsigned i = 0; i < 100; i++) {
		if (i % 8 == 7)
			check_rest(pool);
		CHECK_EQ(rota_submit(pool, count_run, &nr_ran), 0);
	}
	check_rest(pool);
	CHECK_EQ(atomic_load(&nr_ran), before + 100);
}

/* And end the child. */
static inline void use_up(struct rota_pool *pool)
{
	use(pool);
	CHECK_EQ(rota_pool_destroy(pool), 0);
	CHECK_EQ(rota_pool_destroy(pool), -EINVAL);
	_exit(0);
}

#endif
