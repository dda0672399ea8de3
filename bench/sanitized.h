/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SANITIZED_H
#define BENCH_SANITIZED_H
/* Built with a sanitizer that keeps memory which was freed, and counts it as it
 * likes? */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

#endif
