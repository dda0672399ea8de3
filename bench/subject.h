/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H
/* The pool that a program measures, and the program's end if it cannot. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

static const struct bench_pool_ops *ops;

/* error is a negative errno */
static _Noreturn void fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s: %s: %s\n", program_invocation_short_name,
			ops->name, what, strerror(-error));
	exit(1);
}

#endif
