/* SPDX-License-Identifier: MIT */
/* After the last destroy no code of the library runs: it may be unloaded. */
#include <dlfcn.h>
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

static void use_once(const char *path, unsigned workers, bool only_shut_down)
{
	int (*create)(const struct rota_options *, struct rota_pool **);
	int (*submit)(struct rota_pool *, rota_run_fn, void *);
	int (*shutdown)(struct rota_pool *, enum rota_shutdown_mode, uint64_t,
			struct rota_report *);
	int (*destroy)(struct rota_pool *);
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL), *found;
	struct rota_options o = {.workers = workers};
	struct rota_pool *pool;
	atomic_uint ran = 0;
	int i;

	CHECK(library != NULL);
	found = symbol(library, "rota_pool_create");
	memcpy(&create, &found, sizeof(found));
	found = symbol(library, "rota_pool_shutdown");
	memcpy(&shutdown, &found, sizeof(found));
	found = symbol(library, "rota_pool_destroy");
	memcpy(&destroy, &found, sizeof(found));
	found = symbol(library, "rota_submit");
	memcpy(&submit, &found, sizeof(found));
	CHECK_EQ(create(&o, &pool), 0);
	for (i = 0; i < 50; i++)
		CHECK_EQ(submit(pool, count_run, &ran), 0);
	if (only_shut_down)
		CHECK_EQ(shutdown(pool, ROTA_DRAIN, ROTA_NO_DEADLINE, NULL), 0);
	CHECK_EQ(destroy(pool), 0);
	CHECK_EQ(atomic_load(&ran), 50);
	CHECK_EQ(dlclose(library), 0);
}

TEST(the_library_may_be_unloaded_the_instant_after_destroy)
{
	const char *path = getenv("ROTA_SHARED");
	unsigned threads = nr_threads();
	int i;

	if (!path)
		test_skip("ROTA_SHARED does not name the library");
	for (i = 0; i < 200; i++)
		use_once(path, 1 + (unsigned)i % 4, i % 2);
	CHECK(wait_until(nr_threads() == threads, 2000));
}
