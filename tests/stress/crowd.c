/* SPDX-License-Identifier: MIT */
/* From one to 64 submitters and as many workers on one or two CPUs, all of the
 * same priority or not. Quiesce form. */
#include <sched.h>

#include "../support.h"

enum {
	MAX_THREADS = 64,
	NR_JOBS = 12000 / TEST_SLOW,
	/* a real-time thread that waits for an ordinary one and does not let
	 * it run costs up to a second, until the kernel steps in */
	ROUND_MS = 800 * TEST_SLOW,
};

struct crowd {
	struct rota_pool *pool;
	unsigned nr_each;
	bool is_mixed;
	atomic_uint ran;
	struct latch start;
};

/* The first nr of those that we may use. */
static void use_cpus(unsigned nr)
{
	cpu_set_t all, some;

	CPU_ZERO(&some);
	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && nr; cpu++)
		if (CPU_ISSET(cpu, &all)) {
			CPU_SET(cpu, &some);
			nr--;
		}
	CHECK_EQ(sched_setaffinity(0, sizeof(some), &some), 0);
}

static int become_real_time(void)
{
	struct sched_param fifo = {.sched_priority = 1};

	return pthread_setschedparam(pthread_self(), SCHED_FIFO, &fifo);
}

static int on_start(void *hook_arg, unsigned worker)
{
	struct crowd *crowd = hook_arg;

	if (crowd->is_mixed && worker % 2)
		CHECK_EQ(become_real_time(), 0);
	return 0;
}

struct member {
	struct crowd *crowd;
	unsigned index;
	pthread_t thread;
};

static void *member_run(void *arg)
{
	struct member *self = arg;
	struct crowd *crowd = self->crowd;

	if (crowd->is_mixed && self->index % 2)
		CHECK_EQ(become_real_time(), 0);
	latch_meet(&crowd->start);
	for (unsigned i = 0; i < crowd->nr_each; i++)
		CHECK_EQ(rota_submit(crowd->pool, count_run, &crowd->ran), 0);
	return NULL;
}

/* Returns how long it took. */
static uint64_t meet(unsigned nr, enum rota_channel channel, unsigned capacity,
		bool is_mixed)
{
	struct crowd crowd = {.nr_each = NR_JOBS / nr, .is_mixed = is_mixed};
	struct rota_options o = {
			.workers = nr,
			.capacity = capacity,
			.channel = channel,
			.on_start = on_start,
			.hook_arg = &crowd,
	};
	struct member members[MAX_THREADS];
	uint64_t began = now_ns();

	crowd.pool = make_pool_with(&o);
	latch_init(&crowd.start, nr);
	for (unsigned i = 0; i < nr; i++) {
		members[i] = (struct member){.crowd = &crowd, .index = i};
		members[i].thread = thread_start(member_run, &members[i]);
	}
	for (unsigned i = 0; i < nr; i++)
		thread_join(members[i].thread);
	CHECK(wait_until(atomic_load(&crowd.ran) == nr * crowd.nr_each,
			TEST_WAIT_MS));
	check_rest(crowd.pool);
	CHECK_EQ(stats_of(crowd.pool).ran, nr * crowd.nr_each);
	end_pool(crowd.pool);
	return now_ns() - began;
}

static void meet_all(unsigned nr_cpus, bool is_mixed)
{
	static const unsigned sizes[] = {64, 32, 16, 8, 4, 3, 2, 1};
	uint64_t longest = 0;

	use_cpus(nr_cpus);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes);
			i += 1 + (TEST_SLOW > 1)) /* or half of them */
		for (unsigned shape = 0; shape < 3; shape++) {
			uint64_t ns = meet(sizes[i],
					shape ? ROTA_CHANNEL_RING
					      : ROTA_CHANNEL_LANES,
					shape == 2 ? 24 : 0, is_mixed);

			longest = ns > longest ? ns : longest;
			CHECK(!is_mixed || ns < ROUND_MS * NS_PER_MS);
		}
	test_note("%llu ms at most", (unsigned long long)(longest / NS_PER_MS));
}

TEST_WITHIN(one_to_64_submitters_and_workers_share_two_cpus, 60)
{
	meet_all(2, false);
}

static void *try_real_time(void *arg)
{
	*(int *)arg = become_real_time();
	return NULL;
}

static void need_real_time(void)
{
	int error;

	thread_join(thread_start(try_real_time, &error));
	if (error)
		test_skip("no real-time priority for us");
}

TEST_WITHIN(real_time_and_ordinary_threads_share_one_cpu, 60)
{
	need_real_time();
	meet_all(1, true);
}

TEST_WITHIN(real_time_and_ordinary_threads_share_two_cpus, 60)
{
	need_real_time();
	meet_all(2, true);
}
