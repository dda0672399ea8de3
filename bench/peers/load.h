/* SPDX-License-Identifier: MIT */
#ifndef BENCH_PEERS_LOAD_H
#define BENCH_PEERS_LOAD_H
/*
 * Each peer is a module of its own that defines one array, NULL-terminated:
 *     const struct bench_pool_ops *const peer_pools[];
 */
struct bench_pool_ops;

#define PEERS_MAX 32

/* Fill in those that this build has, at most PEERS_MAX, and a NULL. */
void peers_load(const struct bench_pool_ops **ret_pools);

#endif
