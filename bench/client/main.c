/* SPDX-License-Identifier: MIT */
/*
 * How long do clients wait for a web server that gets its requests when they
 * come, and not when it is ready for them?
 *
 * Requests come as a Poisson process from a seed (or all at once, with
 * --burst=1), each on a connection of its own, or with --keep-alive=1 on one of
 * a few. Whether the server keeps up or not, none is left out or put off:
 * latencies count from when the request was due, to the first and to the last
 * byte of the answer, which is checked. How late this client itself was is
 * reported; where that is more than a tenth of what it measured, the figures
 * are its own ("valid": false).
 * The bound: no answer can be earlier than one from a server that is not busy.
 * One process makes one measurement and prints one line of JSON.
 */
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "../clock.h"
#include "../hist.h"
#include "../options.h"
#include "../random.h"
#include "../usage.h"
#include "exchange.h"

#define STALLED_NS    10000000000u /* no answer for so long */
#define LAG_MAX	      0.1	   /* of what was measured */
#define EVENTS_A_TURN 64

static struct {
	uint64_t port, rate, requests, connections, slow_per_1000, keep_alive;
	uint64_t burst, server_may_end, seed;
} options = {
		.port = 7878,
		.rate = 1000,
		.requests = 1000,
		.connections = 1024,
		.seed = 1,
};

static const struct option known_options[] = {
		{"port", &options.port, 1, 65535},
		{"rate", &options.rate, 1, 10000000},
		{"requests", &options.requests, 1, 10000000},
		{"connections", &options.connections, 1, 30000},
		{"slow-per-1000", &options.slow_per_1000, 0, 1000},
		{"keep-alive", &options.keep_alive, 0, 1},
		{"burst", &options.burst, 0, 1},
		{"server-may-end", &options.server_may_end, 0, 1},
		{"seed", &options.seed, 0, UINT32_MAX},
		{NULL, NULL, 0, 0},
};

static const char *const verdict_names[NR_VERDICTS] = {
		"answered", "refused", "reset", "torn", "wrong"};

/* By whether the page is slow. */
static struct {
	struct hist first_byte, whole;
} pages[2];

static struct {
	uint64_t *due_ns; /* from the beginning on */
	uint64_t began_ns, next, over;
	uint64_t verdicts[NR_VERDICTS];
	struct hist lag;
	uint64_t random; /* which page */
} plan;

static struct exchange *exchanges, *idle;
static struct sockaddr_in address;
static int epoll_fd;

static void fail(const char *what, int error)
{
	fprintf(stderr, "client: %s: %s\n", what, strerror(error));
	exit(1);
}

static void lay_plan(void)
{
	uint64_t random = options.seed;
	double due_ns = 0;

	plan.due_ns = calloc(options.requests, sizeof(*plan.due_ns));
	if (!plan.due_ns)
		fail("start", ENOMEM);
	for (uint64_t i = 0; i < options.requests && !options.burst; i++) {
		due_ns += random_exponential(
				&random, 1e9 / (double)options.rate);
		plan.due_ns[i] = (uint64_t)due_ns;
	}
	plan.random = ~options.seed;
}

static void open_all(void)
{
	struct rlimit files = {0};

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < options.connections + 16)
		fail("so many connections", EMFILE);
	exchanges = calloc(options.connections, sizeof(*exchanges));
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!exchanges || epoll_fd < 0)
		fail("start", errno);
	for (uint64_t i = options.connections; i-- > 0;) {
		exchanges[i].fd = -1;
		exchanges[i].below = idle;
		idle = &exchanges[i];
	}
}

static void end(struct exchange *exchange, enum verdict verdict)
{
	uint64_t due_ns = plan.began_ns + plan.due_ns[exchange->request_id];

	if (verdict == ANSWERED) {
		hist_add(&pages[exchange->is_slow].first_byte,
				exchange->first_byte_ns - due_ns);
		hist_add(&pages[exchange->is_slow].whole, now_ns() - due_ns);
	}
	plan.verdicts[verdict]++;
	plan.over++;
	exchange->request = NULL;
	if (exchange->fd >= 0 && !(verdict == ANSWERED && options.keep_alive &&
						 exchange->may_go_on))
		exchange_close(exchange);
	exchange->below = idle;
	idle = exchange;
}

/* A connection of its own, or one that was kept. 0, or -errno. */
static int connect_anew(struct exchange *exchange)
{
	struct epoll_event event = {
			.events = EPOLLIN | EPOLLOUT | EPOLLET,
			.data.ptr = exchange,
	};
	int error = exchange_connect(exchange, &address);

	if (error)
		return error;
	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, exchange->fd, &event) ? -errno
									: 0;
}

static void ask(struct exchange *exchange)
{
	uint64_t id = plan.next++;
	bool is_slow = random_next(&plan.random) % 1000 < options.slow_per_1000;
	enum verdict verdict = REFUSED;

	hist_add(&plan.lag, now_ns() - plan.began_ns - plan.due_ns[id]);
	exchange_ask(exchange, id, is_slow, options.keep_alive);
	if ((exchange->fd < 0 && connect_anew(exchange)) ||
			exchange_go_on(exchange, &verdict))
		end(exchange, verdict);
}

static void ask_what_is_due(void)
{
	while (idle && plan.next < options.requests &&
			plan.began_ns + plan.due_ns[plan.next] <= now_ns()) {
		struct exchange *exchange = idle;

		idle = exchange->below;
		ask(exchange);
	}
}

/* Until something can be done, at most for as long as nothing is due. */
static void wait_and_answer(void)
{
	struct epoll_event events[EVENTS_A_TURN];
	uint64_t now = now_ns(), until_ns = now + STALLED_NS;
	struct timespec pause;
	int nr;

	if (idle && plan.next < options.requests)
		until_ns = plan.began_ns + plan.due_ns[plan.next];
	if (until_ns < now)
		until_ns = now;
	pause.tv_sec = (time_t)((until_ns - now) / 1000000000u);
	pause.tv_nsec = (long)((until_ns - now) % 1000000000u);
	nr = epoll_pwait2(epoll_fd, events, EVENTS_A_TURN, &pause, NULL);
	if (nr == 0 && !(idle && plan.next < options.requests))
		fail("the server does not answer any more", ETIMEDOUT);
	for (int i = 0; i < nr; i++) {
		struct exchange *exchange = events[i].data.ptr;
		enum verdict verdict;

		if (exchange->request && exchange_go_on(exchange, &verdict))
			end(exchange, verdict);
		else if (!exchange->request && exchange->fd >= 0 &&
				events[i].events & (EPOLLRDHUP | EPOLLHUP))
			exchange_close(exchange); /* an idle one has ended */
	}
}

static void print_times(const char *name, const struct hist *hist)
{
	printf("\"%s_p50_us\": %.1f, \"%s_p90_us\": %.1f, "
	       "\"%s_p99_us\": %.1f, \"%s_p999_us\": %.1f, "
	       "\"%s_max_us\": %.1f, ",
			name, (double)hist_quantile(hist, 0.5) / 1e3, name,
			(double)hist_quantile(hist, 0.9) / 1e3, name,
			(double)hist_quantile(hist, 0.99) / 1e3, name,
			(double)hist_quantile(hist, 0.999) / 1e3, name,
			(double)hist->max / 1e3);
}

static bool print_result(uint64_t took_ns, struct usage usage)
{
	uint64_t bad = options.requests - plan.verdicts[ANSWERED];
	double lag_us = (double)hist_quantile(&plan.lag, 0.99) / 1e3;
	double p99_us = (double)hist_quantile(&pages[0].whole, 0.99) / 1e3;

	if (options.server_may_end)
		bad = plan.verdicts[TORN] + plan.verdicts[WRONG];
	printf("{\"program\": \"client\", \"offered_per_s\": %" PRIu64 ", "
	       "\"requests\": %" PRIu64 ", \"seconds\": %.6f, "
	       "\"requests_per_s\": %.1f, \"keep_alive\": %" PRIu64 ", "
	       "\"slow_per_1000\": %" PRIu64 ", \"seed\": %" PRIu64 ", "
	       "\"last_due_us\": %.1f, ",
			options.rate, options.requests, (double)took_ns / 1e9,
			(double)plan.verdicts[ANSWERED] * 1e9 / (double)took_ns,
			options.keep_alive, options.slow_per_1000, options.seed,
			(double)plan.due_ns[options.requests - 1] / 1e3);
	for (unsigned i = 0; i < NR_VERDICTS; i++)
		printf("\"%s\": %" PRIu64 ", ", verdict_names[i],
				plan.verdicts[i]);
	print_times("first_byte", &pages[0].first_byte);
	print_times("page", &pages[0].whole);
	if (options.slow_per_1000)
		print_times("slow", &pages[1].whole);
	printf("\"slow\": %" PRIu64 ", \"lag_p99_us\": %.1f, "
	       "\"valid\": %s, \"client_cpu_us_per_request\": %.2f, "
	       "\"verified\": %s}\n",
			pages[1].whole.count, lag_us,
			lag_us <= LAG_MAX * p99_us ? "true" : "false",
			(double)usage.cpu_ns / 1e3 / (double)options.requests,
			bad ? "false" : "true");
	if (bad)
		fprintf(stderr,
				"client: WRONG: %" PRIu64 " of %" PRIu64
				" requests were not answered as they should\n",
				bad, options.requests);
	return !bad;
}

int main(int argc, char **argv)
{
	struct usage usage;
	bool is_good;

	options_read(argc, argv, known_options);
	address = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_port = htons((uint16_t)options.port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	prctl(PR_SET_TIMERSLACK, 1ul); /* a punctual schedule */
	lay_plan();
	open_all();
	usage = usage_now();
	plan.began_ns = now_ns();
	while (plan.over < options.requests) {
		ask_what_is_due();
		if (plan.over < options.requests)
			wait_and_answer();
	}
	is_good = print_result(now_ns() - plan.began_ns, usage_since(usage));
	for (uint64_t i = 0; i < options.connections; i++)
		if (exchanges[i].fd >= 0)
			exchange_close(&exchanges[i]);
	free(exchanges);
	free(plan.due_ns);
	return is_good ? 0 : 1;
}
