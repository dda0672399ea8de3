/* SPDX-License-Identifier: MIT */
/* The part of a life that is a loop with a queue of finished jobs. */
#include <poll.h>

#include "../support.h"
#include "inject.h"
#include "life.h"

enum { CAPACITY = 4, NR_OFFERED = 6 };

static intptr_t next_run(void *arg)
{
	return (intptr_t)arg + 1;
}

/* Each answer is checked; how many there were. */
static unsigned long reap(struct rota_completions *cq)
{
	struct pollfd poll_fd = {rota_completions_fd(cq), POLLIN, 0};
	struct rota_completion done[CAPACITY];
	int nr;

	CHECK_EQ(poll(&poll_fd, 1, TEST_WAIT_MS), 1);
	nr = CALL(rota_completions_reap(cq, done, CAPACITY));
	CHECK(nr >= 0);
	for (int i = 0; i < nr; i++) {
		CHECK_EQ(done[i].dropped, 0);
		CHECK_EQ(done[i].result, (intptr_t)done[i].tag + 1);
	}
	return (unsigned long)nr;
}

unsigned long live_loop(struct rota_pool *pool)
{
	struct rota_completions *cq = NULL;
	unsigned long accepted = 0, reaped = 0;
	int error = CALL(rota_completions_create(CAPACITY, &cq));

	if (error) {
		CHECK(cq == NULL);
		CHECK(error == -ENOMEM || error == -ENOSYS ||
				error == -EMFILE || error == -ENFILE);
		return 0;
	}
	for (intptr_t i = 0; i < NR_OFFERED; i++) {
		error = CALL(rota_completions_submit(
				cq, pool, next_run, (void *)i, (void *)i));
		CHECK(!error || error == -ENOMEM ||
				(error == -EAGAIN && i >= CAPACITY));
		accepted += !error;
	}
	while (reaped < accepted)
		reaped += reap(cq);
	CHECK_EQ(CALL(rota_completions_destroy(cq)), 0);
	return accepted;
}
