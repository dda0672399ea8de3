/* SPDX-License-Identifier: MIT */
/* A system that refuses membarrier(), from the start or later on: submits and
 * workers that go to sleep still see each other. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../support.h"

enum { NR_ROUNDS = 20000 / TEST_SLOW };

/* From now on, for each thread of this process. */
static void refuse_membarrier(int error)
{
	struct sock_filter code[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0,
					1),
			BPF_STMT(BPF_RET | BPF_K,
					SECCOMP_RET_ERRNO | (unsigned)error),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
			.len = sizeof(code) / sizeof(*code),
			.filter = code,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
			syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
					SECCOMP_FILTER_FLAG_TSYNC, &program))
		test_skip("seccomp is not permitted");
	CHECK_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0), -1);
	CHECK_EQ(errno, error);
}

/* The dangerous moment follows a job closely: see stress/wake.c. */
static void gap(struct rng *rng)
{
	unsigned turns = rng_below(rng, rng_below(rng, 4) ? 300 : 3000);

	while (turns--)
		atomic_signal_fence(memory_order_seq_cst);
}

static void await(atomic_uint *ran, unsigned nr)
{
	uint64_t end = in_ms(TEST_WAIT_MS);
	unsigned looks = 0;

	while (atomic_load_explicit(ran, memory_order_acquire) != nr)
		if (++looks > 2000) {
			sched_yield();
			CHECK(now_ns() < end);
		}
}

static void submit_twice_run(void *arg)
{
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(rota_submit(rota_self(), count_run, arg), 0);
}

static void use(struct rota_pool *pool)
{
	atomic_uint ran = 0;
	unsigned nr = 0;
	struct rng rng;

	rng_init(&rng, 1);
	for (unsigned round = 0; round < NR_ROUNDS; round++) {
		errno = EXDEV;
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		CHECK_EQ(errno, EXDEV);
		await(&ran, ++nr);
		gap(&rng);
	}
	for (unsigned round = 0; round < NR_ROUNDS / 10; round++) {
		CHECK_EQ(rota_submit(pool, submit_twice_run, &ran), 0);
		await(&ran, nr += 2);
		if (round % 16 == 0)
			check_rest(pool);
	}
	for (unsigned i = 0; i < 1000; i++)
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), nr + 1000);
	wait_all_parked(pool);
	CHECK_EQ(rota_pool_close(pool), 0);
	CHECK_EQ(rota_submit(pool, count_run, &ran), -ESHUTDOWN);
	end_pool(pool);
}

static void use_without(int error, bool is_refused_first)
{
	struct rota_pool *pools[3] = {NULL};

	if (is_refused_first)
		refuse_membarrier(error);
	for (unsigned i = 0; i < 3; i++)
		pools[i] = make_pool(1 + i, 0, ROTA_FULL_FAIL);
	if (!is_refused_first)
		refuse_membarrier(error);
	for (unsigned i = 0; i < 3; i++)
		use(pools[i]);
}

TEST(a_pool_works_where_membarrier_does_not_exist)
{
	use_without(ENOSYS, true);
}

TEST(a_pool_works_where_membarrier_is_forbidden)
{
	use_without(EPERM, true);
}

TEST(a_pool_works_on_when_membarrier_has_gone)
{
	use_without(ENOSYS, false);
}

TEST(a_pool_works_on_when_membarrier_was_forbidden_later)
{
	use_without(EPERM, false);
}
