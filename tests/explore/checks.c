/* SPDX-License-Identifier: MIT */
/* What must be true at each step, when nobody can go on, and at the end. */
#include "pool.h"
#include "ring.h"
#include "scenario.h"

void check_capacity(void)
{
	struct ring *ring;
	unsigned head, tail;

	if (!pool || !pool->capacity)
		return;
	ring = pool->channel.chain.first;
	head = ring->ck.p_head;
	tail = ring->ck.p_tail;
	XP_CHECK(tail - ring->ck.c_head <= pool->capacity);
	XP_CHECK(head - tail == ring->ck.size ||
			head - ring->ck.c_head <= pool->capacity);
}

/* No job waits beside a worker that has none: who would wake it? */
void check_rest(void)
{
	unsigned queued = 0, running = 0;

	if (!pool || scenario->full_policy)
		return;
	for (unsigned i = 0; i < JOBS_MAX; i++) {
		const struct job *job = &jobs[i];

		queued += job->accepted && !job->started && !job->dropped;
		running += job->started && !job->ran;
	}
	XP_CHECK(!queued || running >= scenario->workers);
}

void check_jobs(void)
{
	struct rota_stats stats = {0};
	unsigned accepted = 0;

	for (unsigned i = 0; i < JOBS_MAX; i++) {
		XP_CHECK(jobs[i].ran + jobs[i].dropped == jobs[i].accepted);
		accepted += jobs[i].accepted;
	}
	if (!pool)
		return;
	XP_CHECK(rota_pool_stats(pool, &stats) == 0);
	XP_CHECK(stats.submitted == accepted);
	XP_CHECK(stats.ran + stats.dropped == accepted);
}
