/* SPDX-License-Identifier: MIT */
/* Bad arguments: refused, and without a trace. */
#include "api.h"

static void never_run(void *arg)
{
	(void)arg;
	CHECK(!"a job of a refused call ran");
}

static void submits_of_nothing(struct rota_pool *pool)
{
	CHECK_EQ(rota_submit(NULL, never_run, NULL), -EINVAL);
	CHECK_EQ(rota_submit(pool, NULL, NULL), -EINVAL);
	CHECK_EQ(rota_try_submit(NULL, never_run, NULL), -EINVAL);
	CHECK_EQ(rota_try_submit(pool, NULL, NULL), -EINVAL);
	CHECK_EQ(rota_submit_until(NULL, never_run, NULL, 0), -EINVAL);
	CHECK_EQ(rota_submit_until(pool, NULL, NULL, 0), -EINVAL);
}

static void bad_copies(struct rota_pool *pool)
{
	CHECK_EQ(rota_submit_copy(NULL, never_run, NULL, "", 1), -EINVAL);
	CHECK_EQ(rota_submit_copy(pool, NULL, NULL, "", 1), -EINVAL);
	CHECK_EQ(rota_submit_copy(pool, never_run, NULL, NULL, 1), -EINVAL);
	CHECK_EQ(rota_submit_copy(pool, never_run, NULL, "", SIZE_MAX),
			-EMSGSIZE);
}

static void bad_many(struct rota_pool *pool, unsigned bad)
{
	struct rota_job jobs[4] = {{never_run, NULL}, {never_run, NULL},
			{never_run, NULL}, {never_run, NULL}};
	size_t accepted = 77;

	jobs[bad % 4].run = NULL;
	CHECK_EQ(rota_submit_many(pool, jobs, 4, &accepted), -EINVAL);
	CHECK_EQ(rota_submit_many(NULL, jobs, 4, &accepted), -EINVAL);
	CHECK_EQ(rota_submit_many(pool, NULL, 4, &accepted), -EINVAL);
	CHECK_EQ(rota_submit_many(pool, jobs, 4, NULL), -EINVAL);
	CHECK_EQ(accepted, 77);
	CHECK_EQ(rota_submit_many(pool, NULL, 0, &accepted), 0);
	CHECK_EQ(accepted, 0);
}

static void bad_life(struct rota_pool *pool)
{
	struct rota_report report = {.ran = 77};
	struct rota_options options = {0};

	CHECK_EQ(rota_pool_create(&options, NULL), -EINVAL);
	CHECK_EQ(rota_pool_close(NULL), -EINVAL);
	CHECK_EQ(rota_pool_drain(NULL, 0), -EINVAL);
	CHECK_EQ(rota_pool_shutdown(NULL, ROTA_DRAIN, 0, &report), -EINVAL);
	CHECK_EQ(rota_pool_shutdown(
				 pool, (enum rota_shutdown_mode)2, 0, &report),
			-EINVAL);
	CHECK_EQ(report.ran, 77);
	CHECK_EQ(rota_pool_destroy(NULL), 0);
	CHECK_EQ(rota_pool_destroy((struct rota_pool *)&options), -EINVAL);
}

static void bad_stats(struct rota_pool *pool)
{
	struct rota_stats stats = {
			.size = offsetof(struct rota_stats, start_failures) - 1,
			.ran = 77,
	};

	CHECK_EQ(rota_pool_stats(pool, &stats), -EINVAL);
	CHECK_EQ(rota_pool_stats(NULL, &stats), -EINVAL);
	CHECK_EQ(rota_pool_stats(pool, NULL), -EINVAL);
	CHECK_EQ(stats.ran, 77);
}

void refused_call(struct input *input)
{
	unsigned which = input_byte(input);

	switch (which % 5) {
	case 0:
		submits_of_nothing(api.pool);
		break;
	case 1:
		bad_copies(api.pool);
		break;
	case 2:
		bad_many(api.pool, which / 5);
		break;
	case 3:
		bad_life(api.pool);
		break;
	default:
		bad_stats(api.pool);
		break;
	}
	CHECK(rota_self() == NULL);
	CHECK_EQ(rota_worker_index(), -1);
	CHECK(rota_strerror(-(int)which));
}
