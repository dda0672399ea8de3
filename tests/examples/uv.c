/* SPDX-License-Identifier: MIT */
/*
 * A pool beside libuv's own: uv_poll_t watches the queue of finished jobs, so
 * their callbacks run on the loop's thread, between its other events. Here a
 * timer asks for a sum each millisecond.
 */
#include <rota.h>
#include <stdint.h>
#include <stdio.h>
#include <uv.h>

enum { NR_REQUESTS = 50, NR_TERMS = 10000 };

struct request {
	intptr_t first;
	void (*on_done)(struct request *request, intptr_t sum);
};

static struct rota_pool *pool;
static struct rota_completions *completions;
static struct request requests[NR_REQUESTS];
static unsigned nr_asked, nr_done, nr_wrong;
static uv_timer_t timer;
static uv_poll_t poll_handle;

static intptr_t sum_run(void *arg)
{
	struct request *request = arg;
	intptr_t sum = 0;

	for (intptr_t i = 0; i < NR_TERMS; i++)
		sum += request->first + i;
	return sum;
}

/* On the loop's thread: no lock. */
static void sum_done(struct request *request, intptr_t sum)
{
	nr_wrong += sum !=
		    NR_TERMS * request->first +
				    (intptr_t)NR_TERMS * (NR_TERMS - 1) / 2;
	if (++nr_done == NR_REQUESTS) {
		uv_poll_stop(&poll_handle);
		uv_close((uv_handle_t *)&poll_handle, NULL);
	}
}

static void on_completions(uv_poll_t *handle, int status, int events)
{
	struct rota_completion done[16];
	int nr = rota_completions_reap(completions, done, 16);

	(void)handle;
	(void)status;
	(void)events;
	for (int i = 0; i < nr; i++) {
		struct request *request = done[i].tag;

		request->on_done(request, done[i].result);
	}
}

static void on_timer(uv_timer_t *handle)
{
	struct request *request = &requests[nr_asked];

	request->first = (intptr_t)nr_asked;
	request->on_done = sum_done;
	if (!rota_completions_submit(
			    completions, pool, sum_run, request, request))
		nr_asked++;
	if (nr_asked == NR_REQUESTS)
		uv_close((uv_handle_t *)handle, NULL);
}

int main(void)
{
	uv_loop_t *loop = uv_default_loop();

	if (!loop || rota_pool_create(NULL, &pool) ||
			rota_completions_create(16, &completions))
		return 1;
	uv_timer_init(loop, &timer);
	uv_timer_start(&timer, on_timer, 0, 1);
	uv_poll_init(loop, &poll_handle, rota_completions_fd(completions));
	uv_poll_start(&poll_handle, UV_READABLE, on_completions);
	uv_run(loop, UV_RUN_DEFAULT);
	printf("%u sums, %u wrong\n", nr_done, nr_wrong);
	return rota_completions_destroy(completions) ||
	       rota_pool_destroy(pool) || uv_loop_close(loop) ||
	       nr_done != NR_REQUESTS || nr_wrong;
}
