/* SPDX-License-Identifier: MIT */
#include "life.h"

#include <sched.h>
#include <string.h>

#include "../support.h"
#include "inject.h"

enum {
	NR_WORKERS = 2,
	CAPACITY = 24,
	NR_BURST = 300,	    /* more than a lane's first ring holds */
	LARGE_BYTES = 5000, /* not from the cache */
};

struct life {
	struct life_options options;
	struct rota_pool *pool;
	atomic_ulong accepted, ran, dropped;
};

const char *const shape_names[NR_SHAPES] = {"lanes", "ring", "bounded"};

static void ran_run(void *arg)
{
	struct life *life = arg;

	atomic_fetch_add(&life->ran, 1);
}

static void copied_run(void *arg)
{
	struct life *life;

	memcpy(&life, arg, sizeof(life));
	ran_run(life);
}

static void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	struct life *life = hook_arg;

	(void)job;
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	atomic_fetch_add(&life->dropped, 1);
}

static void copied_drop(void *arg, enum rota_drop_reason reason)
{
	struct life *life;

	memcpy(&life, arg, sizeof(life));
	on_drop(life, NULL, reason);
}

/* What a submit may return; what it accepted is counted. */
static void count(struct life *life, int error, int allowed, size_t nr)
{
	if (!error)
		atomic_fetch_add(&life->accepted, nr);
	else if (error != -ENOMEM)
		CHECK_EQ(error, allowed);
}

static void submit_copies(struct life *life, int allowed)
{
	unsigned char payload[LARGE_BYTES] = {0};

	memcpy(payload, &life, sizeof(life));
	count(life,
			CALL(rota_submit_copy(life->pool, copied_run,
					copied_drop, payload,
					sizeof(struct life *))),
			allowed, 1);
	count(life,
			CALL(rota_submit_copy(life->pool, copied_run,
					copied_drop, payload, LARGE_BYTES)),
			allowed, 1);
}

static void submit_many(struct life *life, unsigned nr, int allowed)
{
	static struct rota_job jobs[2 * LIFE_GROWS];
	struct rota_job few[8];
	struct rota_job *from = nr > 8 ? jobs : few; /* one thread floods */
	size_t accepted = 0;

	for (unsigned i = 0; i < nr; i++)
		from[i] = (struct rota_job){ran_run, life};
	count(life, CALL(rota_submit_many(life->pool, from, nr, &accepted)),
			allowed, 0);
	atomic_fetch_add(&life->accepted, accepted);
}

static void submit_nested_run(void *arg)
{
	struct life *life = arg;

	for (unsigned i = 0; i < 5; i++)
		count(life, CALL(rota_submit(life->pool, ran_run, life)), 0, 1);
	submit_copies(life, 0);
	submit_many(life, 8, 0);
	count(life,
			CALL(rota_submit_until(
					life->pool, ran_run, life, now_ns())),
			-EDEADLK, 1);
	CHECK_EQ(CALL(rota_pool_drain(life->pool, 0)), -EDEADLK);
	ran_run(life);
}

/* While both workers are held. */
static void fill(struct life *life)
{
	unsigned nr = life->options.shape == SHAPE_BOUNDED ? CAPACITY
							   : NR_BURST;
	uint64_t deadline_ns = now_ns() + 100000;
	int error;

	for (unsigned i = 0; i < nr; i++)
		count(life, CALL(rota_try_submit(life->pool, ran_run, life)),
				-EAGAIN, 1);
	error = CALL(rota_submit_until(life->pool, ran_run, life, deadline_ns));
	if (error == -ETIMEDOUT)
		CHECK(now_ns() >= deadline_ns);
	count(life, error, -ETIMEDOUT, 1);
	if (life->options.shape != SHAPE_BOUNDED) {
		submit_copies(life, 0);
		submit_many(life, life->options.nr_flood, 0);
	}
}

/* From a thread that comes for it: it may have to wait for room. */
static void *visit(void *arg)
{
	struct life *life = arg;

	count(life, CALL(rota_submit(life->pool, submit_nested_run, life)), 0,
			1);
	for (unsigned i = 0; i < 10; i++)
		count(life, CALL(rota_submit(life->pool, ran_run, life)), 0, 1);
	submit_copies(life, 0);
	submit_many(life, 8, 0);
	return NULL;
}

static void hold(struct life *life, struct blocker *blocker)
{
	int error;

	blocker_init(blocker);
	do
		error = CALL(rota_submit(life->pool, blocker_run, blocker));
	while (error == -ENOMEM);
	CHECK_EQ(error, 0);
	atomic_fetch_add(&life->accepted, 1);
	atomic_fetch_add(&life->ran, 1);
	latch_wait(&blocker->entered);
}

static void check_balance(struct life *life)
{
	unsigned long accepted = atomic_load(&life->accepted);
	struct rota_stats stats = {.size = sizeof(stats)};

	CHECK_EQ(CALL(rota_pool_stats(life->pool, &stats)), 0);
	CHECK_EQ(stats.submitted, accepted);
	CHECK_EQ(stats.ran, atomic_load(&life->ran));
	CHECK_EQ(stats.dropped, atomic_load(&life->dropped));
	CHECK_EQ(stats.ran + stats.dropped, accepted);
	CHECK_EQ(stats.queued + stats.running, 0);
}

static void rest(struct life *life)
{
	uint64_t deadline_ns = now_ns() + 50000;
	int error = CALL(rota_pool_drain(life->pool, deadline_ns));

	if (error == -ETIMEDOUT)
		CHECK(now_ns() >= deadline_ns);
	else
		CHECK_EQ(error, 0);
	CHECK_EQ(CALL(rota_pool_drain(life->pool, ROTA_NO_DEADLINE)), 0);
	check_balance(life);
}

/* Single jobs into a pool that falls asleep in between; nothing else comes. */
static void ping_pong(struct life *life)
{
	for (unsigned i = 0; i < 8; i++) {
		count(life, CALL(rota_submit(life->pool, ran_run, life)), 0, 1);
		CHECK(wait_until(atomic_load(&life->ran) ==
						 atomic_load(&life->accepted),
				TEST_WAIT_MS));
	}
}

/* So many jobs had their outcome already. */
static void accept_and_run(struct life *life, unsigned long nr)
{
	atomic_fetch_add(&life->accepted, nr);
	atomic_fetch_add(&life->ran, nr);
}

static void work(struct life *life)
{
	struct blocker blockers[NR_WORKERS];
	pthread_t visitor;

	for (unsigned i = 0; i < NR_WORKERS; i++)
		hold(life, &blockers[i]);
	fill(life);
	visitor = thread_start(visit, life);
	for (unsigned i = 0; i < NR_WORKERS; i++)
		blocker_release(&blockers[i]);
	thread_join(visitor);
	rest(life);
	ping_pong(life);
	accept_and_run(life, live_loop(life->pool));
	accept_and_run(life, live_beats(life->pool));
}

static void stop(struct life *life)
{
	bool is_bounded = life->options.shape == SHAPE_BOUNDED;
	struct blocker blockers[NR_WORKERS];
	struct rota_report report;

	for (unsigned i = 0; i < NR_WORKERS; i++)
		hold(life, &blockers[i]);
	submit_many(life, is_bounded ? 8 : 2 * life->options.nr_flood, 0);
	submit_copies(life, 0);
	CHECK_EQ(CALL(rota_pool_shutdown(life->pool, ROTA_DRAIN,
				 now_ns() + 100000, &report)),
			-ETIMEDOUT);
	CHECK_EQ(CALL(rota_submit(life->pool, ran_run, life)), -ESHUTDOWN);
	if (life->options.does_discard)
		CHECK_EQ(CALL(rota_pool_shutdown(
					 life->pool, ROTA_DISCARD, 0, NULL)),
				-ETIMEDOUT);
	for (unsigned i = 0; i < NR_WORKERS; i++)
		blocker_release(&blockers[i]);
	CHECK_EQ(CALL(rota_pool_shutdown(life->pool, ROTA_DRAIN,
				 ROTA_NO_DEADLINE, &report)),
			0);
	check_balance(life);
	CHECK_EQ(report.ran, atomic_load(&life->ran));
	CHECK_EQ(report.dropped, atomic_load(&life->dropped));
	CHECK_EQ(CALL(rota_pool_destroy(life->pool)), 0);
}

int live(const struct life_options *options)
{
	struct life life = {.options = *options};
	cpu_set_t cpus;
	struct rota_options pool_options = {
			.workers = NR_WORKERS,
			.capacity = options->shape == SHAPE_BOUNDED ? CAPACITY
								    : 0,
			.channel = options->shape == SHAPE_LANES
						   ? ROTA_CHANNEL_LANES
						   : ROTA_CHANNEL_RING,
			.on_drop = on_drop,
			.hook_arg = &life,
			.name = "fault",
			.stack_bytes = 1 << 20,
			.cpu_set = &cpus,
			.cpu_set_bytes = sizeof(cpus),
	};
	int error;

	CHECK_EQ(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	error = CALL(rota_pool_create(&pool_options, &life.pool));
	if (error) {
		CHECK(life.pool == NULL);
		return error;
	}
	work(&life);
	stop(&life);
	return 0;
}
