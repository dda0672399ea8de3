/* SPDX-License-Identifier: MIT */
/* From bytes to steps: see api.h. */
#include "api.h"

#include "target.h"

enum { MAX_STEPS = 60 };

static void step_offer(struct input *input, bool is_gate)
{
	struct offer offer;

	if (!offer_read(&offer, input))
		return;
	if (is_gate && offer.jobs[0] != api.jobs)
		for (unsigned i = 0; i < offer.nr; i++)
			offer.jobs[i]->is_gate = true;
	offer_by_main(&offer);
}

/* Hold all workers, then fill the queue: bytes alone rarely come to that. */
static void step_fill(unsigned nr_free)
{
	unsigned nr = api.nr_workers + (api.capacity ? api.capacity : 5);

	for (unsigned i = 0; i + nr_free < nr; i++) {
		struct job *job = job_new(0);
		struct offer offer = {
				.form = FORM_TRY,
				.nr = 1,
				.jobs = {job},
		};

		if (!job)
			return;
		job->is_gate = i < api.nr_workers;
		offer_by_main(&offer);
	}
}

static void step(struct input *input)
{
	switch (input_below(input, 16)) {
	case 0 ... 2:
		step_offer(input, false);
		break;
	case 3 ... 4:
		step_offer(input, true);
		break;
	case 5 ... 6:
		step_fill(input_below(input, 3));
		break;
	case 7:
		gates_open(input_byte(input));
		break;
	case 8:
		gates_open_all();
		break;
	case 9:
		pool_drain(input);
		break;
	case 10:
		if (input_below(input, 4) == 0)
			pool_close();
		break;
	case 11:
		if (input_below(input, 2) == 0)
			pool_shutdown(input);
		break;
	case 12:
		guest_start(input);
		break;
	case 13:
		guests_join();
		break;
	case 14:
		refused_call(input);
		break;
	default:
		pool_end();
		pool_create(input);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input input = {data, data + bytes};

	pool_create(&input);
	for (unsigned i = 0; i < MAX_STEPS && !input_is_over(&input); i++) {
		if (!api.pool) {
			pool_create(&input);
			continue;
		}
		step(&input);
		if (api.pool)
			pool_stats();
	}
	if (api.pool)
		pool_end();
	return 0;
}
