/* SPDX-License-Identifier: MIT */
/* Threads and jobs that all submit the same few jobs. */
#include <errno.h>

#include "../support.h"

enum { NR_THREADS = 3, NR_ITEMS = 4 };

struct item {
	struct rota_work work;
	struct field *field;
	unsigned turns; /* plain: one submitter at a time owns it */
	atomic_uint ran, accepted;
};

struct field {
	struct rota_pool *pool;
	struct watchdog dog;
	struct item items[NR_ITEMS];
	uint64_t end;
	atomic_uint streams; /* of random numbers */
};

static void offer(struct item *item)
{
	int error = rota_submit_job(item->field->pool, &item->work);

	if (!error)
		atomic_fetch_add(&item->accepted, 1);
	else
		CHECK_EQ(error, -EALREADY);
}

static void item_run(struct rota_work *work)
{
	struct item *item = (struct item *)work;
	unsigned ran = atomic_fetch_add(&item->ran, 1);

	watchdog_feed(&item->field->dog);
	if (ran % 3 == 0)
		offer(item);
}

static void *submitter_run(void *arg)
{
	struct field *field = arg;
	struct rng rng;

	rng_init(&rng, atomic_fetch_add(&field->streams, 1));
	while (now_ns() < field->end)
		offer(&field->items[rng_below(&rng, NR_ITEMS)]);
	return NULL;
}

TEST_WITHIN(a_job_offered_by_all_runs_once_for_each_accepted_offer, 60)
{
	struct field field = {.pool = make_pool(3, 0, ROTA_FULL_FAIL)};
	pthread_t threads[NR_THREADS];
	unsigned total = 0;
	int i;

	field.end = stress_end_ns();
	for (i = 0; i < NR_ITEMS; i++)
		field.items[i] = (struct item){
				.work = {.run = item_run}, .field = &field};
	watchdog_start(&field.dog, field.pool);
	for (i = 0; i < NR_THREADS; i++)
		threads[i] = thread_start(submitter_run, &field);
	for (i = 0; i < NR_THREADS; i++)
		thread_join(threads[i]);
	check_rest(field.pool);
	watchdog_stop(&field.dog);
	for (i = 0; i < NR_ITEMS; i++) {
		CHECK_EQ(atomic_load(&field.items[i].ran),
				atomic_load(&field.items[i].accepted));
		total += atomic_load(&field.items[i].ran);
	}
	CHECK_EQ(stats_of(field.pool).ran, total);
	test_note("%u runs", total);
	end_pool(field.pool);
}

/* The memory changes hands with each run: plain accesses on both sides. */
static void turn_run(struct rota_work *work)
{
	struct item *item = (struct item *)work;

	watchdog_feed(&item->field->dog);
	item->turns++;
	work->run = turn_run;
	if (item->turns % 64 && now_ns() < item->field->end)
		CHECK_EQ(rota_submit_job(item->field->pool, work), 0);
	else
		atomic_store(&item->ran, item->turns);
}

TEST_WITHIN(memory_that_is_used_again_at_once_is_never_read_too_late, 60)
{
	struct field field = {.pool = make_pool(3, 0, ROTA_FULL_FAIL)};
	unsigned rounds = 0;
	int i;

	field.end = stress_end_ns();
	watchdog_start(&field.dog, field.pool);
	do {
		for (i = 0; i < NR_ITEMS; i++) {
			field.items[i] =
					(struct item){.work = {.run = turn_run},
							.field = &field};
			CHECK_EQ(rota_submit_job(field.pool,
						 &field.items[i].work),
					0);
		}
		for (i = 0; i < NR_ITEMS; i++)
			CHECK(wait_until(atomic_load(&field.items[i].ran),
					TEST_WAIT_MS));
		rounds++;
	} while (now_ns() < field.end);
	watchdog_stop(&field.dog);
	test_note("%u rounds", rounds);
	end_pool(field.pool);
}
