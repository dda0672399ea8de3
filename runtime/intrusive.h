/* SPDX-License-Identifier: MIT */
#ifndef ROTA_INTRUSIVE_H
#define ROTA_INTRUSIVE_H
/*
 * A job in the caller's memory. What goes through the channel is
 * { work_run, work }; the memory is the caller's again from the moment that
 * its run or drop is entered.
 */
#include "rota.h"

/* The run of every such job. */
void work_run(void *work);
/* Instead of it. */
void work_drop(struct rota_work *work, enum rota_drop_reason reason);

#endif
