/* SPDX-License-Identifier: MIT */
/* The chain of rings, from the inside: growth, order, close, memory. */
#include <errno.h>
#include <string.h>

#include "../../runtime/chain.h"
#include "../../runtime/tune.h"
#include "../harness.h"

static enum chain_result push(struct chain *chain, uintptr_t id)
{
	struct rota_job job = {NULL, (void *)id};
	size_t pushed;

	return chain_push(chain, &job, 1, &pushed);
}

static uintptr_t pop(struct chain *chain)
{
	struct rota_job job;

	return chain_pop(chain, &job) ? (uintptr_t)job.arg : 0;
}

TEST(an_unbounded_chain_grows_and_keeps_the_order)
{
	struct chain chain;
	uintptr_t in = 0, out = 0;

	CHECK_EQ(chain_init(&chain, 0), 0);
	CHECK_EQ(chain_look(&chain), CHAIN_IS_EMPTY);
	/* two in, one out: through several rings while both ends move */
	for (unsigned i = 0; i < 200000; i++) {
		CHECK_EQ(push(&chain, ++in), CHAIN_OK);
		CHECK_EQ(push(&chain, ++in), CHAIN_OK);
		CHECK_EQ(pop(&chain), ++out);
	}
	CHECK_EQ(chain_queued(&chain), in - out);
	CHECK_EQ(chain_accepted(&chain), in);
	CHECK_EQ(chain_look(&chain), CHAIN_HAS_WORK);
	while (out < in)
		CHECK_EQ(pop(&chain), ++out);
	CHECK_EQ(pop(&chain), 0);
	CHECK_EQ(chain_look(&chain), CHAIN_IS_EMPTY);
	chain_fini(&chain);
}

TEST(many_jobs_at_once_pass_the_end_of_a_ring_in_order)
{
	enum { N = 5 * RING_FIRST_SLOTS };
	static struct rota_job jobs[N];
	struct chain chain;
	size_t done = 0, pushed;

	CHECK_EQ(chain_init(&chain, 0), 0);
	for (uintptr_t i = 0; i < N; i++)
		jobs[i].arg = (void *)(i + 1);
	for (; done < N; done += pushed)
		CHECK_EQ(chain_push(&chain, jobs + done, N - done, &pushed),
				CHAIN_OK);
	for (uintptr_t i = 0; i < N; i++)
		CHECK_EQ(pop(&chain), i + 1);
	chain_fini(&chain);
}

TEST(a_bounded_chain_never_grows)
{
	struct chain chain;

	CHECK_EQ(chain_init(&chain, 3), 0);
	for (uintptr_t i = 1; i <= 3; i++)
		CHECK_EQ(push(&chain, i), CHAIN_OK);
	CHECK_EQ(push(&chain, 4), CHAIN_IS_FULL);
	CHECK_EQ(pop(&chain), 1);
	CHECK_EQ(push(&chain, 4), CHAIN_OK);
	CHECK_EQ(push(&chain, 5), CHAIN_IS_FULL);
	chain_fini(&chain);
}

TEST(the_largest_chain_works_or_there_is_no_memory)
{
	struct chain chain;
	int error = chain_init(&chain, ROTA_MAX_CAPACITY);

	if (error) {
		CHECK_EQ(error, -ENOMEM);
		test_skip("no address space for it");
	}
	for (uintptr_t i = 1; i <= 3; i++)
		CHECK_EQ(push(&chain, i), CHAIN_OK);
	CHECK_EQ(pop(&chain), 1);
	chain_close(&chain);
	CHECK_EQ(push(&chain, 4), CHAIN_IS_CLOSED);
	CHECK_EQ(pop(&chain), 2);
	CHECK_EQ(pop(&chain), 3);
	CHECK_EQ(chain_look(&chain), CHAIN_IS_FINISHED);
	chain_fini(&chain);
}

TEST(a_closed_chain_is_finished_only_when_drained)
{
	enum { N = 2 * RING_FIRST_SLOTS }; /* two rings */
	struct chain chain;

	CHECK_EQ(chain_init(&chain, 0), 0);
	for (uintptr_t i = 1; i <= N; i++)
		CHECK_EQ(push(&chain, i), CHAIN_OK);
	chain_close(&chain);
	chain_close(&chain);
	CHECK_EQ(push(&chain, 1), CHAIN_IS_CLOSED);
	for (uintptr_t i = 1; i <= N; i++) {
		CHECK_EQ(chain_look(&chain), CHAIN_HAS_WORK);
		CHECK_EQ(pop(&chain), i);
	}
	CHECK_EQ(chain_look(&chain), CHAIN_IS_FINISHED);
	CHECK_EQ(pop(&chain), 0);
	CHECK_EQ(push(&chain, 1), CHAIN_IS_CLOSED);
	CHECK_EQ(chain_accepted(&chain), N);
	chain_fini(&chain);
}

TEST(rings_that_were_left_give_their_memory_back)
{
	enum { N = 1 << 20, RING_BYTES = 2 * N * 16 };
	struct chain chain;
	long before;

	CHECK_EQ(chain_init(&chain, 0), 0);
	before = resident_bytes();
	for (uintptr_t i = 1; i <= N; i++)
		CHECK_EQ(push(&chain, i), CHAIN_OK);
	for (uintptr_t i = 1; i <= N; i++)
		CHECK_EQ(pop(&chain), i);
	/* the last ring alone may stay: it held half of the jobs */
	if (!TEST_TSAN && !TEST_ASAN)
		CHECK(resident_bytes() < before + RING_BYTES / 2);
	chain_fini(&chain);
}

struct racer {
	struct chain *chain;
	uintptr_t id;
	unsigned accepted;
};

static void *submit_until_closed(void *arg)
{
	struct racer *racer = arg;

	while (push(racer->chain, racer->id << 32 | (racer->accepted + 1)) ==
			CHAIN_OK)
		racer->accepted++;
	return NULL;
}

TEST(what_was_accepted_before_a_close_comes_out_once_in_order)
{
	for (unsigned round = 0; round < 30; round++) {
		struct racer racers[3];
		unsigned last[3] = {0};
		struct chain chain;
		pthread_t threads[3];
		uintptr_t got;

		CHECK_EQ(chain_init(&chain, 0), 0);
		for (unsigned i = 0; i < 3; i++) {
			racers[i] = (struct racer){&chain, i, 0};
			threads[i] = thread_start(
					submit_until_closed, &racers[i]);
		}
		sleep_ns(NS_PER_MS / 2 * (round % 5));
		chain_close(&chain);
		for (unsigned i = 0; i < 3; i++)
			thread_join(threads[i]);
		while ((got = pop(&chain)))
			CHECK_EQ(got & UINT32_MAX, ++last[got >> 32]);
		for (unsigned i = 0; i < 3; i++)
			CHECK_EQ(last[i], racers[i].accepted);
		CHECK_EQ(chain_look(&chain), CHAIN_IS_FINISHED);
		chain_fini(&chain);
	}
}
