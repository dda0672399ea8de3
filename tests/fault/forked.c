/* SPDX-License-Identifier: MIT */
/* A forked child whose pool cannot be made anew: an error, and no pool. */
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"
#include "inject.h"

static atomic_uint nr_dropped;

static void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	(void)hook_arg;
	(void)job;
	CHECK_EQ(reason, ROTA_DROP_FORK);
	atomic_fetch_add(&nr_dropped, 1);
}

static struct rota_pool *make(void)
{
	static const cpu_set_t all = {{~0ul}};
	struct rota_options o = {
			.size = sizeof(o),
			.workers = 2,
			.cpu_set = &all,
			.cpu_set_bytes = sizeof(all),
			.on_drop = on_drop,
			.measure = 1,
			.watchdog_ns = 1000 * NS_PER_MS,
	};

	return make_pool_with(&o);
}

/* True: there was no k-th call. */
static bool begins_anew(struct rota_pool *pool, enum inject_kind kind,
		unsigned long k, int error)
{
	atomic_uint ran = 0;
	bool has_failed;
	int result;

	alarm(20 * TEST_SLOW);
	inject_reset();
	inject(kind, k, 1, error);
	result = rota_fork_child(pool);
	if (result) {
		CHECK(inject_failures(kind));
		CHECK_EQ(rota_fork_child(pool), -EOWNERDEAD);
		CHECK_EQ(rota_submit(pool, count_run, &ran), -EOWNERDEAD);
		CHECK_EQ(rota_pool_destroy(pool), -EOWNERDEAD);
		return false;
	}
	has_failed = inject_failures(kind);
	inject_reset();
	CHECK_EQ(atomic_load(&nr_dropped), 20);
	for (unsigned i = 0; i < 20; i++)
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), 20);
	end_pool(pool);
	return !has_failed;
}

/* Fails the k-th call in a child, until k calls are more than there are. */
static void sweep(enum inject_kind kind, int error)
{
	struct rota_pool *pool = make();
	bool is_over = false;

	if (TEST_TSAN)
		test_skip("no threads after a fork under this sanitizer");
	CHECK_EQ(rota_fork_prepare(pool, ROTA_NO_DEADLINE), 0);
	for (unsigned i = 0; i < 20; i++)
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
	for (unsigned long k = 1; k <= 40 && !is_over; k++) {
		int status;
		pid_t pid = fork();

		if (!pid)
			_exit(begins_anew(pool, kind, k, error) ? 0 : 2);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFEXITED(status));
		CHECK(WEXITSTATUS(status) != 1);
		is_over = WEXITSTATUS(status) == 0;
	}
	CHECK(is_over);
	CHECK_EQ(rota_fork_parent(pool), 0);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).ran, 20);
	end_pool(pool);
}

TEST(a_child_without_memory)
{
	sweep(INJECT_mmap, ENOMEM);
}

TEST(a_child_without_memory_for_what_is_small)
{
	sweep(INJECT_malloc, ENOMEM);
}

TEST(a_child_without_threads)
{
	sweep(INJECT_pthread_create, EAGAIN);
}

TEST(a_child_whose_pages_cannot_be_wiped)
{
	sweep(INJECT_madvise, EINVAL);
}
