/* SPDX-License-Identifier: MIT */
/*
 * uvserver: a libuv loop that leaves slow work to a pool of its own.
 *
 * It shows how a uv_poll_t on rota_completions_fd() brings finished jobs to the
 * loop's thread, between its other events. libuv's own pool (uv_queue_work) is
 * shared by the whole process with its file and name look-ups and has no bound;
 * this one does not delay them, and says when it is full. epollserver.c is the
 * same without libuv.
 *
 * What a client is to libuv lives until its close callback; what it asked of the
 * pool, until it is reaped. Neither waits for the other.
 */
#include "dialog.h"
#include "serving.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct client {
	uv_tcp_t tcp;
	uv_write_t write;
	size_t writing_bytes; /* 0: no write is on its way */
	struct dialog dialog;
};

static uv_loop_t *loop;
static uv_tcp_t listener;
static uv_poll_t answers;
static uv_signal_t interrupt, terminate;
static uv_timer_t timer;
static struct serving serving;
static struct offload offload;
static unsigned nr_clients;
static bool is_stopping, is_out_of_time;

static void settle(struct client *client);

static void end_loop_if_done(void)
{
	if (is_out_of_time || (is_stopping && !nr_clients))
		uv_stop(loop);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
	nr_clients--;
	end_loop_if_done();
}

static void end_client(struct client *client)
{
	if (uv_is_closing((uv_handle_t *)&client->tcp))
		return;
	dialog_fini(&client->dialog);
	uv_close((uv_handle_t *)&client->tcp, on_closed);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
	struct client *client = handle->data;
	size_t bytes;
	char *room = dialog_room(&client->dialog, &bytes);

	(void)suggested;
	*ret_buf = uv_buf_init(room, (unsigned)bytes);
}

static void on_read(uv_stream_t *stream, ssize_t nr, const uv_buf_t *buf)
{
	struct client *client = stream->data;

	(void)buf;
	if (nr < 0) {
		end_client(client);
		return;
	}
	dialog_received(&client->dialog, (size_t)nr);
	settle(client);
}

static void on_written(uv_write_t *write, int status)
{
	struct client *client = write->data;

	if (status) { /* UV_ECANCELED: it is ending already */
		end_client(client);
		return;
	}
	dialog_sent(&client->dialog, client->writing_bytes);
	client->writing_bytes = 0;
	settle(client);
}

/* After anything that may have changed what it waits for. */
static void settle(struct client *client)
{
	uv_stream_t *stream = (uv_stream_t *)&client->tcp;
	size_t bytes, room;
	char *data = dialog_output(&client->dialog, &bytes);
	uv_buf_t buf = uv_buf_init(data, (unsigned)bytes);

	if (dialog_is_over(&client->dialog)) {
		end_client(client);
		return;
	}
	if (bytes && !client->writing_bytes) {
		client->writing_bytes = bytes;
		client->write.data = client;
		if (uv_write(&client->write, stream, &buf, 1, on_written)) {
			end_client(client);
			return;
		}
	}
	dialog_room(&client->dialog, &room);
	if (room)
		uv_read_start(stream, on_room, on_read); /* again: no harm */
	else
		uv_read_stop(stream);
}

static void on_answer(struct errand *errand, intptr_t result)
{
	char *dialog = (void *)errand->dialog;

	dialog_answer(errand, result);
	settle((void *)(dialog - offsetof(struct client, dialog)));
}

static void on_answers(uv_poll_t *handle, int status, int events)
{
	(void)handle;
	(void)status;
	(void)events;
	offload_reap(&offload, on_answer);
}

/* Without a descriptor for it libuv closes a connection by itself. */
static void on_connection(uv_stream_t *stream, int status)
{
	struct client *client = status ? NULL : malloc(sizeof(*client));

	if (!client)
		return;
	client->writing_bytes = 0;
	uv_tcp_init(loop, &client->tcp);
	client->tcp.data = client;
	dialog_init(&client->dialog, &offload);
	nr_clients++;
	if (uv_accept(stream, (uv_stream_t *)&client->tcp))
		end_client(client);
	else
		settle(client);
}

static void stop_client(uv_handle_t *handle, void *arg)
{
	struct client *client = handle->data;

	(void)arg;
	if (!client || uv_is_closing(handle))
		return;
	dialog_stop(&client->dialog);
	settle(client);
}

/* First the grace is over, then the time for all to end. */
static void on_timer(uv_timer_t *handle)
{
	is_out_of_time = is_stopping;
	is_stopping = true;
	if (!is_out_of_time) {
		uv_close((uv_handle_t *)&listener, NULL);
		uv_walk(loop, stop_client, NULL);
		uv_timer_start(handle, on_timer, serving.shutdown_ms, 0);
	}
	end_loop_if_done();
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)handle;
	(void)number;
	if (!is_stopping && !uv_is_active((uv_handle_t *)&timer))
		uv_timer_start(&timer, on_timer, SERVING_GRACE_MS, 0);
}

static void close_rest(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (handle->data)
		end_client(handle->data);
	else if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static int prepare(void)
{
	int error;

	uv_tcp_init(loop, &listener);
	uv_timer_init(loop, &timer);
	uv_signal_init(loop, &interrupt);
	uv_signal_init(loop, &terminate);
	error = uv_signal_start(&interrupt, on_signal, SIGINT);
	if (!error)
		error = uv_signal_start(&terminate, on_signal, SIGTERM);
	if (!error)
		error = uv_poll_init(loop, &answers, offload_fd(&offload));
	if (!error)
		error = uv_poll_start(&answers, UV_READABLE, on_answers);
	if (!error)
		error = uv_tcp_open(&listener, serving.listener_fd);
	if (!error)
		error = uv_listen((uv_stream_t *)&listener, SOMAXCONN,
				on_connection);
	return error;
}

int main(int argc, char **argv)
{
	int status = serving_start(argc, argv, &serving), error;
	sigset_t all;

	if (status >= 0)
		return status;
	loop = uv_default_loop();
	signal(SIGPIPE, SIG_IGN);
	error = !loop ? UV_ENOMEM
		      : offload_init(&offload, serving.workers, serving.jobs);
	if (!error)
		error = prepare();
	if (error) {
		fprintf(stderr, "uvserver: %s\n", uv_strerror(error));
		return 1;
	}
	serving_announce(&serving);
	uv_run(loop, UV_RUN_DEFAULT);
	sigfillset(&all); /* a second one changes nothing */
	sigprocmask(SIG_BLOCK, &all, NULL);
	status = nr_clients ? serving_cut_off() : 0;
	uv_walk(loop, close_rest, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
	offload_fini(&offload);
	return status;
}
