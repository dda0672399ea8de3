/* SPDX-License-Identifier: MIT */
#include "primes.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Digits, and then a space or the end. */
static bool read_number(const char **text, unsigned most, unsigned *ret_number)
{
	char *end;
	unsigned long number = strtoul(*text, &end, 10);

	if (**text < '0' || **text > '9' || number > most ||
			(*end && *end != ' '))
		return false;
	*ret_number = (unsigned)number;
	*text = *end ? end + 1 : end;
	return true;
}

struct primes primes_read(const char *text)
{
	struct primes primes = {.what = PRIMES_UNKNOWN};

	if (!strcmp(text, "abort"))
		primes.what = PRIMES_ABORT;
	else if (read_number(&text, PRIMES_MAX, &primes.below) &&
			(!*text || read_number(&text, PRIMES_MAX_WAIT_MS,
						   &primes.wait_ms)) &&
			!*text)
		primes.what = PRIMES_COUNT;
	return primes;
}

/* The sieve of Eratosthenes. */
static int64_t count(unsigned below)
{
	unsigned char *composite = calloc(1, (size_t)below + 1);
	int64_t nr = 0;

	if (!composite)
		return -1;
	for (uint64_t i = 2; i < below; i++) {
		if (composite[i])
			continue;
		nr++;
		for (uint64_t multiple = i * i; multiple < below; multiple += i)
			composite[multiple] = 1;
	}
	free(composite);
	return nr;
}

int64_t primes_count(const struct primes *primes)
{
	struct timespec wait = {.tv_sec = primes->wait_ms / 1000,
			.tv_nsec = primes->wait_ms % 1000 * 1000000L};

	if (primes->what == PRIMES_ABORT)
		abort();
	if (primes->what != PRIMES_COUNT)
		return -1;
	while (nanosleep(&wait, &wait) && errno == EINTR)
		continue;
	return count(primes->below);
}
