/* SPDX-License-Identifier: MIT */
/* The chain of rings, from the inside: growth, order, close, memory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../runtime/channel.h"
#include "../../runtime/tune.h"
#include "../harness.h"

static enum channel_result push(struct channel *channel, uintptr_t id)
{
	struct rota_job job = {NULL, (void *)id};
	size_t pushed;

	return channel_push(channel, &job, 1, &pushed);
}

static uintptr_t pop(struct channel *channel)
{
	struct rota_job job;

	return channel_pop(channel, &job) ? (uintptr_t)job.arg : 0;
}

TEST(an_unbounded_channel_grows_and_keeps_the_order)
{
	struct channel channel;
	uintptr_t in = 0, out = 0;

	CHECK_EQ(channel_init(&channel, 0), 0);
	CHECK_EQ(channel_look(&channel), CHANNEL_IS_EMPTY);
	/* two in, one out: through several rings while both ends move */
	for (unsigned i = 0; i < 200000; i++) {
		CHECK_EQ(push(&channel, ++in), CHANNEL_OK);
		CHECK_EQ(push(&channel, ++in), CHANNEL_OK);
		CHECK_EQ(pop(&channel), ++out);
	}
	CHECK_EQ(channel_queued(&channel), in - out);
	CHECK_EQ(channel_accepted(&channel), in);
	CHECK_EQ(channel_look(&channel), CHANNEL_HAS_WORK);
	while (out < in)
		CHECK_EQ(pop(&channel), ++out);
	CHECK_EQ(pop(&channel), 0);
	CHECK_EQ(channel_look(&channel), CHANNEL_IS_EMPTY);
	channel_fini(&channel);
}

TEST(many_jobs_at_once_pass_the_end_of_a_ring_in_order)
{
	enum { N = 5 * RING_FIRST_SLOTS };
	static struct rota_job jobs[N];
	struct channel channel;
	size_t done = 0, pushed;

	CHECK_EQ(channel_init(&channel, 0), 0);
	for (uintptr_t i = 0; i < N; i++)
		jobs[i].arg = (void *)(i + 1);
	for (; done < N; done += pushed)
		CHECK_EQ(channel_push(&channel, jobs + done, N - done, &pushed),
				CHANNEL_OK);
	for (uintptr_t i = 0; i < N; i++)
		CHECK_EQ(pop(&channel), i + 1);
	channel_fini(&channel);
}

TEST(a_bounded_channel_never_grows)
{
	struct channel channel;

	CHECK_EQ(channel_init(&channel, 3), 0);
	for (uintptr_t i = 1; i <= 3; i++)
		CHECK_EQ(push(&channel, i), CHANNEL_OK);
	CHECK_EQ(push(&channel, 4), CHANNEL_IS_FULL);
	CHECK_EQ(pop(&channel), 1);
	CHECK_EQ(push(&channel, 4), CHANNEL_OK);
	CHECK_EQ(push(&channel, 5), CHANNEL_IS_FULL);
	channel_fini(&channel);
}

TEST(the_largest_channel_works_or_there_is_no_memory)
{
	struct channel channel;
	int error = channel_init(&channel, ROTA_MAX_CAPACITY);

	if (error) {
		CHECK_EQ(error, -ENOMEM);
		test_skip("no address space for it");
	}
	for (uintptr_t i = 1; i <= 3; i++)
		CHECK_EQ(push(&channel, i), CHANNEL_OK);
	CHECK_EQ(pop(&channel), 1);
	channel_close(&channel);
	CHECK_EQ(push(&channel, 4), CHANNEL_IS_CLOSED);
	CHECK_EQ(pop(&channel), 2);
	CHECK_EQ(pop(&channel), 3);
	CHECK_EQ(channel_look(&channel), CHANNEL_IS_FINISHED);
	channel_fini(&channel);
}

TEST(a_closed_channel_is_finished_only_when_drained)
{
	enum { N = 2 * RING_FIRST_SLOTS }; /* two rings */
	struct channel channel;

	CHECK_EQ(channel_init(&channel, 0), 0);
	for (uintptr_t i = 1; i <= N; i++)
		CHECK_EQ(push(&channel, i), CHANNEL_OK);
	channel_close(&channel);
	channel_close(&channel);
	CHECK_EQ(push(&channel, 1), CHANNEL_IS_CLOSED);
	for (uintptr_t i = 1; i <= N; i++) {
		CHECK_EQ(channel_look(&channel), CHANNEL_HAS_WORK);
		CHECK_EQ(pop(&channel), i);
	}
	CHECK_EQ(channel_look(&channel), CHANNEL_IS_FINISHED);
	CHECK_EQ(pop(&channel), 0);
	CHECK_EQ(push(&channel, 1), CHANNEL_IS_CLOSED);
	CHECK_EQ(channel_accepted(&channel), N);
	channel_fini(&channel);
}

static size_t resident_bytes(void)
{
	unsigned long pages = 0;
	FILE *stream = fopen("/proc/self/statm", "r");

	CHECK(stream != NULL);
	CHECK_EQ(fscanf(stream, "%*u %lu", &pages), 1);
	fclose(stream);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

TEST(rings_that_were_left_give_their_memory_back)
{
	enum { N = 1 << 20, RING_BYTES = 2 * N * 16 };
	struct channel channel;
	size_t before;

	CHECK_EQ(channel_init(&channel, 0), 0);
	before = resident_bytes();
	for (uintptr_t i = 1; i <= N; i++)
		CHECK_EQ(push(&channel, i), CHANNEL_OK);
	for (uintptr_t i = 1; i <= N; i++)
		CHECK_EQ(pop(&channel), i);
	/* the last ring alone may stay: it held half of the jobs */
	if (!TEST_TSAN && !TEST_ASAN)
		CHECK(resident_bytes() < before + RING_BYTES / 2);
	channel_fini(&channel);
}

struct racer {
	struct channel *channel;
	uintptr_t id;
	unsigned accepted;
};

static void *submit_until_closed(void *arg)
{
	struct racer *racer = arg;

	while (push(racer->channel, racer->id << 32 | (racer->accepted + 1)) ==
			CHANNEL_OK)
		racer->accepted++;
	return NULL;
}

TEST(what_was_accepted_before_a_close_comes_out_once_in_order)
{
	for (unsigned round = 0; round < 30; round++) {
		struct racer racers[3];
		unsigned last[3] = {0};
		struct channel channel;
		pthread_t threads[3];
		uintptr_t got;

		CHECK_EQ(channel_init(&channel, 0), 0);
		for (unsigned i = 0; i < 3; i++) {
			racers[i] = (struct racer){&channel, i, 0};
			threads[i] = thread_start(
					submit_until_closed, &racers[i]);
		}
		sleep_ns(NS_PER_MS / 2 * (round % 5));
		channel_close(&channel);
		for (unsigned i = 0; i < 3; i++)
			thread_join(threads[i]);
		while ((got = pop(&channel)))
			CHECK_EQ(got & UINT32_MAX, ++last[got >> 32]);
		for (unsigned i = 0; i < 3; i++)
			CHECK_EQ(last[i], racers[i].accepted);
		CHECK_EQ(channel_look(&channel), CHANNEL_IS_FINISHED);
		channel_fini(&channel);
	}
}
