/* SPDX-License-Identifier: MIT */
/* The submit family: make the call, then judge what it returned. */
#include "api.h"

enum { UNTOUCHED = 12345 };

bool offer_read(struct offer *offer, struct input *input)
{
	static const unsigned sizes[] = {0, 1, 40, ROTA_COPY_INLINE,
			ROTA_COPY_INLINE + 1, 5000, ROTA_COPY_MAX,
			ROTA_COPY_MAX + 1};
	unsigned shape = input_byte(input);
	unsigned plan = input_byte(input);

	if (plan & PLAN_CHILDREN)
		plan |= input_below(input, 32) * PLAN_LEVEL;
	*offer = (struct offer){
			.form = shape % NR_FORMS,
			.bytes = sizes[shape / NR_FORMS % 8],
			.has_drop = shape & 1,
			.nr = 1,
			.deadline_ns = 0,
	};
	if (offer->form == FORM_MANY)
		offer->nr = 1 + shape / NR_FORMS % MAX_OFFER;
	if (offer->form == FORM_UNTIL)
		offer->deadline_ns = deadline_read(input);
	for (unsigned i = 0; i < offer->nr; i++) {
		offer->jobs[i] = offer->form == FORM_COPY && !offer->bytes
						 ? &api.jobs[0]
						 : job_new(plan);
		if (!offer->jobs[i])
			return false;
	}
	return true;
}

static int submit_copy(const struct offer *offer)
{
	static _Thread_local unsigned char payload[ROTA_COPY_MAX + 1];
	struct job *job = offer->jobs[0];

	if (!offer->bytes)
		return rota_submit_copy(api.pool, empty_run,
				offer->has_drop ? empty_drop : NULL, NULL, 0);
	for (unsigned i = 0; i < offer->bytes; i++)
		payload[i] = (unsigned char)(job_index(job) + i);
	return rota_submit_copy(api.pool, copy_run,
			offer->has_drop ? copy_drop : NULL, payload,
			offer->bytes);
}

static int submit_many(const struct offer *offer, size_t *ret_accepted)
{
	struct rota_job jobs[MAX_OFFER];
	size_t accepted = UNTOUCHED;
	int result;

	for (unsigned i = 0; i < offer->nr; i++)
		jobs[i] = (struct rota_job){job_run, offer->jobs[i]};
	result = rota_submit_many(api.pool, jobs, offer->nr, &accepted);
	if (result)
		CHECK_EQ(accepted, UNTOUCHED);
	else
		CHECK(accepted >= 1 && accepted <= offer->nr);
	*ret_accepted = result ? 0 : accepted;
	return result;
}

int offer_make(struct offer *offer, size_t *ret_accepted)
{
	struct job *job = offer->jobs[0];
	int result = 0;

	bool is_unseen = offer->form == FORM_COPY ? !offer->has_drop
						  : !api.sees_drops;

	if (is_unseen)
		atomic_store(&api.has_unseen, true);
	for (unsigned i = 0; i < offer->nr && offer->jobs[i] != api.jobs; i++) {
		offer->jobs[i]->bytes = offer->bytes;
		offer->jobs[i]->drop_is_unseen = is_unseen;
	}
	*ret_accepted = 1;
	switch (offer->form) {
	case FORM_SUBMIT:
		result = rota_submit(api.pool, job_run, job);
		break;
	case FORM_TRY:
		result = rota_try_submit(api.pool, job_run, job);
		break;
	case FORM_UNTIL:
		result = rota_submit_until(
				api.pool, job_run, job, offer->deadline_ns);
		break;
	case FORM_MANY:
		result = submit_many(offer, ret_accepted);
		break;
	default:
		result = submit_copy(offer);
		break;
	}
	CHECK(result <= 0);
	if (result)
		*ret_accepted = 0;
	for (size_t i = 0; i < *ret_accepted; i++)
		atomic_fetch_add(&offer->jobs[i]->accepted, 1);
	return result;
}

/* What happens to it in a full pool. */
enum when_full { WAITS, WAITS_UNTIL, FAILS, RUNS, DROPS_NEWEST, DROPS_OLDEST };

static enum when_full when_full(const struct offer *offer)
{
	static const enum when_full of_policy[] = {
			[ROTA_FULL_BLOCK] = WAITS,
			[ROTA_FULL_FAIL] = FAILS,
			[ROTA_FULL_CALLER_RUNS] = RUNS,
			[ROTA_FULL_DROP_NEWEST] = DROPS_NEWEST,
			[ROTA_FULL_DROP_OLDEST] = DROPS_OLDEST,
	};

	if (offer->form == FORM_TRY)
		return FAILS;
	if (offer->form == FORM_UNTIL)
		return offer->deadline_ns == ROTA_NO_DEADLINE ? WAITS
							      : WAITS_UNTIL;
	return of_policy[api.policy];
}

const struct tally *exact_tally(struct tally *tally)
{
	*tally = jobs_tally();
	return tally->held == api.nr_workers && !guests_nr() &&
					       !jobs_may_vanish()
			       ? tally
			       : NULL;
}

static unsigned room_in(const struct tally *exact)
{
	return api.capacity ? api.capacity - (exact->unfinished - exact->held)
			    : UINT32_MAX;
}

/* Might all workers be held before there is room? */
bool offer_may_wait_for_ever(const struct offer *offer)
{
	unsigned gates = offer->jobs[0]->is_gate ? offer->nr : 0;
	struct tally tally;
	const struct tally *exact = exact_tally(&tally);

	if (when_full(offer) != WAITS || !api.capacity ||
			tally.held + gates < api.nr_workers)
		return false;
	if (exact)
		return room_in(exact) < offer->nr;
	return guests_nr() || tally.unfinished > tally.held ||
	       offer->nr > api.capacity;
}

/* Nothing moves but this call. */
static void check_exactly(const struct offer *offer, const struct tally *before,
		int result, size_t accepted)
{
	unsigned room = room_in(before), nr = offer->nr;
	size_t most = nr < room ? nr : room;

	switch (when_full(offer)) {
	case FAILS:
		CHECK_EQ(result, room ? 0 : -EAGAIN);
		CHECK_EQ(accepted, most);
		break;
	case WAITS_UNTIL:
		CHECK_EQ(result, room ? 0 : -ETIMEDOUT);
		break;
	case WAITS:
		CHECK_EQ(result, 0);
		CHECK_EQ(accepted, nr);
		break;
	case RUNS:
		CHECK_EQ(result, 0);
		CHECK_EQ(accepted, nr);
		for (size_t i = most; i < nr; i++)
			CHECK(atomic_load(&offer->jobs[i]->runs));
		break;
	case DROPS_NEWEST:
		CHECK_EQ(result, 0);
		CHECK_EQ(accepted, nr);
		for (size_t i = most; i < nr && !jobs_may_vanish(); i++)
			CHECK(atomic_load(&offer->jobs[i]->drops));
		break;
	case DROPS_OLDEST:
		CHECK_EQ(result, 0);
		CHECK_EQ(accepted, nr);
		if (!room && !before->unordered && !jobs_may_vanish())
			CHECK(atomic_load(&before->oldest->drops));
		break;
	}
}

/* Others go on meanwhile. */
static void check_possible(
		const struct offer *offer, int result, size_t accepted)
{
	bool can_be_full = api.capacity != 0;
	enum when_full full = when_full(offer);

	if (result == -EAGAIN)
		CHECK(can_be_full && full == FAILS);
	else if (result == -ETIMEDOUT)
		CHECK(can_be_full && full == WAITS_UNTIL);
	else if (result)
		CHECK_EQ(result, -ESHUTDOWN);
	else if (accepted < offer->nr)
		CHECK(atomic_load(&api.may_be_closed) ||
				(can_be_full && full == FAILS));
	if (result == -ESHUTDOWN)
		CHECK(atomic_load(&api.may_be_closed));
}

void offer_by_main(struct offer *offer)
{
	bool was_closed = atomic_load(&api.is_closed);
	const struct tally *exact;
	struct tally before;
	size_t accepted;
	int result;

	if (offer_may_wait_for_ever(offer))
		return;
	for (unsigned i = 0; i < offer->nr; i++)
		offer->jobs[i]->is_ordered = offer->jobs[i] != api.jobs;
	exact = exact_tally(&before);
	result = offer_make(offer, &accepted);
	if (offer->form == FORM_COPY && offer->bytes > ROTA_COPY_MAX)
		CHECK_EQ(result, -EMSGSIZE);
	else if (was_closed)
		CHECK_EQ(result, -ESHUTDOWN);
	else if (exact && !(offer->jobs[0]->plan & PLAN_CLOSES))
		check_exactly(offer, exact, result, accepted);
	else
		check_possible(offer, result, accepted);
	gates_settle();
}

void check_offer_by_guest(
		const struct offer *offer, int result, size_t accepted)
{
	if (offer->form == FORM_COPY && offer->bytes > ROTA_COPY_MAX)
		CHECK_EQ(result, -EMSGSIZE);
	else
		check_possible(offer, result, accepted);
}

void offer_by_job(struct offer *offer)
{
	bool was_closed = atomic_load(&api.is_closed);
	enum when_full full;
	size_t accepted;
	int result;

	result = offer_make(offer, &accepted);
	full = when_full(offer);
	if (was_closed)
		CHECK_EQ(result, -ESHUTDOWN);
	else if (result == -EDEADLK) /* only other threads make room */
		CHECK(api.capacity && (full == WAITS || full == WAITS_UNTIL ||
						      full == RUNS));
	else if (full == WAITS_UNTIL)
		CHECK(!result || result == -ESHUTDOWN);
	else if (!result && accepted < offer->nr) /* as above */
		CHECK(atomic_load(&api.may_be_closed) ||
				(api.capacity &&
						(full == WAITS ||
								full == RUNS ||
								full == FAILS)));
	else
		check_possible(offer, result, accepted);
}
