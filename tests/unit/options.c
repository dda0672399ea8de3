/* SPDX-License-Identifier: MIT */
/* rota_pool_create(): defaults, refused values, names, stacks, CPU sets. */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../support.h"

static void check_refused(const struct rota_options *options, int expected)
{
	struct rota_pool *mark = (struct rota_pool *)(void *)&mark;
	struct rota_pool *pool = mark;
	unsigned before = nr_threads();

	errno = 0;
	CHECK_EQ(rota_pool_create(options, &pool), expected);
	CHECK(pool == mark);
	CHECK_EQ(errno, 0);
	CHECK(wait_until(nr_threads() == before, 2000));
}

TEST(a_pool_of_defaults_has_at_most_one_worker_per_cpu)
{
	struct rota_pool *pool = make_pool_with(NULL);
	struct rota_stats stats = stats_of(pool);
	cpu_set_t cpus;

	CHECK_EQ(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	CHECK(stats.workers >= 1);
	CHECK((int)stats.workers <= CPU_COUNT(&cpus));
	end_pool(pool);
}

TEST(options_that_are_all_zero_are_the_defaults)
{
	struct rota_options zero = {0};
	struct rota_pool *a = make_pool_with(NULL);
	struct rota_pool *b = make_pool_with(&zero);
	int i;

	CHECK_EQ(stats_of(a).workers, stats_of(b).workers);
	for (i = 0; i < 1000; i++)
		CHECK_EQ(rota_submit(b, nothing_run, NULL), 0);
	end_pool(a);
	end_pool(b);
}

TEST(the_number_of_workers_is_what_was_asked_for)
{
	unsigned workers;

	for (workers = 1; workers <= 9; workers++) {
		unsigned before = nr_threads();
		struct rota_pool *pool = make_pool(workers, 0, ROTA_FULL_FAIL);

		CHECK_EQ(stats_of(pool).workers, workers);
		CHECK_EQ(nr_threads(), before + workers);
		end_pool(pool);
		CHECK(wait_until(nr_threads() == before, 2000));
	}
}

static void on_stuck(void *hook_arg, unsigned worker, uint64_t running_ns)
{
	(void)hook_arg;
	(void)worker;
	(void)running_ns;
}

TEST(every_bad_value_is_refused_and_leaves_nothing)
{
	struct rota_options o;
	cpu_set_t none;
	char byte = 0;

#define REFUSE(member, value)                                                  \
	do {                                                                   \
		memset(&o, 0, sizeof(o));                                      \
		o.size = sizeof(o);                                            \
		o.workers = 2;                                                 \
		o.member = (value);                                            \
		check_refused(&o, -EINVAL);                                    \
	} while (0)

	REFUSE(size, 1);
	REFUSE(size, offsetof(struct rota_options, max_workers) - 1);
	REFUSE(workers, ROTA_MAX_WORKERS + 1);
	REFUSE(workers, UINT32_MAX);
	REFUSE(max_workers, 1);
	REFUSE(max_workers, ROTA_MAX_WORKERS + 1);
	REFUSE(capacity, ROTA_MAX_CAPACITY + 1);
	REFUSE(capacity, UINT32_MAX);
	REFUSE(full_policy, (enum rota_full_policy)99);
	REFUSE(full_policy, (enum rota_full_policy)(ROTA_FULL_DROP_OLDEST + 1));
	REFUSE(channel, (enum rota_channel)(ROTA_CHANNEL_LANES + 1));
	REFUSE(channel, (enum rota_channel)99);
	REFUSE(spin_ns, ROTA_SPIN_MAX_NS + 1);
	REFUSE(spin_ns, ROTA_SPIN_NONE - 1);
	REFUSE(reserved, 1);
	REFUSE(reserved_2, 1);
	REFUSE(measure, 2);
	REFUSE(watchdog_ns, 1);
	REFUSE(watchdog_ns, ROTA_WATCHDOG_MIN_NS - 1);
	REFUSE(on_stuck, on_stuck); /* without a watchdog */
	REFUSE(stack_bytes, 1);
	REFUSE(cpu_set, &byte); /* of 0 bytes */
	memset(&o, 0, sizeof(o));
	CPU_ZERO(&none);
	o.workers = 2;
	o.cpu_set = &none;
	o.cpu_set_bytes = sizeof(none);
	check_refused(&o, -EINVAL);
#undef REFUSE
	CHECK_EQ(rota_pool_create(NULL, NULL), -EINVAL);
}

TEST(newer_options_are_refused_only_if_they_use_what_is_new)
{
	struct {
		struct rota_options options;
		unsigned char tail[24];
	} newer;
	size_t i;

	for (i = 0; i < sizeof(newer.tail); i++) {
		memset(&newer, 0, sizeof(newer));
		newer.options.size = sizeof(newer);
		newer.options.workers = 1;
		newer.tail[i] = 1;
		check_refused(&newer.options, -E2BIG);
	}
	memset(&newer, 0, sizeof(newer));
	newer.options.size = sizeof(newer);
	newer.options.workers = 1;
	end_pool(make_pool_with(&newer.options));
}

TEST(what_is_behind_the_end_of_older_options_is_not_read)
{
	const size_t first_size = offsetof(struct rota_options, max_workers);
	const size_t sizes[] = {0, first_size, first_size + 4};
	struct rota_options o;

	for (int i = 0; i < 3; i++) {
		memset(&o, 0xff, sizeof(o));
		memset(&o, 0, first_size);
		o.size = sizes[i];
		o.workers = 1;
		if (sizes[i] > first_size)
			o.max_workers = 0;
		end_pool(make_pool_with(&o));
	}
}

TEST(spin_limits_themselves_are_accepted)
{
	struct rota_options o = {.workers = 2, .spin_ns = ROTA_SPIN_NONE};
	int i;

	for (i = 0; i < 3; i++) {
		struct rota_pool *pool;

		o.spin_ns = i == 0   ? ROTA_SPIN_NONE
			    : i == 1 ? 1
				     : ROTA_SPIN_MAX_NS;
		pool = make_pool_with(&o);
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
		check_rest(pool);
		end_pool(pool);
	}
}

static char seen_name[64];

static void name_run(void *arg)
{
	(void)arg;
	pthread_getname_np(pthread_self(), seen_name, sizeof(seen_name));
}

static void check_name(const char *name, const char *expected)
{
	char storage[64] = "";
	struct rota_options o = {.workers = 1};
	struct rota_pool *pool;

	if (name) {
		snprintf(storage, sizeof(storage), "%s", name);
		o.name = storage;
	}
	pool = make_pool_with(&o);
	memset(storage, 'x', sizeof(storage) - 1); /* it was copied */
	CHECK_EQ(rota_submit(pool, name_run, NULL), 0);
	check_rest(pool);
	if (strcmp(seen_name, expected))
		test_note("name is %s", seen_name);
	CHECK(!strcmp(seen_name, expected));
	end_pool(pool);
}

TEST(worker_threads_are_named_after_the_pool)
{
	check_name("abc", "abc-0");
	check_name(NULL, "rota-0");
}

TEST(a_name_that_is_too_long_is_no_error)
{
	struct rota_options o = {.workers = 2};

	o.name = "a-name-that-is-longer-than-a-thread-name-may-be";
	end_pool(make_pool_with(&o));
}

static size_t seen_stack_bytes;
static cpu_set_t seen_cpus;

static void attributes_run(void *arg)
{
	pthread_attr_t attr;

	(void)arg;
	CHECK_EQ(pthread_getattr_np(pthread_self(), &attr), 0);
	CHECK_EQ(pthread_attr_getstacksize(&attr, &seen_stack_bytes), 0);
	pthread_attr_destroy(&attr);
	CHECK_EQ(sched_getaffinity(0, sizeof(seen_cpus), &seen_cpus), 0);
}

TEST(workers_get_the_stack_that_was_asked_for)
{
	struct rota_options o = {.workers = 1, .stack_bytes = 1u << 20};
	struct rota_pool *pool = make_pool_with(&o);

	CHECK_EQ(rota_submit(pool, attributes_run, NULL), 0);
	check_rest(pool);
	CHECK(seen_stack_bytes >= 1u << 20);
	CHECK(seen_stack_bytes < 2u << 20);
	end_pool(pool);
}

TEST(workers_run_on_the_cpus_that_were_asked_for)
{
	struct rota_options o = {.workers = 2};
	struct rota_pool *pool;
	cpu_set_t all, before, one;
	int cpu, last = -1;

	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all))
			last = cpu;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	o.cpu_set = &one;
	o.cpu_set_bytes = sizeof(one);
	pool = make_pool_with(&o);
	CHECK_EQ(rota_submit(pool, attributes_run, NULL), 0);
	check_rest(pool);
	CHECK(CPU_EQUAL(&seen_cpus, &one));
	CHECK_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
	CHECK(CPU_EQUAL(&before, &all)); /* the creator's stays */
	end_pool(pool);
}

TEST(the_default_number_of_workers_follows_the_affinity_mask)
{
	cpu_set_t all, one;
	struct rota_pool *pool;
	int cpu;

	CHECK_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	for (cpu = 0; !CPU_ISSET(cpu, &all); cpu++)
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CHECK_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
	pool = make_pool_with(NULL);
	CHECK_EQ(stats_of(pool).workers, 1);
	end_pool(pool);
}
