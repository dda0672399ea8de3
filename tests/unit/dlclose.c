/* SPDX-License-Identifier: MIT */
/*
 * After the last destroy no code of the library runs: it may be unloaded. The
 * shared library then stays mapped, for the sake of threads that end at that very
 * moment; a plug-in with the static one inside does go, and they must not.
 */
#include <dlfcn.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/rota.h"
#include "../harness.h"

static void count_run(void *arg)
{
	atomic_fetch_add((atomic_uint *)arg, 1);
}

static void *symbol(void *library, const char *name)
{
	void *found = dlsym(library, name);

	CHECK(found != NULL);
	return found;
}

/* What a case calls of the library, while it is loaded. */
struct loaded {
	void *library;
	int (*create)(const struct rota_options *, struct rota_pool **);
	int (*submit)(struct rota_pool *, rota_run_fn, void *);
	int (*shutdown)(struct rota_pool *, enum rota_shutdown_mode, uint64_t,
			struct rota_report *);
	int (*destroy)(struct rota_pool *);
};

static struct loaded load(void)
{
	const char *path = getenv("ROTA_SHARED");
	struct loaded rota;
	void *found;

	if (!path)
		test_skip("ROTA_SHARED does not name the library");
	rota.library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CHECK(rota.library != NULL);
	found = symbol(rota.library, "rota_pool_create");
	memcpy(&rota.create, &found, sizeof(found));
	found = symbol(rota.library, "rota_pool_shutdown");
	memcpy(&rota.shutdown, &found, sizeof(found));
	found = symbol(rota.library, "rota_pool_destroy");
	memcpy(&rota.destroy, &found, sizeof(found));
	found = symbol(rota.library, "rota_submit");
	memcpy(&rota.submit, &found, sizeof(found));
	return rota;
}

static bool is_loaded(void)
{
	const char *path = getenv("ROTA_SHARED");
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);

	return library && !dlclose(library);
}

static bool stays(void)
{
	return !getenv("ROTA_IN_PLUGIN");
}

static void use_once(unsigned workers, bool only_shut_down)
{
	struct rota_options o = {.workers = workers};
	struct loaded rota = load();
	struct rota_pool *pool;
	atomic_uint ran = 0;
	int i;

	CHECK_EQ(rota.create(&o, &pool), 0);
	for (i = 0; i < 50; i++)
		CHECK_EQ(rota.submit(pool, count_run, &ran), 0);
	if (only_shut_down)
		CHECK_EQ(rota.shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE,
					 NULL),
				0);
	CHECK_EQ(rota.destroy(pool), 0);
	CHECK_EQ(atomic_load(&ran), 50);
	CHECK_EQ(dlclose(rota.library), 0);
}

TEST(the_library_may_be_unloaded_the_instant_after_destroy)
{
	unsigned threads = nr_threads();
	int i;

	for (i = 0; i < 200; i++)
		use_once(1 + (unsigned)i % 4, i % 2);
	CHECK(wait_until(nr_threads() == threads, 2000));
}

/* A thread that submits when it is told to, and lives on. */
struct user {
	struct latch turn, done;
	struct loaded *rota;
	struct rota_pool *pool;
	atomic_uint ran;
	bool is_over; /* published by turn */
	pthread_t thread;
};

static void *user_run(void *arg)
{
	struct user *user = arg;

	for (;;) {
		latch_wait(&user->turn);
		latch_init(&user->turn, 1);
		if (user->is_over)
			return NULL;
		for (int i = 0; i < 1000; i++)
			CHECK_EQ(user->rota->submit(user->pool, count_run,
						 &user->ran),
					0);
		latch_down(&user->done);
	}
}

static void user_start(struct user *user)
{
	latch_init(&user->turn, 1);
	latch_init(&user->done, 1);
	user->is_over = false;
	user->thread = thread_start(user_run, user);
}

static void user_submits(
		struct user *user, struct loaded *rota, struct rota_pool *pool)
{
	user->rota = rota;
	user->pool = pool;
	atomic_store(&user->ran, 0);
	latch_down(&user->turn);
	latch_wait(&user->done);
	latch_init(&user->done, 1);
}

static void user_ends(struct user *user)
{
	user->is_over = true;
	latch_down(&user->turn);
	thread_join(user->thread);
}

enum { NR_USERS = 5 };

/* With the library loaded; unloads it. */
static void submit_from_all(struct user *users)
{
	struct rota_options o = {.workers = 2};
	struct loaded rota = load();
	struct rota_pool *pool;

	CHECK_EQ(rota.create(&o, &pool), 0);
	for (int i = 0; i < NR_USERS; i++)
		user_submits(&users[i], &rota, pool);
	CHECK_EQ(rota.destroy(pool), 0);
	CHECK_EQ(dlclose(rota.library), 0);
	for (int i = 0; i < NR_USERS; i++)
		CHECK_EQ(atomic_load(&users[i].ran), 1000);
}

TEST(a_thread_that_submitted_may_end_after_the_library_is_unloaded)
{
	struct user users[NR_USERS];

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < NR_USERS; i++)
			user_start(&users[i]);
		submit_from_all(users);
		if (!TEST_ASAN && !TEST_TSAN)
			CHECK_EQ(is_loaded(), stays());
		for (int i = 0; i < NR_USERS; i++)
			user_ends(&users[i]);
	}
}

enum { NR_ENDING = 16 };

/* Ends as soon as it may, at the same time as others. */
struct ending {
	struct loaded *rota;
	struct rota_pool *pool;
	atomic_uint *nr_submitted, *ran;
	atomic_bool *may_end;
};

static void *ending_run(void *arg)
{
	struct ending *self = arg;

	CHECK_EQ(self->rota->submit(self->pool, count_run, self->ran), 0);
	atomic_fetch_add(self->nr_submitted, 1);
	while (!atomic_load(self->may_end))
		sched_yield();
	return NULL;
}

static void unload_while_threads_end(void)
{
	struct rota_options o = {.workers = 1};
	struct loaded rota = load();
	atomic_uint nr_submitted = 0, ran = 0;
	atomic_bool may_end = false;
	struct ending self = {&rota, NULL, &nr_submitted, &ran, &may_end};
	pthread_t threads[NR_ENDING];

	CHECK_EQ(rota.create(&o, &self.pool), 0);
	for (unsigned i = 0; i < NR_ENDING; i++)
		threads[i] = thread_start(ending_run, &self);
	while (atomic_load(&nr_submitted) < NR_ENDING)
		sched_yield();
	CHECK_EQ(rota.destroy(self.pool), 0);
	atomic_store(&may_end, true);
	sched_yield();
	CHECK_EQ(dlclose(rota.library), 0);
	for (unsigned i = 0; i < NR_ENDING; i++)
		thread_join(threads[i]);
	CHECK_EQ(atomic_load(&ran), NR_ENDING);
}

TEST_WITHIN(threads_that_submitted_may_end_while_the_library_is_unloaded, 60)
{
	uint64_t end_ns = in_ms(1500);

	if (!stays())
		test_skip("it has to be linked with -z nodelete");
	while (now_ns() < end_ns)
		unload_while_threads_end();
}

TEST(a_thread_submits_again_when_the_library_is_loaded_again)
{
	struct user users[NR_USERS];

	for (int i = 0; i < NR_USERS; i++)
		user_start(&users[i]);
	for (int round = 0; round < 50; round++)
		submit_from_all(users);
	for (int i = 0; i < NR_USERS; i++)
		user_ends(&users[i]);
	use_once(2, false);
}
