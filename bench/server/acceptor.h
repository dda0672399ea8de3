/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ACCEPTOR_H
#define SERVER_ACCEPTOR_H
/*
 * The main thread's loop: it accepts, and hears of signals.
 */
struct server;

/* Listens and fills the epoll set; 0 or -errno. */
int acceptor_open(struct server *server);

/*
 * Serves until a signal came, and then either every connection is closed or
 * the deadline for that has passed.
 */
void acceptor_run(struct server *server);

void acceptor_close(struct server *server);

#endif
