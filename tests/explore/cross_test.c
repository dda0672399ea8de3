/* SPDX-License-Identifier: MIT */
/*
 * Is the search that stops at states it knows as good as the full one? Random
 * small programs must have the same outcomes with both, and no drawn execution
 * may have another one. Programs with known numbers of executions and states
 * must have these.
 */
#include "sys/os.h"
#include "xp.h"
#include "xp_main.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 3, STEPS_EACH = 3, WORDS = 2, OUTCOMES_MAX = 4096 };
enum what { LOAD, STORE, ADD, CAS, FENCE, YIELD, WAIT, WAKE, NR_WHAT };

struct program {
	unsigned threads, steps;
	struct {
		enum what what;
		unsigned word, value;
	} at[THREADS][STEPS_EACH];
};

struct outcomes {
	unsigned nr;
	uint64_t hash[OUTCOMES_MAX];
};

static _Atomic uint32_t words[WORDS];
static uint32_t results[THREADS][STEPS_EACH];
static const struct program *program; /* not of the explored memory: */
static struct outcomes *found;	      /* both point out of it */

static uint32_t step(unsigned thread, unsigned i)
{
	_Atomic uint32_t *word = &words[program->at[thread][i].word];
	uint32_t value = program->at[thread][i].value, old = 0;

	switch (program->at[thread][i].what) {
	case LOAD:
	case NR_WHAT:
		return atomic_load_explicit(word, memory_order_acquire);
	case STORE:
		atomic_store_explicit(word, value, memory_order_release);
		return 0;
	case ADD:
		return atomic_fetch_add_explicit(
				word, value, memory_order_acq_rel);
	case CAS:
		atomic_compare_exchange_strong_explicit(word, &old, value,
				memory_order_acq_rel, memory_order_acquire);
		return old;
	case FENCE:
		fence_full();
		return 0;
	case YIELD:
		os_yield();
		return 0;
	case WAIT:
		os_futex_wait(word, 0, OS_NO_DEADLINE);
		return 1;
	case WAKE:
		os_futex_wake(word, 1);
		return 0;
	}
	return 0;
}

static void *run(void *number)
{
	unsigned thread = (unsigned)(uintptr_t)number;

	for (unsigned i = 0; i < program->steps; i++)
		results[thread][i] = step(thread, i);
	return NULL;
}

static void add_outcome(uint64_t hash)
{
	for (unsigned i = 0; i < found->nr; i++)
		if (found->hash[i] == hash)
			return;
	if (found->nr == OUTCOMES_MAX)
		abort();
	found->hash[found->nr++] = hash;
}

static uint64_t hash_of(const void *from, size_t bytes, uint64_t hash)
{
	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ ((const unsigned char *)from)[i]) *
		       0x100000001b3u;
	return hash;
}

/* Who still sleeps at the end is woken: that is an outcome too, in results. */
static void body(const void *with)
{
	unsigned started[THREADS];

	(void)with;
	memset(words, 0, sizeof(words));
	memset(results, 0, sizeof(results));
	for (unsigned i = 0; i < program->threads; i++)
		started[i] = xp_start(run, (void *)(uintptr_t)i);
	xp_settle();
	add_outcome(hash_of(results, sizeof(results),
			hash_of(words, sizeof(words), 0xcbf29ce484222325u)));
	for (unsigned i = 0; i < WORDS; i++)
		os_futex_wake(&words[i], THREADS);
	xp_settle();
	for (unsigned i = 0; i < WORDS; i++)
		os_futex_wake(&words[i], THREADS);
	xp_settle();
	for (unsigned i = 0; i < WORDS; i++)
		os_futex_wake(&words[i], THREADS);
	for (unsigned i = 0; i < program->threads; i++)
		xp_join(started[i]);
	add_outcome(hash_of(results, sizeof(results),
			hash_of(words, sizeof(words), 1)));
}

static unsigned draw(unsigned limit)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % limit);
}

static void explore(struct outcomes *outcomes, enum xp_model model,
		unsigned bound, bool forgets, uint64_t schedules)
{
	struct xp_options options = {.model = model,
			.bound = bound,
			.forgets = forgets,
			.schedules = schedules,
			.is_quiet = true};

	outcomes->nr = 0;
	found = outcomes;
	if (!xp_explore(body, NULL, &options)) {
		printf("# an execution failed\n");
		exit(1);
	}
}

/* How many of few are not in all? */
static unsigned missing(const struct outcomes *few, const struct outcomes *all)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < few->nr; i++) {
		unsigned at = 0;

		while (at < all->nr && all->hash[at] != few->hash[i])
			at++;
		nr += at == all->nr;
	}
	return nr;
}

static struct outcomes *full, *reduced, *drawn;

static bool agrees(enum xp_model model, unsigned bound, uint64_t *executions)
{
	explore(full, model, bound, true, 0);
	executions[0] += xp_nr_executions();
	explore(reduced, model, bound, false, 0);
	executions[1] += xp_nr_executions();
	if (missing(full, reduced) || missing(reduced, full))
		return false;
	if (bound != XP_NO_BOUND)
		return true;
	explore(drawn, model, bound, true, 300);
	return !missing(drawn, full);
}

static bool random_programs(enum xp_model model, unsigned bound, unsigned nr)
{
	uint64_t executions[2] = {0}, outcomes = 0;
	unsigned bad = 0;

	for (unsigned i = 0; i < nr; i++) {
		struct program *random = calloc(1, sizeof(*random));

		random->threads = THREADS;
		random->steps = STEPS_EACH;
		for (unsigned t = 0; t < THREADS; t++)
			for (unsigned s = 0; s < STEPS_EACH; s++) {
				random->at[t][s].what = draw(NR_WHAT);
				random->at[t][s].word = draw(WORDS);
				random->at[t][s].value = draw(3);
			}
		program = random;
		bad += !agrees(model, bound, executions);
		outcomes += full->nr;
		free(random);
	}
	printf("# %u programs, %llu outcomes, executions: all %llu, reduced "
	       "%llu, %u disagree\n",
			nr, (unsigned long long)outcomes,
			(unsigned long long)executions[0],
			(unsigned long long)executions[1], bad);
	return !bad;
}

/* Two threads, each n stores to a word of its own: with its start that is n + 1
 * steps, so (2n + 2)! / (n + 1)!^2 orders. There are (n + 1)^2 states in which
 * both have a step to make, and so a choice. */
static bool known_numbers(void)
{
	static const unsigned orders[] = {2, 6, 20, 70};
	struct program two = {.threads = 2};
	bool is_ok = true;

	for (unsigned n = 1; n <= STEPS_EACH; n++) {
		uint64_t executions;

		two.steps = n;
		for (unsigned t = 0; t < 2; t++)
			for (unsigned s = 0; s < n; s++) {
				two.at[t][s].what = STORE;
				two.at[t][s].word = t;
				two.at[t][s].value = s + 1;
			}
		program = &two;
		explore(full, XP_SC, XP_NO_BOUND, true, 0);
		executions = xp_nr_executions();
		explore(reduced, XP_SC, XP_NO_BOUND, false, 0);
		printf("# 2 x %u steps: %llu executions, %zu states\n", n,
				(unsigned long long)executions,
				xp_states_seen());
		is_ok = is_ok && executions == orders[n] &&
			xp_states_seen() == (n + 1) * (n + 1);
	}
	return is_ok;
}

static void say(unsigned nr, bool is_ok, const char *name)
{
	printf("%sok %u - %s\n", is_ok ? "" : "not ", nr, name);
	if (!is_ok)
		exit(1);
}

int main(void)
{
	full = calloc(1, sizeof(*full));
	reduced = calloc(1, sizeof(*reduced));
	drawn = calloc(1, sizeof(*drawn));
	xp_know_program();
	say(1, known_numbers(), "known_numbers");
	say(2, random_programs(XP_SC, XP_NO_BOUND, 100), "sc");
	say(3, random_programs(XP_TSO, XP_NO_BOUND, 100), "tso");
	say(4, random_programs(XP_SC, 2, 100), "sc_bound_2");
	say(5, random_programs(XP_TSO, 2, 100), "tso_bound_2");
	printf("1..5\n# 5 passed, 0 failed\n");
}
