/* SPDX-License-Identifier: MIT */
/* Each file of the corpus once, as a case: for every compiler. */
#include "../harness.h"
#include "target.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 65536 };

static void replay(const void *path)
{
	unsigned char *data = malloc(MAX_BYTES);
	FILE *file = fopen(path, "rb");
	size_t bytes;

	CHECK(data && file);
	bytes = fread(data, 1, MAX_BYTES, file);
	fclose(file);
	/* no slack behind the end, so that a sanitizer sees it crossed */
	data = realloc(data, bytes ? bytes : 1);
	CHECK_EQ(LLVMFuzzerTestOneInput(data, bytes), 0);
	free(data);
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

__attribute__((constructor)) static void register_corpus(void)
{
	const char *directory = getenv("ROTA_FUZZ_CORPUS");
	struct dirent **entries = NULL;
	int nr = scandir(directory ? directory : CORPUS, &entries, is_input,
			alphasort);

	for (int i = 0; i < nr; i++) {
		struct test_case *test = calloc(1, sizeof(*test));
		char *path;

		if (!test || asprintf(&path, "%s/%s",
					     directory ? directory : CORPUS,
					     entries[i]->d_name) < 0)
			abort();
		test->name = strrchr(path, '/') + 1;
		test->run_with = replay;
		test->with = path;
		test->limit_s = TEST_LIMIT_S;
		test_register(test);
		free(entries[i]);
	}
	free(entries);
}
