/* SPDX-License-Identifier: MIT */
/* What jobs do and what became of them. */
#include "api.h"

struct api api;

static pthread_mutex_t gates_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gates_changed = PTHREAD_COND_INITIALIZER;

void jobs_reset(void)
{
	unsigned nr = atomic_load(&api.nr_jobs);

	for (unsigned i = 0; i < nr && i < MAX_JOBS; i++)
		api.jobs[i] = (struct job){.plan = 0};
	atomic_store(&api.nr_jobs, 1);
	atomic_store(&api.last_started, 0);
}

struct job *job_new(unsigned plan)
{
	unsigned index = atomic_load(&api.nr_jobs);

	do {
		if (index >= MAX_JOBS)
			return NULL;
	} while (!atomic_compare_exchange_weak(
			&api.nr_jobs, &index, index + 1));
	api.jobs[index].plan = plan;
	return &api.jobs[index];
}

unsigned job_index(const struct job *job)
{
	return (unsigned)(job - api.jobs);
}

static void submit_children(const struct job *job)
{
	static const struct offer offers[] = {
			{.form = FORM_SUBMIT},
			{.form = FORM_TRY},
			{.form = FORM_UNTIL},
			{.form = FORM_UNTIL, .deadline_ns = ROTA_NO_DEADLINE},
			{.form = FORM_MANY},
			{.form = FORM_COPY, .bytes = 40, .has_drop = true},
			{.form = FORM_COPY, .bytes = ROTA_COPY_INLINE + 1},
			{.form = FORM_SUBMIT},
	};
	struct offer offer = offers[(job->plan & PLAN_FORM) >> 2];
	unsigned depth = job->plan & PLAN_DEPTH;

	if (!depth)
		return;
	for (unsigned i = 0; i < (job->plan & PLAN_CHILDREN); i++) {
		struct job *child = job_new(job->plan - PLAN_LEVEL);

		if (child)
			offer.jobs[offer.nr++] = child;
		if (offer.nr && offer.form != FORM_MANY) {
			offer_by_job(&offer);
			offer.nr = 0;
		}
	}
	if (offer.nr)
		offer_by_job(&offer);
}

static void make_calls(void)
{
	struct rota_stats stats = {0};

	CHECK_EQ(rota_pool_drain(api.pool, 0), -EDEADLK);
	CHECK_EQ(rota_pool_shutdown(api.pool, ROTA_DISCARD, 0, NULL), -EDEADLK);
	CHECK_EQ(rota_pool_destroy(api.pool), -EDEADLK);
	CHECK_EQ(rota_pool_stats(api.pool, &stats), 0);
	CHECK_EQ(stats.workers, api.nr_workers);
}

static void close_own(void)
{
	atomic_store(&api.may_be_closed, true);
	CHECK_EQ(rota_pool_close(api.pool), 0);
	atomic_store(&api.is_closed, true);
}

static void hold_worker(struct job *job)
{
	pthread_mutex_lock(&gates_lock);
	if (rota_worker_index() < 0)
		job->is_open = true; /* inline: who would open it? */
	pthread_cond_broadcast(&gates_changed);
	while (!job->is_open)
		pthread_cond_wait(&gates_changed, &gates_lock);
	pthread_mutex_unlock(&gates_lock);
}

static void check_order(struct job *job)
{
	unsigned index = job_index(job);

	if (api.nr_workers != 1 || !job->is_ordered || rota_worker_index() < 0)
		return;
	CHECK(index > atomic_load(&api.last_started));
	atomic_store(&api.last_started, index);
}

void job_run(void *arg)
{
	struct job *job = arg;

	CHECK(rota_self() == api.pool);
	CHECK(rota_worker_index() < (int)api.nr_workers);
	check_order(job);
	pthread_mutex_lock(&gates_lock);
	atomic_fetch_add(&job->entries, 1);
	pthread_mutex_unlock(&gates_lock);
	if (job->is_gate)
		hold_worker(job);
	if (job->plan & PLAN_CALLS)
		make_calls();
	if (job->plan & PLAN_CLOSES)
		close_own();
	submit_children(job);
	atomic_fetch_add(&job->runs, 1);
	CHECK(job == api.jobs || atomic_load(&job->runs) == 1);
}

static bool pool_may_drop(void)
{
	return api.capacity &&
	       (api.policy == ROTA_FULL_DROP_NEWEST ||
			       api.policy == ROTA_FULL_DROP_OLDEST);
}

static void job_dropped(struct job *job, enum rota_drop_reason reason)
{
	CHECK(rota_self() == api.pool);
	if (reason == ROTA_DROP_SHUTDOWN)
		CHECK(api.is_discarding);
	else
		CHECK(reason == ROTA_DROP_OVERLOAD && pool_may_drop());
	CHECK(job == api.jobs || !atomic_load(&job->entries));
	if (job->plan & PLAN_IN_DROP)
		submit_children(job);
	pthread_mutex_lock(&gates_lock);
	atomic_fetch_add(&job->drops, 1);
	pthread_cond_broadcast(&gates_changed);
	pthread_mutex_unlock(&gates_lock);
	CHECK(job == api.jobs || atomic_load(&job->drops) == 1);
}

static struct job *job_of_copy(const unsigned char *payload)
{
	struct job *job = &api.jobs[payload[0]]; /* see offer_make() */

	CHECK((uintptr_t)payload % 16 == 0);
	CHECK(payload[0] < atomic_load(&api.nr_jobs));
	for (unsigned i = 1; i < job->bytes; i++)
		CHECK_EQ(payload[i], (unsigned char)(payload[0] + i));
	return job;
}

void copy_run(void *payload)
{
	job_run(job_of_copy(payload));
}

void copy_drop(void *payload, enum rota_drop_reason reason)
{
	job_dropped(job_of_copy(payload), reason);
}

void empty_run(void *payload)
{
	CHECK((uintptr_t)payload % 16 == 0);
	job_run(api.jobs);
}

void empty_drop(void *payload, enum rota_drop_reason reason)
{
	CHECK((uintptr_t)payload % 16 == 0);
	job_dropped(api.jobs, reason);
}

void on_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	CHECK(hook_arg == &api);
	CHECK(job->run == job_run);
	job_dropped(job->arg, reason);
}

bool jobs_may_vanish(void)
{
	return atomic_load(&api.has_unseen) &&
	       (api.is_discarding || pool_may_drop());
}

static struct tally tally_under_lock(void)
{
	unsigned nr = atomic_load(&api.nr_jobs);
	struct tally tally = {0};

	for (unsigned i = 0; i < nr; i++) {
		struct job *job = &api.jobs[i];
		unsigned accepted = atomic_load(&job->accepted);
		unsigned entries = atomic_load(&job->entries);
		unsigned runs = atomic_load(&job->runs);
		unsigned drops = atomic_load(&job->drops);
		unsigned left = accepted - runs - drops;

		tally.accepted += accepted;
		tally.runs += runs;
		tally.drops += drops;
		tally.unfinished += left;
		if (!job->is_ordered)
			tally.unordered += left;
		else if (left && !entries && !tally.oldest)
			tally.oldest = job;
		if (!job->is_gate || job->is_open || !left)
			continue;
		tally.gates++;
		tally.held += entries != 0;
	}
	return tally;
}

struct tally jobs_tally(void)
{
	struct tally tally;

	pthread_mutex_lock(&gates_lock);
	tally = tally_under_lock();
	pthread_mutex_unlock(&gates_lock);
	return tally;
}

/* The first so many are left shut, then at most so many opened. */
static void open_gates(unsigned left, unsigned opened)
{
	pthread_mutex_lock(&gates_lock);
	for (unsigned i = 0; i < atomic_load(&api.nr_jobs) && opened; i++) {
		struct job *job = &api.jobs[i];

		if (!job->is_gate || job->is_open || atomic_load(&job->drops))
			continue;
		if (left) {
			left--;
			continue;
		}
		job->is_open = true;
		opened--;
	}
	pthread_cond_broadcast(&gates_changed);
	pthread_mutex_unlock(&gates_lock);
}

void gates_open(unsigned which)
{
	unsigned nr = jobs_tally().gates;

	if (nr)
		open_gates(which % nr, 1);
	gates_settle();
}

void gates_open_all(void)
{
	open_gates(0, MAX_JOBS);
}

static bool are_settled(void)
{
	struct tally tally = tally_under_lock();

	/* what waits may be dropped, and nobody may see it */
	return api.is_discarding || jobs_may_vanish() ||
	       tally.held == tally.gates || tally.held == api.nr_workers;
}

void gates_settle(void)
{
	struct timespec end;
	int error = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += TEST_WAIT_MS / 1000;
	pthread_mutex_lock(&gates_lock);
	while (!error && !are_settled())
		error = pthread_cond_timedwait(
				&gates_changed, &gates_lock, &end);
	pthread_mutex_unlock(&gates_lock);
	CHECK_EQ(error, 0); /* jobs wait, and so do workers */
}
