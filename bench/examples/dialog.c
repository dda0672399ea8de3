/* SPDX-License-Identifier: MIT */
#include "dialog.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_BYTES = 256 }; /* no answer is longer */

void dialog_init(struct dialog *dialog, struct offload *offload)
{
	memset(dialog, 0, offsetof(struct dialog, in));
	dialog->offload = offload;
	http_request_init(&dialog->request);
}

void dialog_fini(struct dialog *dialog)
{
	if (dialog->errand)
		offload_abandon(dialog->offload, dialog->errand);
	dialog->errand = NULL;
}

static const char *reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 404:
		return "Not Found";
	case 431:
		return "Request Header Fields Too Large";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}

/* @text NULL: the reason. */
static void say(struct dialog *dialog, int status, const char *text)
{
	const struct http_request *request = &dialog->request;
	char *at = dialog->out + dialog->out_end;
	char line[64];

	if (!text) {
		snprintf(line, sizeof(line), "%s\n", reason(status));
		text = line;
	}
	/* No body is read, and behind an error nothing can be told apart. */
	dialog->is_last = !request->is_complete || request->error_status ||
			  request->has_body || !request->keep_alive ||
			  (dialog->is_stopping &&
					  dialog->in_start == dialog->in_end);
	dialog->out_end += (size_t)snprintf(at, ANSWER_BYTES,
			"HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n"
			"Content-Type: text/plain\r\nConnection: %s\r\n\r\n%s",
			status, reason(status), strlen(text),
			dialog->is_last ? "close" : "keep-alive",
			http_request_is_head(request) ? "" : text);
	http_request_init(&dialog->request);
}

/* A request is complete: answer it, or let a worker find the answer. */
static void respond(struct dialog *dialog)
{
	struct errand *errand;
	int status = 503;

	if (http_request_path_is(&dialog->request, "/")) {
		say(dialog, 200, "a fast page\n");
		return;
	}
	errand = malloc(sizeof(*errand));
	if (errand) {
		errand->dialog = dialog;
		status = errand_read(errand, &dialog->request);
		if (!status && !offload_submit(dialog->offload, errand)) {
			dialog->errand = errand;
			return;
		}
		free(errand);
	}
	say(dialog, status ? status : 503, NULL);
}

static bool has_room_for_answer(const struct dialog *dialog)
{
	return sizeof(dialog->out) - dialog->out_end >= ANSWER_BYTES;
}

/* All that can be done now. */
static void go_on(struct dialog *dialog)
{
	struct http_request *request = &dialog->request;
	enum http_progress progress;
	size_t used;

	while (dialog->in_start < dialog->in_end && !dialog->errand &&
			!dialog->is_last && has_room_for_answer(dialog)) {
		progress = http_request_feed(request,
				dialog->in + dialog->in_start,
				dialog->in_end - dialog->in_start, &used);
		dialog->in_start += used;
		if (progress == HTTP_COMPLETE)
			respond(dialog);
		else if (progress == HTTP_BAD)
			say(dialog, request->error_status, NULL);
	}
	if (dialog->is_last || dialog->in_start == dialog->in_end)
		dialog->in_start = dialog->in_end = 0;
}

char *dialog_room(struct dialog *dialog, size_t *ret_bytes)
{
	*ret_bytes = dialog->is_stopping ? 0
					 : sizeof(dialog->in) - dialog->in_end;
	return dialog->in + dialog->in_end;
}

void dialog_received(struct dialog *dialog, size_t bytes)
{
	dialog->in_end += bytes;
	go_on(dialog);
}

char *dialog_output(struct dialog *dialog, size_t *ret_bytes)
{
	*ret_bytes = dialog->out_end - dialog->out_start;
	return dialog->out + dialog->out_start;
}

void dialog_sent(struct dialog *dialog, size_t bytes)
{
	dialog->out_start += bytes;
	if (dialog->out_start == dialog->out_end)
		dialog->out_start = dialog->out_end = 0;
	go_on(dialog);
}

void dialog_answer(struct errand *errand, intptr_t result)
{
	struct dialog *dialog = errand->dialog;
	char text[96];

	errand_text(errand, result, text, sizeof(text));
	dialog->errand = NULL;
	say(dialog, 200, text);
	go_on(dialog);
}

void dialog_stop(struct dialog *dialog)
{
	dialog->is_stopping = true;
}

bool dialog_is_over(const struct dialog *dialog)
{
	return !dialog->errand && dialog->out_start == dialog->out_end &&
	       (dialog->is_last ||
			       (dialog->is_stopping &&
					       dialog->in_start ==
							       dialog->in_end));
}
