/* SPDX-License-Identifier: MIT */
/*
 * streamworker: jobs from a Redis stream, on any number of machines. It is for
 * who outgrows one machine, and for jobs that must survive the process: redis
 * keeps each until a worker has acknowledged it. See stream.h for that side,
 * primes.h for the jobs.
 *
 * It shows how a pool works for a thread that owns a connection which is not
 * thread-safe: jobs go out by rota_completions_submit(), and what is finished
 * comes back to the same thread, which waits in poll() for that, for redis and
 * for signals. It shows backpressure: it asks for no more jobs than it has
 * places, so what it cannot run yet is left to others. And it shows what to do
 * with each outcome: ran, failed, dropped by ROTA_DISCARD.
 *
 * At least once: an entry is acknowledged after its job has run, in one
 * transaction with its result. A worker that is killed leaves its entries
 * pending; they are run once more, when it is back by the same name, or by
 * another worker when nobody has renewed them for the time of a lease.
 *
 * What kills its worker must not be tried for ever: after some deliveries it
 * goes to the stream of dead entries. Who was killed beside it is not to
 * blame; so what was delivered twice in vain runs alone.
 */
#include "worker.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* What runs goes on, and its results are written by the next connection. */
static void disconnect(struct worker *worker)
{
	if (worker->is_connected)
		complain("redis", worker->stream.why);
	stream_disconnect(&worker->stream);
	worker->is_connected = false;
}

static int connect_again(struct worker *worker)
{
	int error = stream_connect(&worker->stream);

	if (error)
		return error;
	worker->is_connected = worker->is_back = true;
	worker->connected_ms = now_ms();
	return worker_step(worker);
}

/* The first signal lets all end that has begun here; the second one only what
 * runs: the others are dropped, and stay pending. */
static void stop(struct worker *worker)
{
	struct signalfd_siginfo info;

	while (read(worker->signal_fd, &info, sizeof(info)) > 0)
		if (++worker->nr_stops == 2)
			rota_pool_shutdown(worker->pool, ROTA_DISCARD, 0, NULL);
}

/* After a signal: when there is nothing to do any more, or no way to do it. */
static bool is_over(const struct worker *worker)
{
	return worker->nr_stops && !worker->nr_running &&
	       !worker->stream.is_asked &&
	       (!worker->nr_jobs || !worker->is_connected);
}

static int loop(struct worker *worker)
{
	struct pollfd fds[3] = {
			{.fd = worker->signal_fd, .events = POLLIN},
			{.fd = rota_completions_fd(worker->completions),
					.events = POLLIN},
			{.events = POLLIN},
	};
	int error = connect_again(worker);

	if (error) /* not there from the beginning: more likely a mistake */
		return complain(worker->stream.address, worker->stream.why);
	while (!is_over(worker)) {
		fds[2].fd = stream_fd(&worker->stream); /* -1: left out */
		if (poll(fds, 3, (int)worker->tick_ms) < 0 && errno != EINTR)
			return complain("poll", strerror(errno));
		if (fds[0].revents)
			stop(worker);
		worker_reap(worker);
		error = 0;
		if (worker->is_connected && fds[2].revents)
			error = stream_answer(
					&worker->stream, worker_take, worker);
		if (!error)
			error = worker->is_connected ? worker_step(worker)
						     : connect_again(worker);
		if (error == STREAM_REFUSED)
			return complain("redis", worker->stream.why);
		if (error)
			disconnect(worker);
	}
	return 0;
}

static int run(struct worker *worker, const struct rota_options *options)
{
	struct rota_stats stats = {.size = sizeof(stats)};
	int error = rota_pool_create(options, &worker->pool);

	if (error)
		return complain("pool", rota_strerror(error));
	rota_pool_stats(worker->pool, &stats);
	/* While each worker runs one the next one waits for it. */
	if (!worker->places)
		worker->places = 2 * stats.workers;
	worker->jobs = calloc(worker->places, sizeof(*worker->jobs));
	worker->results = calloc(worker->places, sizeof(*worker->results));
	worker->pending = calloc(worker->places, 2 * sizeof(*worker->pending));
	error = worker->jobs && worker->results && worker->pending ? 0
								   : -ENOMEM;
	if (!error)
		error = rota_completions_create(
				worker->places, &worker->completions);
	error = error ? complain("start", rota_strerror(error)) : loop(worker);
	/* After an error some jobs may wait or run. */
	rota_pool_shutdown(worker->pool, ROTA_DISCARD, ROTA_NO_DEADLINE, NULL);
	if (worker->completions)
		worker_reap(worker);
	rota_completions_destroy(worker->completions);
	rota_pool_destroy(worker->pool);
	stream_disconnect(&worker->stream);
	free(worker->jobs);
	free(worker->results);
	free(worker->pending);
	if (worker->nr_jobs + worker->nr_dropped) {
		fprintf(stderr, "streamworker: %u jobs are left pending\n",
				worker->nr_jobs + worker->nr_dropped);
		return -1;
	}
	return error;
}

static int usage(void)
{
	fprintf(stderr, "usage: streamworker [OPTION...] NAME\n"
			"  -p WORKERS     threads (all CPUs)\n"
			"  -n PLACES      jobs in hand (twice the workers)\n"
			"  -s ADDRESS     HOST:PORT or /SOCKET "
			"(127.0.0.1:6379)\n"
			"  -k KEY         of the stream (jobs); also "
			"KEY:results "
			"and KEY:dead\n"
			"  -l MS          lease: others wait so long (30000)\n"
			"  -d DELIVERIES  before an entry is dead (5)\n"
			"  -v             say what runs\n"
			"NAME is this worker's alone, the same after a "
			"restart.\n");
	return 2;
}

static bool number(int option, unsigned most, unsigned *ret_number)
{
	char *end;
	unsigned long value = strtoul(optarg, &end, 10);

	if (*optarg >= '1' && *optarg <= '9' && !*end && value <= most) {
		*ret_number = (unsigned)value;
		return true;
	}
	fprintf(stderr, "streamworker: -%c %s: not a number from 1 to %u\n",
			option, optarg, most);
	return false;
}

/* False: something is wrong, and was said. */
static bool read_options(
		struct worker *worker, unsigned *workers, int argc, char **argv)
{
	int option;
	bool is_good = true;

	while (is_good &&
			(option = getopt(argc, argv, "p:n:s:k:l:d:v")) != -1) {
		if (option == 'p')
			is_good = number(option, ROTA_MAX_WORKERS, workers);
		else if (option == 'n')
			is_good = number(option, 1000, &worker->places);
		else if (option == 'l')
			is_good = number(option, 86400000, &worker->lease_ms);
		else if (option == 'd')
			is_good = number(option, 1000000,
					&worker->max_deliveries);
		else if (option == 's')
			worker->stream.address = optarg;
		else if (option == 'k')
			worker->stream.key = optarg;
		else if (option == 'v')
			worker->is_verbose = true;
		else
			return usage(), false;
	}
	if (is_good && (argc - optind != 1 || !*argv[optind]))
		return usage(), false;
	if (is_good && *worker->stream.address != '/' &&
			!strchr(worker->stream.address, ':')) {
		complain(worker->stream.address,
				"neither HOST:PORT nor a path");
		return false;
	}
	worker->stream.consumer = argv[optind];
	return is_good;
}

int main(int argc, char **argv)
{
	struct rota_options options = {.size = sizeof(options)};
	struct worker worker = {.lease_ms = 30000,
			.max_deliveries = 5,
			.stream = {.address = "127.0.0.1:6379",
					.key = "jobs",
					.group = "workers"}};
	char *results = NULL, *dead = NULL;
	sigset_t signals;
	int error;

	if (!read_options(&worker, &options.workers, argc, argv))
		return 2;
	worker.tick_ms =
			worker.lease_ms < 3000 ? worker.lease_ms / 3 + 1 : 1000;
	if (asprintf(&results, "%s:results", worker.stream.key) < 0 ||
			asprintf(&dead, "%s:dead", worker.stream.key) < 0)
		return 1;
	worker.stream.results = results;
	worker.stream.dead = dead;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN); /* write() says it */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	worker.signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (worker.signal_fd < 0)
		return complain("signals", strerror(errno)), 1;
	error = run(&worker, &options);
	free(results);
	free(dead);
	return error ? 1 : 0;
}
