/* SPDX-License-Identifier: MIT */
/* The k-th call of each kind fails, once or from then on, for each k until a
 * life needs no more: a documented error or full service, and no trace. */
#include "../harness.h"
#include "inject.h"
#include "life.h"

enum { EACH = 32 / TEST_SLOW, NR_REGISTRATIONS = 2, LIMIT_S = 60 };

/* Every k up to EACH, then some: each time a quarter more, or twice as many. */
static unsigned long next_k(unsigned long k)
{
	return k + 1 + (k > EACH ? k * TEST_SLOW / 4 : 0);
}

/* What create may say of this; nothing else may fail as a whole. */
static bool is_allowed(enum inject_kind kind, int error)
{
	switch (kind) {
	case INJECT_malloc:
	case INJECT_mmap:
		return error == -ENOMEM;
	case INJECT_madvise:
		return error == -ENOSYS;
	case INJECT_pthread_create:
	case INJECT_pthread_attr_init:
	case INJECT_pthread_attr_setaffinity_np:
	case INJECT_pthread_attr_setsigmask_np:
		return error == -EAGAIN;
	case INJECT_pthread_attr_setstacksize:
		return error == -EINVAL;
	default:
		return false;
	}
}

/* Some calls come only after another was refused. */
static void lead_to(enum inject_kind kind)
{
	if (kind == INJECT_mprotect)
		inject(INJECT_membarrier, NR_REGISTRATIONS + 1, INJECT_EVER,
				ENOSYS);
	if (kind == INJECT_nanosleep)
		inject(INJECT_futex_wait, 1, INJECT_EVER, ENOSYS);
}

/* Some calls come only with growth, or after a long streak of jobs. */
static unsigned flood_for(enum inject_kind kind)
{
	if (kind == INJECT_mmap || kind == INJECT_madvise)
		return LIFE_GROWS;
	return kind == INJECT_clock_gettime ? 2000 : 8;
}

struct attempt {
	struct life_options options;
	int error;
};

static void *attempt_run(void *arg)
{
	struct attempt *attempt = arg;

	attempt->error = live(&attempt->options);
	return NULL;
}

/* One life with this fault, on a thread that remembers no other; was it hit? */
static bool live_with(enum inject_kind kind, enum shape shape, unsigned long k,
		unsigned long times, int fault)
{
	struct attempt attempt = {.options = {
						  .shape = shape,
						  .nr_flood = flood_for(kind),
						  .does_discard = k % 2,
				  }};
	unsigned threads = nr_threads(), files = nr_fds();
	bool was_hit;

	inject_reset();
	lead_to(kind);
	inject(kind, k, times, fault);
	thread_join(thread_start(attempt_run, &attempt));
	was_hit = inject_failures(kind);
	if (attempt.error && (!is_allowed(kind, attempt.error) || !was_hit))
		test_fail(__FILE__, __LINE__, "create: %d", attempt.error);
	/* a heavy fence that cannot be made is waited for */
	if (kind == INJECT_mprotect)
		CHECK(inject_calls(INJECT_nanosleep) >= inject_failures(kind));
	inject_reset();
	CHECK(wait_until(nr_threads() == threads, TEST_WAIT_MS));
	CHECK_EQ(nr_fds(), files);
	CHECK_EQ(inject_nr_live(), 0);
	return was_hit;
}

/* Returns how many lives had this fault. */
static unsigned sweep(enum inject_kind kind, enum shape shape,
		unsigned long times, int fault)
{
	unsigned long k;
	unsigned nr = 0;

	test_note("%s: %s %s, the call number ...", shape_names[shape],
			inject_error_name(fault), times == 1 ? "once" : "ever");
	for (k = 1; live_with(kind, shape, k, times, fault); k = next_k(k))
		nr++;
	test_note("... to %lu, %u of them", k - 1, nr);
	return nr;
}

static void sweep_kind(const void *with)
{
	enum inject_kind kind = *(const enum inject_kind *)with;
	unsigned nr = 0;
	int fault;

	for (unsigned i = 0; inject_error(kind, i, &fault); i++)
		for (unsigned shape = 0; shape < NR_SHAPES; shape++) {
			if (fault != INJECT_HOUR_AHEAD) /* it never goes back */
				nr += sweep(kind, shape, 1, fault);
			nr += sweep(kind, shape, INJECT_EVER, fault);
		}
	CHECK(nr > 0);
}

#define CASE(name_)                                                            \
	static const enum inject_kind kind_##name_ = INJECT_##name_;           \
	static struct test_case case_##name_ = {                               \
			.name = "whichever_call_fails_of_" #name_,             \
			.run_with = sweep_kind,                                \
			.with = &kind_##name_,                                 \
			.limit_s = LIMIT_S,                                    \
	};                                                                     \
	__attribute__((constructor)) static void register_##name_(void)        \
	{                                                                      \
		test_register(&case_##name_);                                  \
	}
#define INJECT(name, ...)	  CASE(name)
#define INJECT_BY_HAND(name, ...) CASE(name)
#include "kinds.h"
