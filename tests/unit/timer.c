/* SPDX-License-Identifier: MIT */
/* rota_timer_start(), rota_timer_stop(). */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"
#include "counting.h"

struct beat {
	uint64_t first_ns, period_ns;
	uint64_t long_ns; /* of each run */
	unsigned nr;	  /* plain: one run happens before the next */
	atomic_uint ran;
	atomic_uint running;
	atomic_uint dropped;
	struct rota_timer *timer;
	int stop_result;
};

static void beat_run(void *arg)
{
	struct beat *beat = arg;

	CHECK_EQ(atomic_fetch_add(&beat->running, 1), 0);
	CHECK(now_ns() >= beat->first_ns + beat->nr * beat->period_ns);
	beat->nr++;
	if (beat->long_ns)
		sleep_ns(beat->long_ns);
	atomic_fetch_sub(&beat->running, 1);
	atomic_fetch_add(&beat->ran, 1);
}

static void beat_drop(void *hook_arg, const struct rota_job *job,
		enum rota_drop_reason reason)
{
	struct beat *beat = job->arg;

	(void)hook_arg;
	CHECK_EQ(reason, ROTA_DROP_SHUTDOWN);
	atomic_fetch_add(&beat->dropped, 1);
}

static void start(struct rota_pool *pool, rota_run_fn run, struct beat *beat,
		uint64_t first_ns, uint64_t period_ns)
{
	beat->first_ns = first_ns;
	beat->period_ns = period_ns;
	CHECK_EQ(rota_timer_start(pool, run, beat, first_ns, period_ns,
				 &beat->timer),
			0);
}

static void await_ran(struct beat *beat, unsigned nr)
{
	CHECK(wait_until(atomic_load(&beat->ran) >= nr, TEST_WAIT_MS));
}

TEST(a_timer_beats_until_it_is_stopped)
{
	struct rota_pool *pool = make_pool(3, 0, ROTA_FULL_FAIL);
	struct beat beat = {0};
	unsigned ran;

	start(pool, beat_run, &beat, in_ms(5), 2 * NS_PER_MS);
	await_ran(&beat, 20);
	CHECK_EQ(rota_timer_stop(beat.timer, ROTA_NO_DEADLINE), 0);
	ran = beat.nr; /* no run reads or writes it any more */
	sleep_ns(20 * NS_PER_MS);
	CHECK_EQ(beat.nr, ran);
	check_rest(pool);
	end_pool(pool);
	CHECK_EQ(atomic_load(&beat.ran), ran);
	CHECK_EQ(nr_live(), 0);
}

TEST(runs_that_take_long_leave_beats_out_and_do_not_pile_up)
{
	struct rota_pool *pool = make_pool(3, 0, ROTA_FULL_FAIL);
	struct beat beat = {.long_ns = 10 * NS_PER_MS};
	uint64_t begin = now_ns(), periods;

	/* from long ago: those beats are left out too */
	start(pool, beat_run, &beat, 0, NS_PER_MS);
	await_ran(&beat, 10);
	CHECK(stats_of(pool).queued <= 1);
	CHECK_EQ(rota_timer_stop(beat.timer, ROTA_NO_DEADLINE), 0);
	periods = (now_ns() - begin) / NS_PER_MS;
	CHECK(beat.nr <= periods / 10 + 1);
	CHECK(stats_of(pool).submitted <= periods / 10 + 2);
	end_pool(pool);
}

TEST(beats_that_were_over_at_the_start_are_left_out)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	uint64_t begin_ns = now_ns(), period_ns = 2 * NS_PER_MS;
	struct beat beat = {0};

	start(pool, beat_run, &beat, 0,
			period_ns); /* since the machine is up */
	await_ran(&beat, 2);
	sleep_ns(20 * period_ns); /* in which many could come at once */
	CHECK_EQ(rota_timer_stop(beat.timer, ROTA_NO_DEADLINE), 0);
	end_pool(pool);
	CHECK(beat.nr <= 2 + (now_ns() - begin_ns) / period_ns);
	CHECK_EQ(nr_live(), 0);
}

TEST(a_beat_that_waits_in_the_queue_is_the_only_one_and_can_be_stopped)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct beat beat = {0};
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	start(pool, beat_run, &beat, 0, NS_PER_MS);
	CHECK(wait_until(stats_of(pool).queued == 1, TEST_WAIT_MS));
	sleep_ns(20 * NS_PER_MS);
	CHECK_EQ(stats_of(pool).queued, 1);
	CHECK_EQ(rota_timer_stop(beat.timer, 0), 0);
	blocker_release(&blocker);
	check_rest(pool);
	CHECK_EQ(stats_of(pool).submitted, 2);
	CHECK_EQ(stats_of(pool).ran, 1);
	CHECK_EQ(stats_of(pool).dropped, 1);
	CHECK_EQ(beat.nr, 0);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

static void self_stop_run(void *arg)
{
	struct beat *beat = arg;

	if (++beat->nr == 3)
		beat->stop_result =
				rota_timer_stop(beat->timer, ROTA_NO_DEADLINE);
	atomic_fetch_add(&beat->ran, 1);
}

TEST(a_run_may_stop_its_own_timer)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct beat beat = {.stop_result = 77};

	start(pool, self_stop_run, &beat, 0, NS_PER_MS);
	await_ran(&beat, 3);
	CHECK_EQ(beat.stop_result, 0);
	sleep_ns(10 * NS_PER_MS);
	end_pool(pool);
	CHECK_EQ(atomic_load(&beat.ran), 3);
	CHECK_EQ(nr_live(), 0);
}

TEST(a_stop_tells_of_a_run_that_goes_on_or_waits_for_it)
{
	struct rota_pool *pool = make_pool(2, 0, ROTA_FULL_FAIL);
	struct rota_timer *timer;
	struct blocker blocker;
	uint64_t deadline;

	blocker_init(&blocker);
	CHECK_EQ(rota_timer_start(pool, blocker_run, &blocker, 0, NS_PER_MS,
				 &timer),
			0);
	latch_wait(&blocker.entered);
	CHECK_EQ(rota_timer_stop(timer, 0), -EBUSY);
	deadline = in_ms(20);
	CHECK_EQ(rota_timer_stop(timer, deadline), -EBUSY);
	CHECK(now_ns() >= deadline);
	CHECK(!atomic_load(&blocker.is_done));
	blocker_release(&blocker);
	CHECK_EQ(rota_timer_stop(timer, ROTA_NO_DEADLINE), 0);
	CHECK(atomic_load(&blocker.is_done));
	check_rest(pool);
	CHECK_EQ(stats_of(pool).ran, 1);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

struct stopper {
	struct rota_timer *timer;
	atomic_int tid;
};

static void *stop_it(void *arg)
{
	struct stopper *stopper = arg;

	atomic_store(&stopper->tid, gettid());
	CHECK_EQ(rota_timer_stop(stopper->timer, ROTA_NO_DEADLINE), 0);
	return NULL;
}

TEST(a_stop_that_sleeps_is_woken_at_the_end_of_the_run)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct stopper stopper = {0};
	struct blocker blocker;
	pthread_t thread;

	blocker_init(&blocker);
	CHECK_EQ(rota_timer_start(pool, blocker_run, &blocker, 0, NS_PER_MS,
				 &stopper.timer),
			0);
	latch_wait(&blocker.entered);
	thread = thread_start(stop_it, &stopper);
	CHECK(wait_until(atomic_load(&stopper.tid) &&
					 is_asleep(atomic_load(&stopper.tid)),
			TEST_WAIT_MS));
	blocker_release(&blocker);
	thread_join(thread);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

TEST(a_job_for_later_can_be_stopped)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct beat in_time = {0}, too_late = {0};

	start(pool, beat_run, &in_time, in_ms(3600000), 0);
	start(pool, beat_run, &too_late, in_ms(5), 0);
	CHECK_EQ(rota_timer_stop(in_time.timer, 0), 0);
	await_ran(&too_late, 1);
	sleep_ns(5 * NS_PER_MS);
	check_rest(pool);
	CHECK_EQ(rota_timer_stop(too_late.timer, 0), 0);
	end_pool(pool);
	CHECK_EQ(too_late.nr, 1);
	CHECK_EQ(in_time.nr, 0);
	CHECK_EQ(nr_live(), 0);
}

TEST(timers_stopped_long_before_their_time_do_not_pile_up)
{
	enum { NR = 5000 };
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct beat beat = {0};
	long live;
	int i;

	start(pool, beat_run, &beat, in_ms(3600000), 0);
	live = nr_live();
	for (i = 0; i < NR; i++) {
		struct beat other = {0};

		start(pool, beat_run, &other, in_ms(7200000), NS_PER_MS);
		CHECK_EQ(rota_timer_stop(other.timer, 0), 0);
	}
	CHECK(wait_until(nr_live() < live + 200, TEST_WAIT_MS));
	CHECK_EQ(rota_timer_stop(beat.timer, 0), 0);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

TEST(a_timer_may_be_stopped_after_its_pool)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct beat beats[3] = {{.nr = 0}};

	start(pool, beat_run, &beats[0], 0, NS_PER_MS);
	start(pool, beat_run, &beats[1], in_ms(3600000), NS_PER_MS);
	start(pool, beat_run, &beats[2], 0, 0);
	await_ran(&beats[0], 2);
	await_ran(&beats[2], 1);
	CHECK_EQ(rota_pool_close(pool), 0);
	end_pool(pool);
	CHECK_EQ(nr_live(), 3);
	CHECK_EQ(rota_timer_stop(beats[0].timer, ROTA_NO_DEADLINE), 0);
	CHECK_EQ(rota_timer_stop(beats[1].timer, 0), 0);
	CHECK_EQ(rota_timer_stop(beats[2].timer, 0), 0);
	CHECK_EQ(nr_live(), 0);
	CHECK_EQ(beats[1].nr, 0);
	CHECK_EQ(beats[2].nr, 1);
}

TEST(a_discard_drops_the_run_that_is_queued)
{
	struct rota_options o = {.workers = 1, .on_drop = beat_drop};
	struct rota_pool *pool = make_pool_with(&o);
	struct beat beats[2] = {{.nr = 0}};
	struct rota_report report;
	struct blocker blocker;

	blocker_hold(&blocker, pool);
	start(pool, beat_run, &beats[0], 0, NS_PER_MS);
	start(pool, beat_run, &beats[1], in_ms(3600000), NS_PER_MS);
	CHECK(wait_until(stats_of(pool).queued == 1, TEST_WAIT_MS));
	CHECK_EQ(rota_pool_shutdown(pool, ROTA_DISCARD, 0, NULL), -ETIMEDOUT);
	CHECK_EQ(rota_timer_stop(beats[1].timer, 0), 0); /* while it closes */
	blocker_release(&blocker);
	CHECK_EQ(rota_pool_shutdown(
				 pool, ROTA_DISCARD, ROTA_NO_DEADLINE, &report),
			0);
	CHECK_EQ(report.ran, 1);
	CHECK_EQ(report.dropped, 1);
	CHECK_EQ(atomic_load(&beats[0].dropped), 1);
	CHECK_EQ(atomic_load(&beats[1].dropped), 0);
	CHECK_EQ(rota_timer_stop(beats[0].timer, 0), 0);
	end_pool(pool);
	CHECK_EQ(nr_live(), 0);
}

static void early_run(void *arg)
{
	struct beat *beat = arg;

	CHECK(beat->timer != NULL); /* set before the first run */
	atomic_fetch_add(&beat->ran, 1);
}

static int early_start(void *hook_arg, unsigned worker)
{
	(void)worker;
	start(rota_self(), early_run, hook_arg, 0, NS_PER_MS);
	return 0;
}

TEST(a_worker_may_start_a_timer_in_on_start)
{
	struct beat beat = {0};
	struct rota_options o = {
			.workers = 1,
			.on_start = early_start,
			.hook_arg = &beat,
	};
	struct rota_pool *pool = make_pool_with(&o);

	await_ran(&beat, 3);
	CHECK_EQ(rota_timer_stop(beat.timer, ROTA_NO_DEADLINE), 0);
	end_pool(pool);
}

TEST(bad_arguments_are_refused_and_leave_nothing)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_timer *mark = (struct rota_timer *)(void *)pool;
	struct rota_timer *timer = mark;
	long live = nr_live();

	CHECK_EQ(rota_timer_start(NULL, beat_run, NULL, 0, 1, &timer), -EINVAL);
	CHECK_EQ(rota_timer_start(pool, NULL, NULL, 0, 1, &timer), -EINVAL);
	CHECK_EQ(rota_timer_start(pool, beat_run, NULL, 0, 1, NULL), -EINVAL);
	CHECK_EQ(rota_timer_stop(NULL, 0), -EINVAL);
	CHECK_EQ(rota_pool_close(pool), 0);
	CHECK_EQ(rota_timer_start(pool, beat_run, NULL, 0, 1, &timer),
			-ESHUTDOWN);
	CHECK(timer == mark);
	CHECK_EQ(nr_live(), live);
	end_pool(pool);
}

TEST(a_forked_child_gets_an_error_and_the_timer_beats_on)
{
	struct rota_pool *pool = make_pool(1, 0, ROTA_FULL_FAIL);
	struct rota_timer *other;
	struct beat beat = {0};
	int status;
	pid_t pid;

	start(pool, beat_run, &beat, 0, NS_PER_MS);
	pid = fork();
	if (pid == 0) {
		alarm(10 * TEST_SLOW);
		CHECK_EQ(rota_timer_start(pool, beat_run, &beat, 0, 1, &other),
				-EOWNERDEAD);
		CHECK_EQ(rota_timer_stop(beat.timer, ROTA_NO_DEADLINE),
				-EOWNERDEAD);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	await_ran(&beat, atomic_load(&beat.ran) + 3);
	CHECK_EQ(rota_timer_stop(beat.timer, ROTA_NO_DEADLINE), 0);
	end_pool(pool);
}
