/* SPDX-License-Identifier: MIT */
#include "epollclient.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
	int epoll_fd, fd;
	uint32_t events; /* that epoll waits for */
	LIST_ENTRY(client) place;
	struct dialog dialog;
};

static LIST_HEAD(client_list, client) clients = LIST_HEAD_INITIALIZER(clients);
static unsigned nr_clients;

static int watch(struct client *client, int how, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = client};

	client->events = events;
	return epoll_ctl(client->epoll_fd, how, client->fd, &event);
}

bool client_add(int epoll_fd, int fd, struct offload *offload)
{
	struct client *client = malloc(sizeof(*client));

	if (client) {
		client->epoll_fd = epoll_fd;
		client->fd = fd;
		dialog_init(&client->dialog, offload);
	}
	if (!client || watch(client, EPOLL_CTL_ADD, EPOLLIN)) {
		free(client);
		close(fd);
		return false;
	}
	LIST_INSERT_HEAD(&clients, client, place);
	nr_clients++;
	return true;
}

static void end(struct client *client)
{
	dialog_fini(&client->dialog);
	LIST_REMOVE(client, place);
	nr_clients--;
	close(client->fd); /* epoll forgets it, too */
	free(client);
}

/* False: nobody is there to read it. */
static bool send_all(struct client *client)
{
	size_t bytes;
	ssize_t nr;

	for (;;) {
		char *data = dialog_output(&client->dialog, &bytes);

		if (!bytes)
			return true;
		nr = send(client->fd, data, bytes, MSG_NOSIGNAL);
		if (nr < 0)
			return errno == EAGAIN || errno == EINTR;
		dialog_sent(&client->dialog, (size_t)nr);
	}
}

/* After anything that may have changed what it waits for. */
static void settle(struct client *client)
{
	size_t room, unsent;
	uint32_t events;

	if (!send_all(client) || dialog_is_over(&client->dialog)) {
		end(client);
		return;
	}
	dialog_room(&client->dialog, &room);
	dialog_output(&client->dialog, &unsent);
	events = (room ? EPOLLIN : 0) | (unsent ? EPOLLOUT : 0);
	if (events != client->events)
		watch(client, EPOLL_CTL_MOD, events);
}

void client_event(void *arg, uint32_t events)
{
	struct client *client = arg;
	size_t bytes;
	char *room = dialog_room(&client->dialog, &bytes);
	ssize_t nr;

	if (events & (EPOLLERR | EPOLLHUP)) {
		end(client);
		return;
	}
	if ((events & EPOLLIN) && bytes) {
		nr = recv(client->fd, room, bytes, 0);
		if (nr > 0) {
			dialog_received(&client->dialog, (size_t)nr);
		} else if (!nr || (errno != EAGAIN && errno != EINTR)) {
			end(client);
			return;
		}
	}
	settle(client);
}

void client_answer(struct errand *errand, intptr_t result)
{
	struct dialog *dialog = errand->dialog;

	dialog_answer(errand, result);
	settle((void *)((char *)dialog - offsetof(struct client, dialog)));
}

static void stop(struct client *client)
{
	dialog_stop(&client->dialog);
	settle(client);
}

static void for_all(void (*how)(struct client *client))
{
	struct client *client = LIST_FIRST(&clients), *next;

	for (; client; client = next) {
		next = LIST_NEXT(client, place);
		how(client);
	}
}

void clients_stop(void)
{
	for_all(stop);
}

void clients_end(void)
{
	for_all(end);
}

unsigned clients_nr(void)
{
	return nr_clients;
}
