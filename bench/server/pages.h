/* SPDX-License-Identifier: MIT */
#ifndef SERVER_PAGES_H
#define SERVER_PAGES_H
/*
 * Which page answers a request.
 */
#include "answer.h"

struct http_request;
struct server;

/* Takes as long as the page takes: /sleep sleeps in here. */
void pages_answer(struct server *server, const struct http_request *request,
		struct answer *ret_answer);

void pages_error(struct server *server, int status, struct answer *ret_answer);

#endif
