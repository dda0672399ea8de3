/* SPDX-License-Identifier: MIT */
/*
 * How long until a thread runs that slept in the kernel: two threads wake each
 * other in turn, through a futex or an eventfd. On one CPU it is a switch; on
 * two, where a CPU may have gone to sleep, an interrupt besides.
 */
#include "host.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRIPS 100u /* in a stretch */

struct place {
	_Atomic uint32_t word; /* 1: it is this side's turn */
	int fd;
};

struct game {
	void (*give)(struct place *);
	void (*take)(struct place *);
	struct place sides[2];
	int cpu; /* of the other thread */
};

static void futex_give(struct place *place)
{
	atomic_store_explicit(&place->word, 1, memory_order_release);
	syscall(SYS_futex, &place->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void futex_take(struct place *place)
{
	while (!atomic_load_explicit(&place->word, memory_order_acquire))
		syscall(SYS_futex, &place->word, FUTEX_WAIT_PRIVATE, 0, NULL,
				NULL, 0);
	atomic_store_explicit(&place->word, 0, memory_order_relaxed);
}

static void eventfd_give(struct place *place)
{
	if (eventfd_write(place->fd, 1) != 0)
		host_fail("eventfd", errno);
}

static void eventfd_take(struct place *place)
{
	eventfd_t value;

	if (eventfd_read(place->fd, &value) != 0)
		host_fail("eventfd", errno);
}

static void *other_side(void *arg)
{
	struct game *game = arg;

	host_stay_on(game->cpu);
	/* One trip more: what comes before the first stretch. */
	for (unsigned i = 0; i < STRETCHES * TRIPS + 1; i++) {
		game->take(&game->sides[1]);
		game->give(&game->sides[0]);
	}
	return NULL;
}

static void trip(struct game *game)
{
	game->give(&game->sides[1]);
	game->take(&game->sides[0]);
}

static double play(struct game *game, int here, int there)
{
	double one_way_ns[STRETCHES];
	pthread_t thread;
	int error;

	game->cpu = there;
	host_stay_on(here);
	error = pthread_create(&thread, NULL, other_side, game);
	if (error)
		host_fail("thread", error);
	trip(game); /* the other thread is there */
	for (unsigned i = 0; i < STRETCHES; i++) {
		uint64_t began_ns = now_ns();

		for (unsigned nr = 0; nr < TRIPS; nr++)
			trip(game);
		one_way_ns[i] = (double)(now_ns() - began_ns) / (2 * TRIPS);
	}
	pthread_join(thread, NULL);
	return host_median(one_way_ns, STRETCHES);
}

double host_futex_ns(int here, int there)
{
	struct game game = {.give = futex_give, .take = futex_take};

	return play(&game, here, there);
}

double host_eventfd_ns(int here, int there)
{
	struct game game = {.give = eventfd_give, .take = eventfd_take};
	double ns;

	for (unsigned i = 0; i < 2; i++) {
		game.sides[i].fd = eventfd(0, EFD_CLOEXEC);
		if (game.sides[i].fd < 0)
			host_fail("eventfd", errno);
	}
	ns = play(&game, here, there);
	for (unsigned i = 0; i < 2; i++)
		close(game.sides[i].fd);
	return ns;
}
