/* SPDX-License-Identifier: MIT */
/*
 * Tickets of a whole pool that begin shortly before they wrap or change sign,
 * and pass that in the middle of everything. A pool at rest is set forward from
 * the inside. Tickets of the ring have 32 bits and wrap. Those of lanes have
 * 64, and no machine lives to see them wrap: they are tried just below.
 */
#include <errno.h>

#include "../../runtime/pool.h"
#include "../../runtime/ring.h"
#include "../support.h"

enum { NR_WORKERS = 2, NR_SUBMITTERS = 3, NR_BURSTS = 8, BURST = 400 };

struct scene {
	struct rota_pool *pool;
	atomic_uint ran;
	struct latch have_lanes, may_go;
};

static void nested_run(void *arg)
{
	struct scene *scene = arg;

	CHECK_EQ(rota_submit(scene->pool, count_run, &scene->ran), 0);
	count_run(&scene->ran);
}

static void lane_to(struct lane *lane, uint64_t ticket)
{
	uint64_t step = ticket - atomic_load(&lane->tail);

	atomic_store(&lane->head, ticket);
	atomic_store(&lane->tail, ticket);
	lane->last->first = ticket;
	CHECK(lane_make_room(lane));
	/* what was not submitted is not counted */
	atomic_fetch_add(&lane->uncounted, step);
}

/* All lanes that there are, nobody being in them. */
static void lanes_to(struct lanes *lanes, uint64_t ticket)
{
	for (unsigned i = lanes_nr(lanes); i--;)
		lane_to(lanes_at(lanes, i), ticket);
	for (unsigned i = 0; i < NR_WORKERS; i++) {
		lane_to(&lanes->takers[i].nested.lane, ticket);
		lane_to(&lanes->takers[i].moved.lane, ticket);
	}
}

/* The ring of a pool at rest. */
static void ring_to(struct ring *ring, unsigned ticket)
{
	CHECK_EQ(ring_count(ring), 0);
	ck_pr_store_uint(&ring->ck.c_head, ticket);
	ck_pr_store_uint(&ring->ck.p_tail, ticket);
	ck_pr_store_uint(&ring->ck.p_head, ticket);
	atomic_store(&ring->seen_c_head, ticket);
}

/* The first job claims a lane, which grows later. */
static void *submitter_run(void *arg)
{
	struct scene *scene = arg;
	struct rota_job jobs[BURST];
	size_t accepted;

	CHECK_EQ(rota_submit(scene->pool, count_run, &scene->ran), 0);
	latch_down(&scene->have_lanes);
	latch_wait(&scene->may_go);
	for (unsigned i = 0; i < BURST; i++)
		jobs[i] = (struct rota_job){i % 4 ? count_run : nested_run,
				i % 4 ? (void *)&scene->ran : (void *)scene};
	for (unsigned burst = 0; burst < NR_BURSTS; burst++)
		for (unsigned done = 0; done < BURST;) {
			if (burst % 2) {
				CHECK_EQ(rota_submit_many(scene->pool,
							 jobs + done,
							 BURST - done,
							 &accepted),
						0);
				done += (unsigned)accepted;
			} else {
				CHECK_EQ(rota_submit(scene->pool,
							 jobs[done].run,
							 jobs[done].arg),
						0);
				done++;
			}
		}
	return NULL;
}

/* One pool whose tickets begin there. */
static void pass(const struct rota_options *options, uint64_t ticket)
{
	unsigned nr = NR_SUBMITTERS * (1 + NR_BURSTS * (BURST + BURST / 4));
	struct scene scene = {.pool = make_pool_with(options)};
	struct channel *channel = &scene.pool->channel;
	pthread_t threads[NR_SUBMITTERS];

	latch_init(&scene.have_lanes, NR_SUBMITTERS);
	latch_init(&scene.may_go, 1);
	for (unsigned i = 0; i < NR_SUBMITTERS; i++)
		threads[i] = thread_start(submitter_run, &scene);
	latch_wait(&scene.have_lanes);
	check_rest(scene.pool);
	wait_all_parked(scene.pool);
	if (channel_has_lanes(channel))
		lanes_to(&channel->lanes, ticket);
	else
		ring_to(channel->chain.first, (unsigned)ticket);
	latch_down(&scene.may_go);
	for (unsigned i = 0; i < NR_SUBMITTERS; i++)
		thread_join(threads[i]);
	CHECK(wait_until(atomic_load(&scene.ran) == nr, TEST_WAIT_MS));
	check_rest(scene.pool);
	CHECK_EQ(stats_of(scene.pool).submitted, nr);
	CHECK_EQ(rota_pool_close(scene.pool), 0);
	CHECK_EQ(rota_submit(scene.pool, count_run, &scene.ran), -ESHUTDOWN);
	end_pool(scene.pool);
}

/* So that some pass it early, some late, some when they are closed. */
static void pass_all(enum rota_channel channel, unsigned capacity,
		const uint64_t *edges, unsigned nr_edges)
{
	struct rota_options o = {
			.workers = NR_WORKERS,
			.channel = channel,
			.capacity = capacity,
	};
	struct rng rng;

	rng_init(&rng, capacity + channel);
	for (unsigned round = 0; round < 12; round++) {
		unsigned before = rng_below(&rng, round % 3 ? 16000 : 300);

		pass(&o, edges[round % nr_edges] - before);
	}
}

TEST_WITHIN(lanes_pass_tickets_of_32_and_63_bits_and_come_near_64, 60)
{
	static const uint64_t edges[] = {1ull << 32, 1ull << 63,
			UINT64_MAX - (1 << 20), 1ull << 31};

	pass_all(ROTA_CHANNEL_LANES, 0, edges, 4);
}

TEST_WITHIN(a_ring_that_grows_passes_tickets_of_31_and_32_bits, 60)
{
	static const uint64_t edges[] = {1ull << 32, 1ull << 31};

	pass_all(ROTA_CHANNEL_RING, 0, edges, 2);
}

TEST_WITHIN(a_ring_that_blocks_passes_tickets_of_31_and_32_bits, 60)
{
	static const uint64_t edges[] = {1ull << 32, 1ull << 31};

	pass_all(ROTA_CHANNEL_RING, 24, edges, 2);
}
