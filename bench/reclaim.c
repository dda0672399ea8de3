/* SPDX-License-Identifier: MIT */
/*
 * What does it cost that the rings a lane has left are freed while others may
 * read them, and is it safe in a library that somebody embeds?
 *
 * Three ways behind the same questions: the flag that rota's takers set
 * (runtime/lanes_move.c), and liburcu in the two flavours that need nothing of
 * the program but a registration, urcu-memb and urcu-bp. Asked are: ns for one
 * read section, ns for one grace period while another thread reads, threads
 * that the way starts by itself, and how many of 100 children hang that are
 * forked while another thread waits for a grace period, and whose new thread then
 * reads once.
 * One process makes one measurement and prints one line of JSON:
 * reclaim flag | reclaim memb | reclaim bp.
 */
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <urcu/urcu-bp.h>
#include <urcu/urcu-memb.h>

#include "clock.h"

enum { SECTIONS = 20000000, GRACES = 2000, CHILDREN = 100, FLAGS = 2 };

struct way {
	const char *name;
	void (*begin)(void); /* this thread will read */
	void (*end)(void);
	void (*read)(unsigned times);
	void (*grace)(void);
	int own_threads; /* that call_rcu() starts; nothing for the flag */
};

static struct {
	alignas(128) _Atomic unsigned is_inside;
} flags[FLAGS];
static _Thread_local unsigned my_flag;
static _Atomic unsigned nr_flags;
static _Atomic bool is_over;
static int value = 1;
static int *_Atomic published = &value;
static _Thread_local int read_sum;

static void flag_begin(void)
{
	my_flag = atomic_fetch_add_explicit(
				  &nr_flags, 1, memory_order_relaxed) %
		  FLAGS;
}

static void no_end(void)
{
}

static void flag_read(unsigned times)
{
	_Atomic unsigned *mine = &flags[my_flag].is_inside;

	while (times--) {
		atomic_store_explicit(mine, 1, memory_order_relaxed);
		atomic_thread_fence(memory_order_seq_cst);
		read_sum += *atomic_load_explicit(
				&published, memory_order_acquire);
		atomic_store_explicit(mine, 0, memory_order_release);
	}
}

/* As in the library it is not waited for: who finds a taker inside leaves the
 * rings to the next one that comes by. */
static void flag_grace(void)
{
	atomic_thread_fence(memory_order_seq_cst);
	for (unsigned i = 0; i < FLAGS; i++)
		read_sum += (int)atomic_load_explicit(
				&flags[i].is_inside, memory_order_acquire);
}

static void memb_read(unsigned times)
{
	while (times--) {
		urcu_memb_read_lock();
		read_sum += *atomic_load_explicit(
				&published, memory_order_acquire);
		urcu_memb_read_unlock();
	}
}

static void bp_read(unsigned times)
{
	while (times--) {
		urcu_bp_read_lock();
		read_sum += *atomic_load_explicit(
				&published, memory_order_acquire);
		urcu_bp_read_unlock();
	}
}

static const struct way ways[] = {
		{"flag", flag_begin, no_end, flag_read, flag_grace, 0},
		{"memb", urcu_memb_register_thread, urcu_memb_unregister_thread,
				memb_read, urcu_memb_synchronize_rcu, 1},
		{"bp", urcu_bp_register_thread, no_end, bp_read,
				urcu_bp_synchronize_rcu, 1},
};

static void *reader_main(void *arg)
{
	const struct way *way = arg;

	way->begin();
	while (!atomic_load_explicit(&is_over, memory_order_relaxed))
		way->read(1000);
	way->end();
	return NULL;
}

static void *grace_main(void *arg)
{
	const struct way *way = arg;

	while (!atomic_load_explicit(&is_over, memory_order_relaxed))
		way->grace();
	return NULL;
}

static pthread_t start(void *(*thread_main)(void *), const struct way *way)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_main, (void *)(uintptr_t)way))
		_exit(1);
	return thread;
}

static void stop(pthread_t thread)
{
	atomic_store_explicit(&is_over, true, memory_order_relaxed);
	pthread_join(thread, NULL);
	atomic_store_explicit(&is_over, false, memory_order_relaxed);
}

static void *child_main(void *arg)
{
	const struct way *way = arg;

	way->begin();
	way->read(1);
	way->grace();
	way->end();
	return NULL;
}

/* A child whose new thread reads once, as a worker of a new pool would. */
static bool child_hangs(const struct way *way)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		alarm(1);
		pthread_join(start(child_main, way), NULL);
		_exit(0);
	}
	return waitpid(pid, &status, 0) != pid || !WIFEXITED(status);
}

int main(int argc, char **argv)
{
	const struct way *way = NULL;
	uint64_t section_ns, grace_ns;
	pthread_t thread;
	unsigned hung = 0;

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (argc == 2 && strcmp(argv[1], ways[i].name) == 0)
			way = &ways[i];
	if (!way) {
		fputs("usage: reclaim flag|memb|bp\n", stderr);
		return 2;
	}
	way->begin();
	section_ns = now_ns();
	way->read(SECTIONS);
	section_ns = now_ns() - section_ns;

	thread = start(reader_main, way);
	sleep_until_ns(now_ns() + 10000000);
	grace_ns = now_ns();
	for (unsigned i = 0; i < GRACES; i++)
		way->grace();
	grace_ns = now_ns() - grace_ns;
	stop(thread);

	thread = start(grace_main, way);
	for (unsigned i = 0; i < CHILDREN; i++) {
		sleep_until_ns(now_ns() + 100000);
		hung += child_hangs(way);
	}
	stop(thread);
	way->end();
	printf("{\"program\": \"reclaim\", \"way\": \"%s\", "
	       "\"section_ns\": %.2f, \"grace_ns\": %.0f, "
	       "\"own_threads\": %d, \"children\": %d, \"hung\": %u}\n",
			way->name, (double)section_ns / SECTIONS,
			(double)grace_ns / GRACES, way->own_threads, CHILDREN,
			hung);
	return 0;
}
