/* SPDX-License-Identifier: MIT */
/* The life of the pool, and what its counters say. */
#include "api.h"

#include <string.h>

enum { START_ERROR = -123 };

uint64_t deadline_read(struct input *input)
{
	switch (input_below(input, 4)) {
	case 0:
		return 0;
	case 1:
		return now_ns() + 1;
	case 2:
		return now_ns() + NS_PER_MS;
	default:
		return ROTA_NO_DEADLINE;
	}
}

static int on_start(void *hook_arg, unsigned worker)
{
	CHECK(hook_arg == &api);
	CHECK_EQ(rota_worker_index(), worker);
	atomic_fetch_add(&api.nr_started, 1);
	return 0;
}

static int fail_to_start(void *hook_arg, unsigned worker)
{
	on_start(hook_arg, worker);
	return worker % 2 ? 0 : START_ERROR;
}

static void on_stop(void *hook_arg, unsigned worker)
{
	CHECK(hook_arg == &api);
	CHECK_EQ(rota_worker_index(), worker);
	atomic_fetch_add(&api.nr_stopped, 1);
}

/* One thing that is wrong with the options, or fits only just: the result. */
static int spoil(struct rota_options *options, unsigned what)
{
	switch (what) {
	case 1:
		options->size = offsetof(struct rota_options, max_workers) - 1;
		return -EINVAL;
	case 2:
		options->workers = ROTA_MAX_WORKERS + 1;
		return -EINVAL;
	case 3:
		options->capacity = ROTA_MAX_CAPACITY + 1;
		return -EINVAL;
	case 4:
		options->full_policy = ROTA_FULL_DROP_OLDEST + 1;
		return -EINVAL;
	case 5:
		options->channel = ROTA_CHANNEL_LANES + 1;
		return -EINVAL;
	case 6:
		options->reserved = 1;
		return -EINVAL;
	case 7:
		options->spin_ns = ROTA_SPIN_MAX_NS + 1;
		return -EINVAL;
	case 8:
		options->stack_bytes = 1;
		return -EINVAL;
	case 9:
		options->cpu_set_bytes = 8;
		return -EINVAL;
	case 10:
		options->on_start = fail_to_start;
		return START_ERROR;
	case 11:
		options->spin_ns = 1000;
		return 0;
	case 12:
		options->spin_ns = ROTA_SPIN_NONE;
		options->name = "";
		return 0;
	case 13:
		options->name = "a name that is too long for a thread";
		options->stack_bytes = 512 * 1024;
		return 0;
	case 14:
		options->on_stop = NULL;
		options->size = 0;
		return 0;
	case 15:
		options->on_start = NULL;
		return 0;
	case 16:
		options->measure = 2;
		return -EINVAL;
	case 17:
	case 18:
		options->measure = 1;
		return 0;
	default:
		return 0;
	}
}

/* Options of a later version: longer, and the rest must be 0. */
static int create_later_version(const struct rota_options *options, bool uses)
{
	struct {
		struct rota_options known;
		unsigned char unknown[16];
	} later = {.known = *options};

	if (!later.known.size)
		return rota_pool_create(options, &api.pool);
	if (later.known.size == sizeof(*options))
		later.known.size = sizeof(later);
	later.unknown[9] = uses;
	return rota_pool_create(&later.known, &api.pool);
}

static void choose_pool(struct rota_options *options, struct input *input)
{
	unsigned shape = input_byte(input), size = input_byte(input);

	*options = (struct rota_options){
			.size = sizeof(*options),
			.workers = 1 + size % 3,
			.capacity = size / 3 % 6,
			.full_policy = shape % 5,
			.channel = shape / 5 % 3,
			.on_start = on_start,
			.on_stop = on_stop,
			.on_drop = shape / 15 % 4 ? on_drop : NULL,
			.hook_arg = &api,
	};
}

void pool_create(struct input *input)
{
	struct rota_options options;
	unsigned spoiled, later;
	int expected, result;
	bool uses_unknown;

	choose_pool(&options, input);
	spoiled = input_below(input, 32);
	later = input_below(input, 16);
	expected = spoil(&options, spoiled);
	jobs_reset();
	api.pool = NULL;
	api.nr_workers = options.workers;
	api.capacity = options.capacity;
	api.policy = options.full_policy;
	api.sees_drops = options.on_drop != NULL;
	api.is_discarding = api.is_over = false;
	atomic_store(&api.has_unseen, false);
	atomic_store(&api.may_be_closed, false);
	atomic_store(&api.is_closed, false);
	atomic_store(&api.nr_started, 0);
	atomic_store(&api.nr_stopped, 0);
	memset(&api.last, 0, sizeof(api.last));
	uses_unknown = later == 1 && options.size == sizeof(options);
	if (uses_unknown && !expected)
		expected = -E2BIG;
	result = later < 2 ? create_later_version(&options, later == 1)
			   : rota_pool_create(&options, &api.pool);
	if (result != -E2BIG || !uses_unknown)
		CHECK_EQ(result, expected);
	CHECK(!api.pool == (result != 0));
	if (!result && options.on_start)
		CHECK_EQ(atomic_load(&api.nr_started), api.nr_workers);
	if (result == START_ERROR && options.on_stop)
		CHECK_EQ(atomic_load(&api.nr_stopped), api.nr_workers / 2);
}

void pool_close(void)
{
	atomic_store(&api.may_be_closed, true);
	CHECK_EQ(rota_pool_close(api.pool), 0);
	atomic_store(&api.is_closed, true);
}

/* Nothing but time will end a wait. */
static bool is_stuck(void)
{
	return jobs_tally().held != 0;
}

static bool may_be_stuck(void)
{
	return jobs_tally().gates != 0;
}

void pool_drain(struct input *input)
{
	uint64_t deadline_ns = deadline_read(input);
	struct tally tally;
	int result;

	if (deadline_ns == ROTA_NO_DEADLINE && may_be_stuck())
		deadline_ns = now_ns() + NS_PER_MS;
	result = rota_pool_drain(api.pool, deadline_ns);
	if (is_stuck())
		CHECK_EQ(result, -ETIMEDOUT);
	else if (deadline_ns == ROTA_NO_DEADLINE)
		CHECK_EQ(result, 0);
	else
		CHECK(result == 0 || result == -ETIMEDOUT);
	tally = jobs_tally();
	if (!result && !guests_nr() && !jobs_may_vanish())
		CHECK_EQ(tally.unfinished, 0);
}

static void check_report(const struct rota_report *report, int result,
		enum rota_shutdown_mode mode)
{
	struct tally tally;
	const struct tally *exact = exact_tally(&tally);

	if (!result) {
		CHECK_EQ(report->queued, 0);
		CHECK_EQ(report->running, 0);
		if (!guests_nr()) {
			CHECK_EQ(report->ran, tally.runs);
			CHECK(report->dropped >= tally.drops);
			CHECK_EQ(report->ran + report->dropped, tally.accepted);
		}
	} else if (exact) {
		CHECK_EQ(report->running, exact->held);
		CHECK_EQ(report->queued, exact->unfinished - exact->held);
		CHECK_EQ(report->ran, exact->runs);
		CHECK_EQ(report->dropped, exact->drops);
		if (mode == ROTA_DISCARD)
			CHECK_EQ(report->queued, 0);
	}
}

void pool_shutdown(struct input *input)
{
	enum rota_shutdown_mode mode = input_below(input, 2);
	uint64_t deadline_ns = deadline_read(input);
	struct rota_report report;
	int result;

	if (deadline_ns == ROTA_NO_DEADLINE && may_be_stuck())
		deadline_ns = now_ns() + NS_PER_MS;
	atomic_store(&api.may_be_closed, true);
	api.is_discarding |= mode == ROTA_DISCARD;
	result = rota_pool_shutdown(api.pool, mode, deadline_ns, &report);
	atomic_store(&api.is_closed, true);
	if (is_stuck())
		CHECK_EQ(result, -ETIMEDOUT);
	else if (deadline_ns == ROTA_NO_DEADLINE || api.is_over)
		CHECK_EQ(result, 0);
	else
		CHECK(result == 0 || result == -ETIMEDOUT);
	api.is_over |= !result;
	check_report(&report, result, mode);
}

static void check_exactly(
		const struct rota_stats *stats, const struct tally *exact)
{
	CHECK_EQ(stats->submitted, exact->accepted);
	CHECK_EQ(stats->ran, exact->runs);
	CHECK_EQ(stats->dropped, exact->drops);
	CHECK_EQ(stats->running, exact->held);
	CHECK_EQ(stats->queued, exact->unfinished - exact->held);
	CHECK_EQ(stats->workers_parked, 0);
}

void pool_stats(void)
{
	struct rota_stats stats = {.size = sizeof(stats)};
	const struct tally *exact;
	struct tally tally;

	exact = exact_tally(&tally);
	CHECK_EQ(rota_pool_stats(api.pool, &stats), 0);
	CHECK_EQ(stats.workers, api.nr_workers);
	CHECK(stats.workers_parked <= stats.workers);
	CHECK(stats.ran >= api.last.ran && stats.dropped >= api.last.dropped);
	CHECK(stats.ran_inline <= stats.ran);
	CHECK(stats.wakes >= api.last.wakes && stats.parks >= api.last.parks);
	api.last = stats;
	if (exact)
		check_exactly(&stats, exact);
}

/* Everybody is gone: each accepted job had one outcome, the others none. */
static void check_outcomes(const struct rota_report *report)
{
	struct tally tally = jobs_tally();
	unsigned unseen = 0;

	for (unsigned i = 0; i < atomic_load(&api.nr_jobs); i++) {
		struct job *job = &api.jobs[i];
		unsigned accepted = atomic_load(&job->accepted);
		unsigned outcomes = atomic_load(&job->runs) +
				    atomic_load(&job->drops);

		CHECK(outcomes <= accepted);
		if (outcomes < accepted)
			CHECK(job->drop_is_unseen || i == 0);
		unseen += accepted - outcomes;
	}
	if (!report)
		return;
	CHECK_EQ(report->ran, tally.runs);
	CHECK_EQ(report->dropped, tally.drops + unseen);
	CHECK_EQ(report->ran + report->dropped, tally.accepted);
}

void pool_end(void)
{
	struct rota_report report, *known = NULL;
	struct rota_pool *pool = api.pool;
	struct rota_stats stats = {0};

	if (guests_all_blocked()) { /* destroy wakes them, and waits for them */
		atomic_store(&api.may_be_closed, true);
		gates_open_all();
		CHECK_EQ(rota_pool_destroy(pool), 0);
		guests_join();
	} else {
		guests_join();
		CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
		CHECK_EQ(rota_pool_stats(pool, &stats), 0);
		CHECK_EQ(stats.submitted, stats.ran + stats.dropped);
		atomic_store(&api.may_be_closed, true);
		CHECK_EQ(rota_pool_shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE,
					 &report),
				0);
		known = &report;
		CHECK_EQ(rota_pool_destroy(pool), 0);
	}
	CHECK_EQ(rota_pool_destroy(pool), -EINVAL);
	CHECK(atomic_load(&api.nr_stopped) <= api.nr_workers);
	check_outcomes(known);
	api.pool = NULL;
}
