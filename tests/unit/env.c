/* SPDX-License-Identifier: MIT */
/* Signals: workers stay out of them, waiters survive them. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../support.h"

static sigset_t seen_mask;

static void mask_run(void *arg)
{
	(void)arg;
	CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &seen_mask), 0);
}

TEST(workers_block_all_signals_but_the_synchronous_ones)
{
	static const int synchronous[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	static const int either[] = {
			SIGKILL, SIGSTOP, SIGTRAP, SIGSYS, SIGABRT};
	struct rota_pool *pool;
	sigset_t before, after;
	int sig;
	size_t i;

	CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
	pool = make_pool(1, 0, ROTA_FULL_FAIL);
	CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
	for (sig = 1; sig <= SIGRTMAX; sig++)
		if (sig < 32 || sig >= SIGRTMIN)
			CHECK_EQ(sigismember(&before, sig),
					sigismember(&after, sig));
	CHECK_EQ(rota_submit(pool, mask_run, NULL), 0);
	check_rest(pool);
	for (i = 0; i < sizeof(synchronous) / sizeof(*synchronous); i++)
		CHECK_EQ(sigismember(&seen_mask, synchronous[i]), 0);
	for (i = 0; i < sizeof(synchronous) / sizeof(*synchronous); i++)
		sigaddset(&seen_mask, synchronous[i]);
	for (i = 0; i < sizeof(either) / sizeof(*either); i++)
		sigaddset(&seen_mask, either[i]);
	for (sig = 1; sig <= SIGRTMAX; sig++)
		if ((sig < 32 || sig >= SIGRTMIN) &&
				!sigismember(&seen_mask, sig))
			test_fail(__FILE__, __LINE__, "%d is open", sig);
	end_pool(pool);
}

static atomic_uint nr_handled;

static void handler(int sig)
{
	(void)sig;
	atomic_fetch_add(&nr_handled, 1);
}

static void handle(int sig)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler; /* no SA_RESTART: calls see EINTR */
	CHECK_EQ(sigaction(sig, &action, NULL), 0);
}

TEST(a_signal_to_the_process_reaches_the_main_thread_and_no_worker)
{
	struct rota_pool *pool;
	struct timespec limit = {5 * TEST_SLOW, 0};
	sigset_t term;
	int i;

	handle(SIGTERM);
	pool = make_pool(4, 0, ROTA_FULL_FAIL); /* does not inherit a block */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &term, NULL), 0);
	for (i = 0; i < 100; i++) {
		CHECK_EQ(rota_submit(pool, nothing_run, NULL), 0);
		CHECK_EQ(kill(getpid(), SIGTERM), 0);
		CHECK_EQ(sigtimedwait(&term, NULL, &limit), SIGTERM);
	}
	CHECK_EQ(atomic_load(&nr_handled), 0);
	end_pool(pool);
}

struct storm {
	pthread_t targets[8];
	atomic_uint nr_targets;
	atomic_bool is_over;
	atomic_ulong nr_sent;
};

static void *storm_run(void *arg)
{
	struct storm *storm = arg;
	unsigned i;

	while (!atomic_load(&storm->is_over)) {
		for (i = 0; i < atomic_load(&storm->nr_targets); i++) {
			pthread_kill(storm->targets[i], SIGUSR1);
			atomic_fetch_add(&storm->nr_sent, 1);
		}
		sleep_ns(20000);
	}
	return NULL;
}

static int note_worker(void *hook_arg, unsigned worker)
{
	struct storm *storm = hook_arg;

	storm->targets[worker] = pthread_self();
	return 0;
}

TEST(a_signal_storm_at_the_workers_is_harmless)
{
	struct storm storm = {0};
	struct rota_options o = {
			.workers = 4,
			.on_start = note_worker,
			.hook_arg = &storm,
	};
	struct rota_pool *pool;
	atomic_uint ran = 0;
	pthread_t thread;
	int i;

	handle(SIGUSR1);
	pool = make_pool_with(&o);
	atomic_store(&storm.nr_targets, 4);
	thread = thread_start(storm_run, &storm);
	for (i = 0; i < 3000; i++) {
		CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
		if (i % 10 == 0) /* idle and parked now and then */
			CHECK_EQ(rota_pool_drain(pool, in_ms(TEST_WAIT_MS)), 0);
	}
	CHECK(wait_until(atomic_load(&storm.nr_sent) >= 400, TEST_WAIT_MS));
	check_rest(pool);
	CHECK_EQ(atomic_load(&ran), 3000);
	CHECK_EQ(atomic_load(&nr_handled), 0);
	atomic_store(&storm.is_over, true);
	thread_join(thread);
	end_pool(pool);
}

struct sleeper {
	struct rota_pool *pool;
	atomic_uint *ran;
	uint64_t deadline_ns;
	atomic_bool has_returned;
	int kind;
	int error;
	pthread_t thread;
};

static void *sleeper_run(void *arg)
{
	struct sleeper *s = arg;

	if (s->kind == 0)
		s->error = rota_submit(s->pool, count_run, s->ran);
	else if (s->kind == 1)
		s->error = rota_submit_until(
				s->pool, count_run, s->ran, s->deadline_ns);
	else if (s->kind == 2)
		s->error = rota_pool_drain(s->pool, s->deadline_ns);
	else
		s->error = rota_pool_shutdown(
				s->pool, ROTA_DRAIN, s->deadline_ns, NULL);
	if (s->error == -ETIMEDOUT)
		CHECK(now_ns() >= s->deadline_ns);
	atomic_store(&s->has_returned, true);
	return NULL;
}

static void storm_at_waiters(int first_kind, int last_kind, bool must_time_out)
{
	struct rota_pool *pool = make_pool(1, 1, ROTA_FULL_BLOCK);
	struct sleeper sleepers[4];
	struct storm storm = {0};
	atomic_uint ran = 0;
	struct blocker blocker;
	uint64_t deadline_ns = must_time_out ? in_ms(100) : ROTA_NO_DEADLINE;
	unsigned nr = 0;
	pthread_t thread;
	int kind;

	handle(SIGUSR1);
	atomic_store(&nr_handled, 0);
	blocker_hold(&blocker, pool);
	CHECK_EQ(rota_submit(pool, count_run, &ran), 0);
	for (kind = first_kind; kind <= last_kind; kind++, nr++) {
		sleepers[nr] = (struct sleeper){.pool = pool,
				.ran = &ran,
				.deadline_ns = deadline_ns,
				.kind = kind};
		sleepers[nr].thread = thread_start(sleeper_run, &sleepers[nr]);
		storm.targets[nr] = sleepers[nr].thread;
	}
	atomic_store(&storm.nr_targets, nr);
	thread = thread_start(storm_run, &storm);
	if (!must_time_out)
		CHECK(wait_until(atomic_load(&storm.nr_sent) >= 500,
				TEST_WAIT_MS));
	if (!must_time_out) {
		while (nr > 0)
			CHECK(!atomic_load(&sleepers[--nr].has_returned));
		atomic_store(&storm.is_over, true);
		thread_join(thread);
		blocker_release(&blocker);
	}
	for (kind = first_kind, nr = 0; kind <= last_kind; kind++, nr++)
		CHECK(wait_until(atomic_load(&sleepers[nr].has_returned),
				TEST_WAIT_MS));
	if (must_time_out) {
		atomic_store(&storm.is_over, true);
		thread_join(thread);
		blocker_release(&blocker);
	}
	for (kind = first_kind, nr = 0; kind <= last_kind; kind++, nr++) {
		thread_join(sleepers[nr].thread);
		CHECK_EQ(sleepers[nr].error, must_time_out ? -ETIMEDOUT : 0);
	}
	end_pool(pool);
	if (!TEST_TSAN) /* which puts handlers off to the end of the call */
		CHECK(atomic_load(&nr_handled) >= 20);
	CHECK_EQ(atomic_load(&ran),
			1 + (must_time_out || first_kind > 1 ? 0 : 2));
}

TEST(a_signal_storm_at_blocked_submitters_and_drainers_is_harmless)
{
	storm_at_waiters(0, 2, false);
}

TEST(a_signal_storm_does_not_shorten_a_deadline)
{
	storm_at_waiters(1, 2, true);
	storm_at_waiters(3, 3, true);
}

TEST(a_signal_storm_at_a_waiting_shutdown_is_harmless)
{
	storm_at_waiters(3, 3, false);
}
