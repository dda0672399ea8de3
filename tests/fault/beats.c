/* SPDX-License-Identifier: MIT */
/* The part of a life that is jobs for later. */
#include "../support.h"
#include "inject.h"
#include "life.h"

enum { NR_LATER = 4 };

static bool may_say(int error)
{
	return error == -ENOMEM || error == -EAGAIN;
}

unsigned long live_beats(struct rota_pool *pool)
{
	/* beyond what a clock that jumps may show */
	uint64_t never_ns = now_ns() + 100 * 3600 * 1000 * NS_PER_MS;
	struct rota_timer *timer = NULL;
	unsigned long accepted = 0;
	atomic_uint ran = 0;
	int error;

	for (unsigned i = 0; i < NR_LATER; i++) {
		error = CALL(rota_submit_at(
				pool, count_run, &ran, now_ns() + i * 20000));
		CHECK(!error || may_say(error));
		accepted += !error;
	}
	error = CALL(rota_timer_start(pool, count_run, &ran, 0, 0, &timer));
	CHECK(!error || (may_say(error) && !timer));
	accepted += !error;
	CHECK(wait_until(atomic_load(&ran) == accepted, TEST_WAIT_MS));
	if (!error)
		CHECK_EQ(CALL(rota_timer_stop(timer, ROTA_NO_DEADLINE)), 0);
	error = CALL(rota_timer_start(
			pool, count_run, &ran, never_ns, 1, &timer));
	if (!error)
		CHECK_EQ(CALL(rota_timer_stop(timer, 0)), 0);
	else
		CHECK(may_say(error));
	return accepted;
}
