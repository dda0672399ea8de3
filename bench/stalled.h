/* SPDX-License-Identifier: MIT */
#ifndef BENCH_STALLED_H
#define BENCH_STALLED_H
/* No job returned for so long: some are lost. Tests build with less. */
#ifndef STALLED_NS
#define STALLED_NS 30000000000u
#endif

#endif
