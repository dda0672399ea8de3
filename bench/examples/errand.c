/* SPDX-License-Identifier: MIT */
#include "errand.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_MS	      10000u
#define MS_PER_LOOK   5u
#define STEPS_A_LOOK  (1u << 16) /* some 0.3 ms of divisions */
#define NS_PER_MS     1000000
#define MOST_N	      UINT64_C(1000000000000000000)
#define DEFAULT_MS    1000u
#define DEFAULT_PRIME UINT64_C(1000000007)

/* relaxed: nothing else passes between the two by it */
static bool is_unwanted(struct errand *errand)
{
	return atomic_load_explicit(&errand->is_unwanted, memory_order_relaxed);
}

static intptr_t run_sleep(struct errand *errand)
{
	uint64_t left = errand->number;

	while (left && !is_unwanted(errand)) {
		uint64_t ms = left < MS_PER_LOOK ? left : MS_PER_LOOK;

		nanosleep(&(struct timespec){.tv_nsec = (long)ms * NS_PER_MS},
				NULL);
		left -= ms;
	}
	return 0;
}

/* The smallest factor. */
static intptr_t run_prime(struct errand *errand)
{
	uint64_t n = errand->number, factor = 3;

	if (n % 2 == 0)
		return 2;
	for (; factor * factor <= n; factor += 2) {
		if (n % factor == 0)
			return (intptr_t)factor;
		if (factor / 2 % STEPS_A_LOOK == 0 && is_unwanted(errand))
			return 0;
	}
	return (intptr_t)n;
}

/* "/page?key=123", or without a query. */
static int read_number(const struct http_request *request, const char *key,
		uint64_t least, uint64_t most, uint64_t *number)
{
	char target[HTTP_MAX_TARGET_BYTES + 1], *query, *end;
	size_t length = strlen(key);
	unsigned long long found;

	memcpy(target, request->target, request->target_bytes);
	target[request->target_bytes] = '\0';
	query = strchr(target, '?');
	if (!query)
		return 0;
	query++;
	if (strncmp(query, key, length) || query[length] != '=')
		return 400;
	query += length + 1;
	errno = 0;
	found = strtoull(query, &end, 10);
	if (*query < '0' || *query > '9' || *end || errno || found < least ||
			found > most)
		return 400;
	*number = found;
	return 0;
}

int errand_read(struct errand *errand, const struct http_request *request)
{
	atomic_init(&errand->is_unwanted, false);
	if (http_request_path_is(request, "/sleep")) {
		errand->run = run_sleep;
		errand->number = DEFAULT_MS;
		return read_number(request, "ms", 0, MOST_MS, &errand->number);
	}
	if (http_request_path_is(request, "/prime")) {
		errand->run = run_prime;
		errand->number = DEFAULT_PRIME;
		return read_number(request, "n", 2, MOST_N, &errand->number);
	}
	return 404;
}

void errand_text(const struct errand *errand, intptr_t result, char *text,
		size_t bytes)
{
	uint64_t n = errand->number, factor = (uint64_t)result;

	if (errand->run == run_sleep)
		snprintf(text, bytes, "slept %" PRIu64 " ms\n", n);
	else if (factor == n)
		snprintf(text, bytes, "%" PRIu64 " is prime\n", n);
	else
		snprintf(text, bytes,
				"%" PRIu64 " = %" PRIu64 " x %" PRIu64 "\n", n,
				factor, n / factor);
}
