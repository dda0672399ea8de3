/* SPDX-License-Identifier: MIT */
/* One gated ring, from the inside: states of the gate, limit, ticket wrap. */
#include <sched.h>
#include <stdlib.h>

#include "../../runtime/ring.h"
#include "../harness.h"

enum { SLOTS = 8 };

struct fixture {
	struct ring ring;
	struct rota_job slots[SLOTS];
};

/* A ring of 8 slots that holds `limit` jobs, its tickets starting at `start`. */
static struct fixture *make_ring(unsigned limit, unsigned start)
{
	struct fixture *f = aligned_alloc(CACHELINE, sizeof(*f));

	CHECK(f != NULL);
	memset(f, 0, sizeof(*f));
	ck_ring_init(&f->ring.ck, SLOTS);
	f->ring.ck.c_head = f->ring.ck.p_head = f->ring.ck.p_tail = start;
	atomic_init(&f->ring.seen_c_head, start);
	f->ring.limit = limit;
	f->ring.slots = f->slots;
	return f;
}

static struct rota_job job(uintptr_t id)
{
	return (struct rota_job){NULL, (void *)id};
}

static enum ring_push_result push(struct fixture *f, uintptr_t id)
{
	struct rota_job one = job(id);
	unsigned pushed = 0;
	enum ring_push_result result = ring_push(&f->ring, &one, 1, &pushed);

	CHECK_EQ(pushed, result == RING_PUSHED);
	return result;
}

static uintptr_t pop(struct fixture *f)
{
	struct rota_job popped = job(0);

	return ring_pop(&f->ring, &popped) ? (uintptr_t)popped.arg : 0;
}

TEST(a_ring_holds_exactly_its_limit_whatever_the_ticket)
{
	static const unsigned starts[] = {0, 5, UINT32_MAX - 20, UINT32_MAX};

	for (unsigned limit = 1; limit < SLOTS; limit++) {
		for (unsigned s = 0; s < 4; s++) {
			struct fixture *f = make_ring(limit, starts[s]);
			uintptr_t in = 0, out = 0;

			/* many turns, so that tickets pass 2^32 */
			for (unsigned turn = 0; turn < 50; turn++) {
				while (push(f, in + 1) == RING_PUSHED)
					in++;
				CHECK_EQ(in - out, limit);
				CHECK_EQ(ring_count(&f->ring), limit);
				CHECK_EQ(pop(f), out + 1);
				out++;
			}
			while (pop(f))
				out++;
			CHECK_EQ(in, out);
			CHECK_EQ(atomic_load_explicit(&f->ring.pushed,
						 memory_order_relaxed),
					in);
			free(f);
		}
	}
}

TEST(a_push_of_many_takes_what_fits)
{
	struct fixture *f = make_ring(5, UINT32_MAX - 2);
	struct rota_job jobs[7];
	unsigned pushed = 0;

	for (unsigned i = 0; i < 7; i++)
		jobs[i] = job(i + 1);
	CHECK_EQ(push(f, 100), RING_PUSHED);
	CHECK_EQ(ring_push(&f->ring, jobs, 7, &pushed), RING_PUSHED);
	CHECK_EQ(pushed, 4);
	CHECK_EQ(ring_push(&f->ring, jobs, 7, &pushed), RING_IS_FULL);
	CHECK_EQ(pop(f), 100);
	for (uintptr_t i = 1; i <= 4; i++)
		CHECK_EQ(pop(f), i);
	CHECK_EQ(pop(f), 0);
	free(f);
}

TEST(a_closed_ring_refuses_jobs_and_gives_up_those_it_has)
{
	static const unsigned starts[] = {0, UINT32_MAX - 3, UINT32_MAX};

	for (unsigned s = 0; s < 3; s++) {
		struct fixture *f = make_ring(3, starts[s]);

		CHECK_EQ(push(f, 1), RING_PUSHED);
		CHECK_EQ(push(f, 2), RING_PUSHED);
		CHECK(!ring_is_closed(&f->ring));
		CHECK(ring_close(&f->ring));
		CHECK(ring_is_closed(&f->ring));
		CHECK(!ring_close(&f->ring));
		CHECK_EQ(push(f, 3), RING_IS_CLOSED);
		CHECK_EQ(ring_count(&f->ring), 2);
		CHECK_EQ(pop(f), 1);
		CHECK_EQ(pop(f), 2);
		CHECK_EQ(pop(f), 0);
		CHECK_EQ(ring_count(&f->ring), 0);
		CHECK_EQ(push(f, 3), RING_IS_CLOSED);
		free(f);
	}
}

static void *push_behind_gate(void *f)
{
	CHECK_EQ(push(f, 2), RING_PUSHED);
	return NULL;
}

static void *commit_held(void *arg)
{
	struct fixture *f = arg;

	ck_pr_store_uint(&f->ring.ck.p_tail, 1);
	return NULL;
}

/* On one CPU: a real-time submitter waits for one of ordinary priority, which
 * gets no time while the other yields. */
static void *push_with_priority(void *arg)
{
	struct sched_param fifo = {.sched_priority = 1};
	struct fixture *f = arg;
	pthread_t ordinary;
	uint64_t began;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		test_skip("no CPU 0 for us");
	ordinary = thread_start(commit_held, f);
	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &fifo))
		test_skip("no real-time priority for us");
	began = now_ns();
	CHECK_EQ(push(f, 2), RING_PUSHED);
	CHECK(now_ns() - began < 500 * NS_PER_MS * TEST_SLOW);
	thread_join(ordinary);
	return NULL;
}

TEST(a_real_time_submitter_lets_an_ordinary_one_finish)
{
	struct fixture *f = make_ring(3, 0);

	f->slots[0] = job(1);
	ck_pr_store_uint(&f->ring.ck.p_head, 1); /* held */
	thread_join(thread_start(push_with_priority, f));
	CHECK_EQ(pop(f), 1);
	CHECK_EQ(pop(f), 2);
	free(f);
}

TEST(a_submitter_waits_for_who_holds_the_gate_and_workers_do_not)
{
	struct fixture *f = make_ring(3, 0);
	pthread_t other;
	unsigned head;

	CHECK_EQ(push(f, 1), RING_PUSHED);
	/* a submitter that was stopped between its CAS and its commit */
	f->slots[1] = job(7);
	ck_pr_store_uint(&f->ring.ck.p_head, 2);
	CHECK_EQ(ring_gate(&f->ring, &head), RING_HELD);
	other = thread_start(push_behind_gate, f);
	sleep_ns(20 * NS_PER_MS);
	CHECK_EQ(pop(f), 1);
	CHECK_EQ(pop(f), 0); /* neither the uncommitted one nor the waiting */
	ck_pr_store_uint(&f->ring.ck.p_tail, 2);
	thread_join(other);
	CHECK_EQ(pop(f), 7);
	CHECK_EQ(pop(f), 2);
	free(f);
}
