/* SPDX-License-Identifier: MIT */
/*
 * Jobs without end: phases of random shape on pools that stay, or are made
 * anew. After each phase all jobs ran once, the counters are in balance and
 * the memory is what it was. ROTA_SOAK_JOBS says how many jobs.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "tally.h"

enum {
	NR_SITES = 4,
	MAX_WORKERS = 8,
	MAX_SUBMITTERS = 8,
	WINDOW = 20000,	    /* jobs that may queue in a pool without capacity */
	COPY_WINDOW = 2000, /* the same for copies, whose boxes it keeps */
	MAX_MANY = 64,
	SMALL_BYTES = 16,
	LARGE_BYTES = 200, /* not from the cache */
	PHASE_JOBS = 1500000,
	SPARSE_JOBS = 20000,
	MOST_BYTES = 32 << 20, /* of memory, above that at the start */
};

/* The rest of an id says nothing. */
#define ID_SITE(id)   ((id)&3)
#define ID_PARENT     4u /* submits a child */
#define ID_YIELDS     8u
#define ID_STEP	      16u
#define ID_CHILD_FLIP (1ull << 62)

struct site {
	struct rota_pool *pool;
	unsigned workers, capacity;
	/* of this pool; children are accepted by workers */
	struct tally ran[MAX_WORKERS + 1], accepted[MAX_WORKERS + 1];
	uint64_t nr_accepted, sum_accepted; /* by submitters that ended */
};

enum form { SPARSE, PING_PONG, FLOOD, MANY, COPIES, MIXED, NR_FORMS };

struct phase {
	struct site *site;
	enum form form;
	unsigned nr_submitters;
	uint64_t nr_jobs; /* each */
};

struct submitter {
	struct phase *phase;
	struct rng rng;
	uint64_t nr, sum; /* accepted */
	pthread_t thread;
};

static struct site sites[NR_SITES];
static struct guard guard = {.generation = 1};
static atomic_ullong next_id;

static struct tally *slot(struct tally *tallies)
{
	int worker = rota_worker_index();

	return &tallies[worker < 0 ? MAX_WORKERS : worker];
}

static void tally_here(struct tally *tallies, uint64_t id)
{
	struct tally *tally = slot(tallies);

	if (tally == &tallies[MAX_WORKERS])
		tally_share(tally, 1, tally_mix(id));
	else
		tally_add(tally, 1, tally_mix(id));
}

static void id_run(void *arg)
{
	uint64_t id = (uintptr_t)arg;
	struct site *site = &sites[ID_SITE(id)];

	if (id & ID_PARENT) {
		uint64_t child = (id ^ ID_CHILD_FLIP) & ~(uint64_t)ID_PARENT;

		CHECK_EQ(rota_submit(site->pool, id_run, (void *)child), 0);
		tally_here(site->accepted, child);
	}
	if (id & ID_YIELDS)
		sched_yield();
	tally_here(site->ran, id);
}

static void copy_run(void *arg)
{
	void *id;

	memcpy(&id, arg, sizeof(id));
	id_run(id);
}

/* So many at once, and they take the rest of the id from the phase. */
static uint64_t make_id(struct submitter *self, uint64_t serial)
{
	enum form form = self->phase->form;
	uint64_t id = serial * ID_STEP + (uint64_t)(self->phase->site - sites);

	if ((form == MIXED || form == SPARSE) && !rng_below(&self->rng, 8))
		id |= ID_PARENT;
	if (form == MIXED && !rng_below(&self->rng, 64))
		id |= ID_YIELDS;
	return id;
}

static void submit_id(struct submitter *self, uint64_t id, enum form form)
{
	struct rota_pool *pool = self->phase->site->pool;
	char payload[LARGE_BYTES] = {0};

	memcpy(payload, &id, sizeof(id));
	if (form == COPIES)
		CHECK_EQ(rota_submit_copy(pool, copy_run, NULL, payload,
					 id & ID_STEP ? SMALL_BYTES
						      : LARGE_BYTES),
				0);
	else
		CHECK_EQ(rota_submit(pool, id_run, (void *)id), 0);
}

static void submit_ids(struct submitter *self, const uint64_t *ids, unsigned nr)
{
	struct rota_job jobs[MAX_MANY];
	size_t accepted;

	for (unsigned i = 0; i < nr; i++)
		jobs[i] = (struct rota_job){id_run, (void *)ids[i]};
	for (unsigned done = 0; done < nr; done += (unsigned)accepted)
		CHECK_EQ(rota_submit_many(self->phase->site->pool, jobs + done,
					 nr - done, &accepted),
				0);
}

static bool is_over_window(struct phase *phase)
{
	bool has_copies = phase->form == COPIES || phase->form == MIXED;

	return !phase->site->capacity &&
	       stats_of(phase->site->pool).queued >
			       (has_copies ? COPY_WINDOW : WINDOW);
}

static uint64_t nr_ran(struct site *site)
{
	uint64_t nr = 0;

	for (unsigned i = 0; i <= MAX_WORKERS; i++)
		nr += atomic_load_explicit(
				&site->ran[i].nr, memory_order_relaxed);
	return nr;
}

/* Between two bursts. */
static void wait_a_little(struct submitter *self, uint64_t nr_before)
{
	struct site *site = self->phase->site;
	uint64_t end = in_ms(TEST_WAIT_MS);

	guard_pass(&guard);
	if (self->phase->form == SPARSE)
		sleep_ns(rng_below(&self->rng, 100000));
	/* one's own job is among those that ran since, or another's */
	if (self->phase->form == PING_PONG)
		while (nr_ran(site) == nr_before) {
			sched_yield();
			CHECK(now_ns() < end);
		}
	while (is_over_window(self->phase)) {
		sleep_ns(20000);
		CHECK(now_ns() < end);
	}
}

static unsigned burst_of(struct submitter *self)
{
	switch (self->phase->form) {
	case PING_PONG:
		return 1;
	case SPARSE:
		return 1 + rng_below(&self->rng, 8);
	default:
		return 1 + rng_below(&self->rng, MAX_MANY);
	}
}

static void *submitter_run(void *arg)
{
	static const enum form forms[] = {FLOOD, MANY, COPIES};
	struct submitter *self = arg;
	uint64_t ids[MAX_MANY], before;

	while (self->nr < self->phase->nr_jobs) {
		unsigned nr = burst_of(self);
		enum form form = self->phase->form;
		uint64_t serial = atomic_fetch_add(&next_id, nr);

		if (form == MIXED || form == SPARSE)
			form = forms[rng_below(&self->rng, 3)];
		before = nr_ran(self->phase->site);
		for (unsigned i = 0; i < nr; i++) {
			ids[i] = make_id(self, serial + i);
			self->sum += tally_mix(ids[i]);
		}
		if (form == MANY)
			submit_ids(self, ids, nr);
		else
			for (unsigned i = 0; i < nr; i++)
				submit_id(self, ids[i], form);
		self->nr += nr;
		wait_a_little(self, before);
	}
	return NULL;
}

static void sum_up(const struct tally *tallies, uint64_t *nr, uint64_t *sum)
{
	for (unsigned i = 0; i <= MAX_WORKERS; i++) {
		*sum += atomic_load_explicit(
				&tallies[i].sum, memory_order_acquire);
		*nr += atomic_load_explicit(
				&tallies[i].nr, memory_order_relaxed);
	}
}

/* All that was accepted runs, and nothing stops the pool. */
static void check_site(struct site *site)
{
	uint64_t nr = 0, sum = 0, nr_wanted, sum_wanted;
	uint64_t end = in_ms(TEST_WAIT_MS);
	struct rota_stats stats;

	do {
		CHECK(now_ns() < end);
		sleep_ns(50000);
		nr = sum = 0;
		sum_up(site->ran, &nr, &sum);
		nr_wanted = site->nr_accepted;
		sum_wanted = site->sum_accepted;
		sum_up(site->accepted, &nr_wanted, &sum_wanted);
	} while (nr != nr_wanted);
	check_rest(site->pool);
	sum = 0;
	sum_up(site->ran, &nr, &sum);
	CHECK(sum == sum_wanted);
	stats = stats_of(site->pool);
	CHECK_EQ(stats.submitted, nr_wanted);
	CHECK_EQ(stats.ran, nr_wanted);
	CHECK_EQ(stats.dropped, 0);
}

static void end_site(struct site *site)
{
	struct rota_report report;

	if (!site->pool)
		return;
	CHECK_EQ(rota_pool_shutdown(site->pool, ROTA_DRAIN, ROTA_NO_DEADLINE,
				 &report),
			0);
	CHECK_EQ(report.ran, nr_ran(site));
	CHECK_EQ(report.dropped + report.queued + report.running, 0);
	end_pool(site->pool);
	memset(site, 0, sizeof(*site));
}

static void begin_site(struct site *site, struct rng *rng)
{
	struct rota_options o = {0};

	end_site(site);
	site->workers = o.workers = 1 + rng_below(rng, MAX_WORKERS);
	switch ((site - sites) % NR_SITES) {
	case 0:
		o.channel = ROTA_CHANNEL_RING;
		break;
	case 1:
		site->capacity = o.capacity = 1 + rng_below(rng, 300);
		if (rng_below(rng, 2))
			o.full_policy = ROTA_FULL_CALLER_RUNS;
		break;
	default:
		o.channel = ROTA_CHANNEL_LANES;
	}
	site->pool = make_pool_with(&o);
}

/* Returns how many jobs there were. */
static uint64_t run_phase(struct rng *rng, uint64_t max_jobs)
{
	static struct submitter submitters[MAX_SUBMITTERS];
	struct site *site = &sites[rng_below(rng, NR_SITES)];
	struct phase phase = {.site = site, .form = rng_below(rng, NR_FORMS)};
	uint64_t before, nr = 0;

	if (!site->pool || !rng_below(rng, 4))
		begin_site(site, rng);
	phase.nr_submitters = 1 + rng_below(rng, MAX_SUBMITTERS);
	if (phase.form <= PING_PONG && max_jobs > SPARSE_JOBS)
		max_jobs = SPARSE_JOBS;
	phase.nr_jobs = (max_jobs / 4 + rng_below(rng, (unsigned)max_jobs)) /
					phase.nr_submitters +
			1;
	before = nr_ran(site);
	guard_watch(&guard, site->pool);
	for (unsigned i = 0; i < phase.nr_submitters; i++) {
		submitters[i] = (struct submitter){.phase = &phase};
		rng_init(&submitters[i].rng, rng_next(rng));
		submitters[i].thread =
				thread_start(submitter_run, &submitters[i]);
	}
	for (unsigned i = 0; i < phase.nr_submitters; i++) {
		thread_join(submitters[i].thread);
		site->nr_accepted += submitters[i].nr;
		site->sum_accepted += submitters[i].sum;
	}
	check_site(site);
	guard_watch(&guard, NULL);
	nr = nr_ran(site) - before;
	return nr;
}

static uint64_t nr_jobs_asked(void)
{
	const char *text = getenv("ROTA_SOAK_JOBS");

	if (text && *text)
		return strtoull(text, NULL, 10);
	return getenv("ROTA_SOAK") ? 1000000000
				   : 5000000 / (TEST_SLOW * TEST_SLOW);
}

static void soak(void)
{
	uint64_t total = nr_jobs_asked(), done = 0, said = 0,
		 begin_ns = now_ns();
	uint64_t max_jobs = total / 20 < PHASE_JOBS ? total / 20 : PHASE_JOBS;
	long most = resident_bytes() + MOST_BYTES, resident, seen = 0;
	unsigned nr_phases = 0;
	struct rng rng;

	rng_init(&rng, 1);
	guard_start(&guard);
	for (; done < total; nr_phases++) {
		done += run_phase(&rng, max_jobs);
		resident = resident_bytes();
		seen = resident > seen ? resident : seen;
		if (!TEST_ASAN && !TEST_TSAN) /* they keep what is freed */
			CHECK(resident <= most);
		if (done - said >= total / 10) {
			said = done;
			test_note("%llu jobs in %u phases and %llu s; at most "
				  "%ld KiB; %u looks, %u suspicions",
					(unsigned long long)done, nr_phases,
					(unsigned long long)((now_ns() - begin_ns) /
							     1000000000),
					seen / 1024, guard.nr_looks,
					guard.nr_suspicions);
		}
	}
	guard_stop(&guard);
	for (unsigned i = 0; i < NR_SITES; i++)
		end_site(&sites[i]);
}

static struct test_case soak_case = {
		.name = "no_job_is_lost_and_no_memory_in_phases_of_any_shape",
		.run = soak,
};

__attribute__((constructor)) static void register_soak(void)
{
	soak_case.limit_s = 60 + (unsigned)(nr_jobs_asked() / 50000);
	test_register(&soak_case);
}
