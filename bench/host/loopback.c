/* SPDX-License-Identifier: MIT */
/*
 * What a request costs without any pool: a thread that accepts, reads, writes
 * and closes, one connection after the other, over the loopback device.
 */
#include "host.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS 3000u
#define WARM_UP	 300u /* that many more come first */
#define BYTES	 128u

static struct sockaddr_in address;

static void check(ssize_t result, const char *what)
{
	if (result < 0)
		host_fail(what, errno);
}

static void *client_main(void *unused)
{
	char bytes[BYTES] = {0};

	for (unsigned i = 0; i < WARM_UP + REQUESTS; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		check(fd, "socket");
		check(connect(fd, (struct sockaddr *)&address, sizeof(address)),
				"connect");
		check(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), "send");
		while (recv(fd, bytes, sizeof(bytes), 0) > 0)
			;
		close(fd);
	}
	return unused;
}

static double thread_cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void answer(int listener)
{
	char bytes[BYTES];
	int fd = accept(listener, NULL, NULL);

	check(fd, "accept");
	check(recv(fd, bytes, sizeof(bytes), 0), "receive");
	check(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), "send");
	close(fd);
}

double host_loopback_cpu_us(void)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(address);
	double began_us = 0, ended_us;
	pthread_t client;
	int error;

	check(listener, "socket");
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check(bind(listener, (struct sockaddr *)&address, length), "bind");
	check(getsockname(listener, (struct sockaddr *)&address, &length),
			"port");
	check(listen(listener, 64), "listen");
	error = pthread_create(&client, NULL, client_main, NULL);
	if (error)
		host_fail("thread", error);
	for (unsigned i = 0; i < WARM_UP + REQUESTS; i++) {
		if (i == WARM_UP)
			began_us = thread_cpu_us();
		answer(listener);
	}
	ended_us = thread_cpu_us();
	pthread_join(client, NULL);
	close(listener);
	return (ended_us - began_us) / REQUESTS;
}
