/* SPDX-License-Identifier: MIT */
#ifndef XP_SHIM_OS_H
#define XP_SHIM_OS_H
/*
 * The declarations are those of the library, so that they cannot drift; what is
 * behind them is xp_os.c. Our atomic.h has the library's include guard and goes
 * first, so that it is the one.
 */
#include "atomic.h"

#include "../../../../runtime/sys/os.h"

/* Each coroutine has its own. */
void *xp_local(void);
#define os_local (*(struct os_local *)xp_local())

#endif
