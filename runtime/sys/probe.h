/* SPDX-License-Identifier: MIT */
#ifndef ROTA_SYS_PROBE_H
#define ROTA_SYS_PROBE_H
/*
 * Places where bpftrace, perf or SystemTap can look: a nop each, and a note in
 * the ELF file that says where it is and where its arguments are. None of them
 * is on the straight path of a submit, or in the loop of a worker: start, done
 * and submit are seen in pools that measure.
 *
 *	submit	pool, jobs			done	pool, worker, run_ns
 *	start	pool, worker, wait_ns (0: not known)
 *	park	pool, worker			wake	pool, worker
 *	drop	pool, run, reason
 *	stuck	pool, worker, running_ns	rescue	pool, jobs that wait
 */
#if defined(HAS_USDT)
#include <sys/sdt.h>
#define PROBE2(name, a, b)    STAP_PROBE2(rota, name, a, b)
#define PROBE3(name, a, b, c) STAP_PROBE3(rota, name, a, b, c)
#else
#define PROBE2(name, a, b)    ((void)0)
#define PROBE3(name, a, b, c) ((void)0)
#endif

#endif
