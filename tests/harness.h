/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H
/*
 * Each TEST() is one case: a forked child with a time limit, one TAP line.
 *
 *	TEST(ring_refuses_a_job_when_full) { CHECK_EQ(push(r), -EAGAIN); }
 *
 *	prog				all cases
 *	prog NAME			only that one, not forked, no limit: for gdb
 *	prog --seed N			repeat the random choices of a run
 *	prog --list			the names
 *
 * Cases may use threads; whatever a case creates, it creates in its child.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#if defined(__SANITIZE_THREAD__)
#define TEST_TSAN 1
#elif defined(__SANITIZE_ADDRESS__)
#define TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_TSAN 1
#elif __has_feature(address_sanitizer)
#define TEST_ASAN 1
#endif
#endif
#ifndef TEST_TSAN
#define TEST_TSAN 0
#endif
#ifndef TEST_ASAN
#define TEST_ASAN 0
#endif
#define TEST_SLOW    (TEST_TSAN || TEST_ASAN ? 4 : 1)

#define NS_PER_MS    1000000ull
#define TEST_LIMIT_S 20			 /* of one case, times TEST_SLOW */
#define TEST_WAIT_MS (15000 * TEST_SLOW) /* of one wait inside a case */

struct test_case {
	const char *name;
	void (*run)(void);
	void (*run_with)(const void *with); /* instead of run */
	const void *with;
	unsigned limit_s;
	struct test_case *next;
};

void test_register(struct test_case *test);

#define TEST_WITHIN(name_, seconds)                                            \
	static void test_##name_(void);                                        \
	static struct test_case case_##name_ = {                               \
			.name = #name_,                                        \
			.run = test_##name_,                                   \
			.limit_s = (seconds),                                  \
	};                                                                     \
	__attribute__((constructor)) static void register_##name_(void)        \
	{                                                                      \
		test_register(&case_##name_);                                  \
	}                                                                      \
	static void test_##name_(void)
#define TEST(name_) TEST_WITHIN(name_, TEST_LIMIT_S)

/* A failed check ends the case at once, from any thread. */
#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			test_fail(__FILE__, __LINE__, "%s", #cond);            \
	} while (0)
#define CHECK_EQ(a, b)                                                         \
	do {                                                                   \
		long long a_ = (long long)(a);                                 \
		long long b_ = (long long)(b);                                 \
		if (a_ != b_)                                                  \
			test_fail(__FILE__, __LINE__, "%s == %s: %lld, %lld",  \
					#a, #b, a_, b_);                       \
	} while (0)
__attribute__((noreturn, format(printf, 3, 4))) void test_fail(
		const char *file, int line, const char *format, ...);
__attribute__((noreturn)) void test_skip(const char *why);
/* One TAP comment line. */
__attribute__((format(printf, 1, 2))) void test_note(const char *format, ...);

uint64_t now_ns(void);
uint64_t in_ms(uint64_t ms); /* a deadline */
void sleep_ns(uint64_t ns);

/* True as soon as cond holds, false if it does not within timeout_ms. */
#define wait_until(cond, timeout_ms)                                           \
	__extension__({                                                        \
		uint64_t end_ = in_ms(timeout_ms);                             \
		bool is_true_;                                                 \
		while (!(is_true_ = (cond)) && now_ns() < end_)                \
			sleep_ns(50000);                                       \
		is_true_ || (cond);                                            \
	})

struct rng {
	uint64_t state;
};

uint64_t test_seed(void);
void rng_init(struct rng *rng, uint64_t stream); /* from test_seed() */
uint64_t rng_next(struct rng *rng);
unsigned rng_below(struct rng *rng, unsigned limit);

/* Opens when its count reaches 0. Waits are bounded: too long is a failure. */
struct latch {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	unsigned count;
};

void latch_init(struct latch *latch, unsigned count);
void latch_down(struct latch *latch);
void latch_wait(struct latch *latch);
bool latch_wait_ms(struct latch *latch, uint64_t ms);
void latch_meet(struct latch *latch); /* down, then wait: a barrier, once */

pthread_t thread_start(void *(*run)(void *), void *arg);
void thread_join(pthread_t thread);

/* Of this process, from /proc. */
unsigned nr_threads(void);
unsigned nr_fds(void);
unsigned nr_maps(void);
long resident_bytes(void);
/* Whether this thread of the process sleeps in the kernel now. */
bool is_asleep(int tid);

#endif
