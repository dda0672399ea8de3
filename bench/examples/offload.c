/* SPDX-License-Identifier: MIT */
#include "offload.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { NR_AT_ONCE = 16 };

int offload_init(struct offload *offload, unsigned workers, unsigned most)
{
	struct rota_options options = {
			.size = sizeof(options), .workers = workers};
	int error = rota_pool_create(&options, &offload->pool);

	if (error)
		return error;
	/* The bound is that of the queue of what is finished: exact, and for
	 * those that run or wait to be answered too. */
	error = rota_completions_create(most, &offload->completions);
	if (error)
		rota_pool_destroy(offload->pool);
	return error;
}

int offload_fd(struct offload *offload)
{
	return rota_completions_fd(offload->completions);
}

static intptr_t run(void *arg)
{
	struct errand *errand = arg;

	return errand->run(errand);
}

int offload_submit(struct offload *offload, struct errand *errand)
{
	int error = rota_completions_submit(offload->completions, offload->pool,
			run, errand, errand);

	if (error)
		offload->nr_refused++;
	return error;
}

void offload_abandon(struct offload *offload, struct errand *errand)
{
	offload->nr_abandoned++;
	errand->dialog = NULL;
	atomic_store_explicit(&errand->is_unwanted, true, memory_order_relaxed);
}

void offload_reap(struct offload *offload,
		void (*done)(struct errand *errand, intptr_t result))
{
	struct rota_completion completions[NR_AT_ONCE];
	int nr = rota_completions_reap(
			offload->completions, completions, NR_AT_ONCE);

	for (int i = 0; i < nr; i++) {
		struct errand *errand = completions[i].tag;

		/* Look only now: the one before may have closed it. */
		if (done && errand->dialog) {
			offload->nr_done++;
			done(errand, completions[i].result);
		}
		free(errand);
	}
}

void offload_fini(struct offload *offload)
{
	rota_pool_shutdown(offload->pool, ROTA_DISCARD, ROTA_NO_DEADLINE, NULL);
	while (rota_completions_destroy(offload->completions) == -EBUSY)
		offload_reap(offload, NULL);
	rota_pool_destroy(offload->pool);
	printf("slow requests: %lu answered, %lu refused, %lu abandoned\n",
			offload->nr_done, offload->nr_refused,
			offload->nr_abandoned);
}
