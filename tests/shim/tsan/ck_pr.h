/* SPDX-License-Identifier: MIT */
#ifndef CK_PR_H
#define CK_PR_H
/*
 * What ck_ring.h and ring.h use of CK's primitives, for ThreadSanitizer, which
 * sees neither CK's assembly nor stand-alone fences: each access carries the
 * order itself. Missing fences are therefore invisible in this build; the
 * explorer and the models look for those.
 */
#include <ck_cc.h>
#include <ck_limits.h>
#include <ck_md.h>
#include <ck_stdbool.h>
#include <ck_stdint.h>

static inline unsigned ck_pr_load_uint(const unsigned *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void ck_pr_store_uint(unsigned *word, unsigned value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline bool ck_pr_cas_uint(unsigned *word, unsigned from, unsigned to)
{
	return __atomic_compare_exchange_n(word, &from, to, false,
			__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static inline bool ck_pr_cas_uint_value(
		unsigned *word, unsigned from, unsigned to, unsigned *ret_old)
{
	bool is_swapped = __atomic_compare_exchange_n(word, &from, to, false,
			__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);

	*ret_old = from;
	return is_swapped;
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
}

#endif
