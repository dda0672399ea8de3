/* SPDX-License-Identifier: MIT */
/*
 * Which page answers a request?
 */
#include "pages.h"

#include "deadline.h"
#include "http.h"
#include "live_page.h"
#include "metrics.h"
#include "server.h"
#include "stats.h"

#include <stdio.h>

static void fill_page(struct server *server, int status, const char *title,
		const char *text, struct answer *ret_answer)
{
	int bytes = snprintf(ret_answer->small, sizeof(ret_answer->small),
			"<!DOCTYPE html>\n"
			"<html lang=\"en\">\n"
			"<head><meta charset=\"utf-8\"><title>%s</title>\n"
			"<style>body{font:18px/1.5 system-ui,sans-serif;"
			"max-width:34em;margin:4em auto;padding:0 1em}"
			"footer{color:#777;font-size:80%%}</style></head>\n"
			"<body>\n"
			"<h1>%s</h1>\n"
			"<p>%s</p>\n"
			"<nav><a href=\"/\">home</a> &middot; "
			"<a href=\"/sleep\">sleep</a> &middot; "
			"<a href=\"/live\">live</a> &middot; "
			"<a href=\"/stats\">stats</a> &middot; "
			"<a href=\"/metrics\">metrics</a></nav>\n"
			"<footer>Served by the %s pool, %u workers.</footer>\n"
			"</body>\n"
			"</html>\n",
			title, title, text, server->options.pool_ops->name,
			server->options.workers);

	ret_answer->status = status;
	ret_answer->content_type = "text/html; charset=utf-8";
	ret_answer->body = ret_answer->small;
	ret_answer->body_bytes = (size_t)bytes;
	ret_answer->large = NULL;
}

/* Made by one of these; NULL: no memory. */
static void fill_text(struct server *server,
		char *(*text)(struct server *server, size_t *ret_bytes),
		const char *content_type, struct answer *ret_answer)
{
	size_t bytes;

	ret_answer->large = text(server, &bytes);
	if (!ret_answer->large) {
		pages_error(server, 503, ret_answer);
		return;
	}
	ret_answer->status = 200;
	ret_answer->content_type = content_type;
	ret_answer->body = ret_answer->large;
	ret_answer->body_bytes = bytes;
}

static void fill_live(struct answer *ret_answer)
{
	ret_answer->status = 200;
	ret_answer->content_type = "text/html; charset=utf-8";
	ret_answer->body = live_page;
	ret_answer->body_bytes = sizeof(live_page) - 1;
	ret_answer->large = NULL;
}

static const char *error_text(int status)
{
	switch (status) {
	case 400:
		return "This is not a request that I understand.";
	case 404:
		return "There is no such page.";
	case 405:
		return "Only GET and HEAD are served.";
	case 408:
		return "The request took too long to arrive.";
	case 431:
		return "The request's head is too large.";
	case 503:
		return "All workers are busy. Please try again.";
	default:
		return "This is not served.";
	}
}

void pages_error(struct server *server, int status, struct answer *ret_answer)
{
	fill_page(server, status, http_status_str((enum http_status)status),
			error_text(status), ret_answer);
}

static void sleep_on_worker(struct server *server)
{
	const struct bench_pool_ops *ops = server->options.pool_ops;

	if (server->options.blocking_max)
		ops->blocking_begin();
	sleep_until_ns(deadline_after_ms(server->options.sleep_ms));
	if (server->options.blocking_max)
		ops->blocking_end();
}

void pages_answer(struct server *server, const struct http_request *request,
		struct answer *ret_answer)
{
	if (request->parser.method != HTTP_GET &&
			request->parser.method != HTTP_HEAD) {
		pages_error(server, 405, ret_answer);
	} else if (http_request_path_is(request, "/")) {
		fill_page(server, 200, "Hello!",
				"This page was one job of a pool.", ret_answer);
	} else if (http_request_path_is(request, "/sleep")) {
		sleep_on_worker(server);
		fill_page(server, 200, "Good morning!",
				"This page slept on its worker first.",
				ret_answer);
	} else if (http_request_path_is(request, "/stats")) {
		fill_text(server, stats_text, "application/json", ret_answer);
	} else if (http_request_path_is(request, "/metrics")) {
		fill_text(server, metrics_text,
				"text/plain; version=0.0.4; charset=utf-8",
				ret_answer);
	} else if (http_request_path_is(request, "/live")) {
		fill_live(ret_answer);
	} else {
		pages_error(server, 404, ret_answer);
	}
}
