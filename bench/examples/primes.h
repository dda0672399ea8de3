/* SPDX-License-Identifier: MIT */
/*
 * What the jobs of streamworker do, without a word about pools and redis:
 * "BELOW" counts the primes below a number, "BELOW MS" waits so long before,
 * and "abort" brings the whole process down, so that one can see what becomes
 * of the others. The same text gives the same result whenever it is run: a job
 * that runs twice does no harm.
 */
#ifndef EXAMPLES_PRIMES_H
#define EXAMPLES_PRIMES_H

#include <stdint.h>

#define PRIMES_MAX	   100000000
#define PRIMES_MAX_WAIT_MS 3600000

struct primes {
	enum { PRIMES_COUNT, PRIMES_ABORT, PRIMES_UNKNOWN } what;
	unsigned below, wait_ms;
};

struct primes primes_read(const char *text);
/* How many there are; -1: not understood, or no memory. */
int64_t primes_count(const struct primes *primes);

#endif
