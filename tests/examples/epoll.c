/* SPDX-License-Identifier: MIT */
/*
 * An event loop on epoll that lets a pool do the work: numbers come from a
 * pipe, as requests would from a socket, workers look for their smallest
 * factor, and the loop prints each answer. It never waits but in epoll_wait().
 */
#include <rota.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { NR_NUMBERS = 1000, IN_FLIGHT = 32 };

struct loop {
	struct rota_pool *pool;
	struct rota_completions *completions;
	int epoll_fd, pipe_fd;
	unsigned nr_asked, nr_answered, nr_primes;
};

static intptr_t smallest_factor(void *arg)
{
	intptr_t number = (intptr_t)arg, factor = 2;

	while (factor * factor <= number && number % factor)
		factor++;
	return factor * factor <= number ? factor : number;
}

static void watch(struct loop *loop, int fd, uint32_t events, int how)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	epoll_ctl(loop->epoll_fd, how, fd, &event);
}

/* Read no more than can be handed on: who sends waits meanwhile. */
static void ask(struct loop *loop)
{
	uint32_t number;

	if (loop->nr_asked - loop->nr_answered == IN_FLIGHT) {
		watch(loop, loop->pipe_fd, 0, EPOLL_CTL_MOD);
	} else if (read(loop->pipe_fd, &number, sizeof(number)) ==
			sizeof(number)) {
		void *tag = (void *)(intptr_t)number;

		if (!rota_completions_submit(loop->completions, loop->pool,
				    smallest_factor, tag, tag))
			loop->nr_asked++;
	}
}

static void answer(struct loop *loop)
{
	struct rota_completion done[8];
	int nr = rota_completions_reap(loop->completions, done, 8);

	for (int i = 0; i < nr; i++) {
		intptr_t number = (intptr_t)done[i].tag;

		printf("%ld: %ld\n", (long)number, (long)done[i].result);
		loop->nr_primes += done[i].result == number;
	}
	loop->nr_answered += (unsigned)nr;
	watch(loop, loop->pipe_fd, EPOLLIN, EPOLL_CTL_MOD);
}

int main(void)
{
	struct loop loop = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	int ends[2], completions_fd;

	if (loop.epoll_fd < 0 || pipe(ends) ||
			rota_pool_create(NULL, &loop.pool) ||
			rota_completions_create(IN_FLIGHT, &loop.completions))
		return 1;
	for (uint32_t number = 2; number < 2 + NR_NUMBERS; number++)
		if (write(ends[1], &number, sizeof(number)) < 0)
			return 1;
	loop.pipe_fd = ends[0];
	completions_fd = rota_completions_fd(loop.completions);
	watch(&loop, loop.pipe_fd, EPOLLIN, EPOLL_CTL_ADD);
	watch(&loop, completions_fd, EPOLLIN, EPOLL_CTL_ADD);
	while (loop.nr_answered < NR_NUMBERS) {
		struct epoll_event event;

		if (epoll_wait(loop.epoll_fd, &event, 1, -1) != 1)
			continue;
		if (event.data.fd == completions_fd)
			answer(&loop);
		else
			ask(&loop);
	}
	fprintf(stderr, "%u primes\n", loop.nr_primes);
	close(loop.epoll_fd);
	close(ends[0]);
	close(ends[1]);
	return rota_completions_destroy(loop.completions) ||
	       rota_pool_destroy(loop.pool) || loop.nr_primes != 168;
}
