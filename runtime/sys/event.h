/* SPDX-License-Identifier: MIT */
#ifndef ROTA_SYS_EVENT_H
#define ROTA_SYS_EVENT_H
/* A descriptor that poll() finds readable from a write until it is cleared. */

/* Non-blocking, closed by exec. 0, -EMFILE, -ENFILE, -ENOMEM, or what else the
 * kernel or a filter says. */
int os_event_create(int *ret_fd);
void os_event_write(int fd);
void os_event_clear(int fd);
void os_event_close(int fd);

#endif
