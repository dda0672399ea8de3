/* SPDX-License-Identifier: MIT */
/* The classic pool of the Rust book, compiled by rustc: see rust_channel.rs. */
#include "peer.h"

struct bench_pool *rust_channel_create(uint32_t workers);
void rust_channel_submit(
		struct bench_pool *pool, void (*run)(void *), void *arg);
void rust_channel_destroy(struct bench_pool *pool);

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	if (capacity)
		return -ENOTSUP;
	*ret_pool = rust_channel_create(workers);
	return 0;
}

static int submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	rust_channel_submit(pool, run, arg);
	return 0;
}

static const struct bench_pool_ops rust_channel = {
		PEER("rust-channel", true, "of each submitter",
				"the pool of the Rust book itself", 0),
		.create = create,
		.submit = submit,
		.destroy = rust_channel_destroy,
};

const struct bench_pool_ops *const peer_pools[] = {&rust_channel, NULL};
