/* SPDX-License-Identifier: MIT */
/* Guests: threads that make one call which may wait while the main thread goes
 * on. What they may return is judged when they are joined. */
#include "api.h"

enum guest_call {
	GUEST_OFFERS,
	GUEST_DRAINS,
	GUEST_SHUTS_DOWN,
	NR_GUEST_CALLS
};

struct guest {
	pthread_t thread;
	enum guest_call call;
	struct offer offer;
	enum rota_shutdown_mode mode;
	bool is_blocked;
	int result;
	size_t accepted;
};
static struct guest guests[MAX_GUESTS];
static unsigned nr_guests;

static void *guest_main(void *arg)
{
	struct guest *guest = arg;
	struct rota_report report = {.running = 99};

	switch (guest->call) {
	case GUEST_OFFERS:
		guest->result = offer_make(&guest->offer, &guest->accepted);
		break;
	case GUEST_DRAINS:
		guest->result = rota_pool_drain(api.pool, ROTA_NO_DEADLINE);
		break;
	default:
		guest->result = rota_pool_shutdown(api.pool, guest->mode,
				ROTA_NO_DEADLINE, &report);
		CHECK_EQ(report.running, 0);
		CHECK_EQ(report.queued, 0);
		break;
	}
	return NULL;
}

unsigned guests_nr(void)
{
	return nr_guests;
}

bool guests_all_blocked(void)
{
	for (unsigned i = 0; i < nr_guests; i++)
		if (!guests[i].is_blocked)
			return false;
	return nr_guests != 0;
}

static uint64_t nr_submit_waits(void)
{
	struct rota_stats stats = {0};

	CHECK_EQ(rota_pool_stats(api.pool, &stats), 0);
	return stats.submit_waits;
}

static bool offer_blocks(const struct offer *offer)
{
	struct tally tally;

	return exact_tally(&tally) && offer_may_wait_for_ever(offer) &&
	       tally.unfinished - tally.held == api.capacity &&
	       !atomic_load(&api.may_be_closed) &&
	       (offer->form != FORM_COPY || offer->bytes <= ROTA_COPY_MAX);
}

void guest_start(struct input *input)
{
	unsigned what = input_byte(input);
	struct guest *guest = &guests[nr_guests];
	bool will_block = false;
	uint64_t waits = 0;

	if (nr_guests == MAX_GUESTS)
		return;
	*guest = (struct guest){.call = what % NR_GUEST_CALLS};
	switch (guest->call) {
	case GUEST_OFFERS:
		if (!offer_read(&guest->offer, input))
			return;
		will_block = offer_blocks(&guest->offer);
		waits = nr_submit_waits();
		break;
	case GUEST_DRAINS:
		break;
	default:
		guest->mode = what & 4 ? ROTA_DISCARD : ROTA_DRAIN;
		api.is_discarding |= guest->mode == ROTA_DISCARD;
		atomic_store(&api.may_be_closed, true);
		break;
	}
	nr_guests++;
	guest->thread = thread_start(guest_main, guest);
	if (will_block) {
		CHECK(wait_until(nr_submit_waits() > waits, TEST_WAIT_MS));
		guest->is_blocked = true;
	}
}

void guests_join(void)
{
	gates_open_all();
	while (nr_guests) {
		struct guest *guest = &guests[nr_guests - 1];

		thread_join(guest->thread);
		nr_guests--;
		if (guest->call == GUEST_OFFERS) {
			check_offer_by_guest(&guest->offer, guest->result,
					guest->accepted);
			continue;
		}
		CHECK_EQ(guest->result, 0);
		if (guest->call == GUEST_SHUTS_DOWN) {
			api.is_over = true;
			atomic_store(&api.is_closed, true);
		}
	}
}
