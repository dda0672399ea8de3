/* SPDX-License-Identifier: MIT */
/* A failed check under libFuzzer: end, so that it keeps the input. */
#include "../harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: failed: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

uint64_t test_seed(void)
{
	return 0; /* the input is all that is random */
}
