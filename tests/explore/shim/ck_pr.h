/* SPDX-License-Identifier: MIT */
#ifndef CK_PR_H
#define CK_PR_H
/* What ck_ring.h and ring.h use of CK's primitives, on the explorer. The load
 * and store fences are empty on x86, and so they are here. */
#include "xp.h"
#include <ck_cc.h>
#include <ck_limits.h>
#include <ck_md.h>
#include <ck_stdbool.h>
#include <ck_stdint.h>

#define ck_pr_load_uint(word)                                                  \
	((unsigned)xp_load(word, sizeof(unsigned), #word, __func__))
#define ck_pr_store_uint(word, value)                                          \
	xp_store(word, value, sizeof(unsigned), #word, __func__)
#define ck_pr_cas_uint(word, from, to)                                         \
	xp_cas(word, &(unsigned){from}, to, sizeof(unsigned), #word, __func__)

static inline bool ck_pr_cas_uint_value(
		unsigned *word, unsigned from, unsigned to, unsigned *ret_old)
{
	*ret_old = from;
	return xp_cas(word, ret_old, to, sizeof(*word), "word", __func__);
}

static inline void ck_pr_fence_load(void)
{
}

static inline void ck_pr_fence_store(void)
{
}

static inline void ck_pr_fence_store_atomic(void)
{
}

static inline void ck_pr_stall(void)
{
	xp_relax();
}

#endif
