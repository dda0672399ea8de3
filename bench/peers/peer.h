/* SPDX-License-Identifier: MIT */
#ifndef BENCH_PEERS_PEER_H
#define BENCH_PEERS_PEER_H
/*
 * What the adaptors share. Each is one file of some 60 lines at most that begins
 * with what its pool promises and why it is set up like this; whoever knows it
 * better is asked to correct it.
 */
#include "../pool.h"

#include <errno.h>
#include <stdlib.h>

/* A job for a pool whose functions take one pointer. */
struct call {
	void (*run)(void *arg);
	void *arg;
};

static inline struct call *call_new(void (*run)(void *), void *arg)
{
	struct call *call = (struct call *)malloc(sizeof(*call));

	if (call) {
		call->run = run;
		call->arg = arg;
	}
	return call;
}

static inline void call_run(void *data)
{
	struct call call = *(struct call *)data;

	free(data);
	call.run(call.arg);
}

/* How its entry begins; PEER_VERSION comes from meson. None has a bound. */
#define PEER(name_, is_default_, order_, note_, limits_)                       \
	.name = (name_), .kind = BENCH_PEER,                                   \
	.about = {.peer = PEER_VERSION,                                        \
			.is_default = (is_default_),                           \
			.order = (order_),                                     \
			.bound = "none",                                       \
			.note = (note_)},                                      \
	.limits = BENCH_NO_BOUND | (limits_)

#endif
