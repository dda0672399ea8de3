/* SPDX-License-Identifier: MIT */
/*
 * The connections of epollserver: each is a dialog and a socket, and itself the
 * data.ptr of its epoll events.
 */
#ifndef EXAMPLES_EPOLLCLIENT_H
#define EXAMPLES_EPOLLCLIENT_H

#include "dialog.h"
#include <stdint.h>

/* Takes @fd, which does not block. False, with errno: closed again. */
bool client_add(int epoll_fd, int fd, struct offload *offload);
/* It may be freed by this, as by all the others. */
void client_event(void *client, uint32_t events);
/* For offload_reap(). */
void client_answer(struct errand *errand, intptr_t result);

void clients_stop(void); /* each has its answers first */
void clients_end(void);	 /* now */
unsigned clients_nr(void);

#endif
