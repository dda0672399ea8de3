/* SPDX-License-Identifier: MIT */
/* From what the caller wrote to what the pool uses. */
#include "options.h"
#include "eventcount.h"
#include "sys/os.h"
#include "tune.h"
#include <errno.h>
#include <limits.h>
#include <string.h>

static_assert(ROTA_MAX_WORKERS <= EC_MAX_WAITERS, "eventcount fields");

#define FIRST_VERSION offsetof(struct rota_options, max_workers)

/* A struct of an earlier version is shorter, one of a later version may be
 * longer: what we do not know must be 0. */
static int copy_known(const struct rota_options *options,
		struct rota_options *ret_options)
{
	size_t size = options->size ? options->size : FIRST_VERSION;
	const unsigned char *bytes = (const unsigned char *)options;

	if (size < FIRST_VERSION)
		return -EINVAL;
	for (size_t i = sizeof(*options); i < size; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(ret_options, options,
			size < sizeof(*options) ? size : sizeof(*options));
	return 0;
}

static uint32_t default_spin_ns(void)
{
	return os_cpus_usable() <= 2 ? SPIN_NS_2_CPUS : SPIN_NS;
}

int options_read(const struct rota_options *options,
		struct rota_options *ret_options)
{
	struct rota_options known = {0};
	int error;

	error = options ? copy_known(options, &known) : 0;
	if (error)
		return error;
	if (known.workers > ROTA_MAX_WORKERS ||
			known.max_workers > ROTA_MAX_WORKERS ||
			known.capacity > ROTA_MAX_CAPACITY ||
			(unsigned)known.full_policy > ROTA_FULL_DROP_OLDEST ||
			(unsigned)known.channel > ROTA_CHANNEL_LANES ||
			known.reserved || known.measure > 1 ||
			known.reserved_2 ||
			(known.watchdog_ns &&
					known.watchdog_ns <
							ROTA_WATCHDOG_MIN_NS) ||
			(known.on_stuck && !known.watchdog_ns) ||
			(known.spin_ns > ROTA_SPIN_MAX_NS &&
					known.spin_ns != ROTA_SPIN_NONE) ||
			(known.stack_bytes &&
					known.stack_bytes <
							(size_t)PTHREAD_STACK_MIN) ||
			!known.cpu_set != !known.cpu_set_bytes)
		return -EINVAL;
	if (!known.workers) {
		known.workers = os_cpus_usable();
		if (known.workers > ROTA_MAX_WORKERS)
			known.workers = ROTA_MAX_WORKERS;
	}
	if (!known.max_workers)
		known.max_workers = known.workers;
	if (known.max_workers < known.workers)
		return -EINVAL;
	if (!known.idle_ns)
		known.idle_ns = IDLE_NS;
	if (!known.name)
		known.name = "rota";
	if (!known.spin_ns)
		known.spin_ns = default_spin_ns();
	if (known.spin_ns == ROTA_SPIN_NONE)
		known.spin_ns = 0;
	if (!known.channel)
		known.channel = ROTA_CHANNEL_LANES;
	if (known.capacity) /* an exact bound needs one shared count anyway */
		known.channel = ROTA_CHANNEL_RING;
	*ret_options = known;
	return 0;
}
