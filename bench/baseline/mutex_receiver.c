/* SPDX-License-Identifier: MIT */
/*
 * The classic pool of the Rust book in C: Arc<Mutex<mpsc::Receiver<Job>>>.
 *
 *	let job = receiver.lock().unwrap().recv();	the mutex is held while
 *	match job { Ok(job) => job(), Err(_) => break }	waiting, not while running
 *
 * Two locks, as there: the mutex around the receiver, and the lock inside the
 * channel. Memory as there: one malloc per job for the box (Box<dyn FnOnce>),
 * and one per 31 jobs for a block of the channel's list, the block size of
 * Rust's standard library; older ones took a node per message. As there, a
 * sender wakes the receiver only if one waits, and only once.
 * Unlike there, the channel's list is guarded by a lock, and the locks are the
 * default ones of the C library, which sleep at once instead of spinning a
 * little first.
 */
#include "../pool.h"
#include "workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define BLOCK_SLOTS 31

struct box {
	void (*run)(void *arg);
	void *arg;
};

struct block {
	struct block *next;
	struct box *slots[BLOCK_SLOTS];
};

/* Unbounded, closable; all members are guarded by lock. */
struct channel {
	pthread_mutex_t lock;
	pthread_cond_t not_empty;
	struct block *head; /* NULL: received == sent, at a block's edge */
	struct block *tail; /* valid while sent is inside a block */
	uint64_t sent;
	uint64_t received;
	uint64_t wakes;
	bool receiver_waits;
	bool is_closed;
};

struct bench_pool {
	struct channel channel;
	pthread_mutex_t receiver; /* held by the one worker that receives */
	struct workers workers;
};

/* Make room for message number sent; 0 or -ENOMEM. */
static int channel_grow(struct channel *channel)
{
	struct block *block;

	if (channel->sent % BLOCK_SLOTS != 0)
		return 0;
	block = malloc(sizeof(*block));
	if (!block)
		return -ENOMEM;
	block->next = NULL;
	if (channel->head)
		channel->tail->next = block;
	else
		channel->head = block;
	channel->tail = block;
	return 0;
}

static int channel_send(struct channel *channel, struct box *box)
{
	bool wake = false;
	int error;

	pthread_mutex_lock(&channel->lock);
	error = channel->is_closed ? -ESHUTDOWN : channel_grow(channel);
	if (!error) {
		channel->tail->slots[channel->sent % BLOCK_SLOTS] = box;
		channel->sent++;
		wake = channel->receiver_waits;
		channel->receiver_waits = false;
		channel->wakes += wake;
	}
	pthread_mutex_unlock(&channel->lock);
	if (wake)
		pthread_cond_signal(&channel->not_empty);
	return error;
}

/* Blocks until there is a box; NULL: disconnected, closed and empty. */
static struct box *channel_receive(struct channel *channel)
{
	struct block *used_up = NULL;
	struct box *box = NULL;

	pthread_mutex_lock(&channel->lock);
	while (channel->received == channel->sent && !channel->is_closed) {
		channel->receiver_waits = true;
		pthread_cond_wait(&channel->not_empty, &channel->lock);
	}
	channel->receiver_waits = false;
	if (channel->received != channel->sent) {
		box = channel->head->slots[channel->received % BLOCK_SLOTS];
		channel->received++;
		if (channel->received % BLOCK_SLOTS == 0) {
			used_up = channel->head;
			channel->head = used_up->next;
		}
	}
	pthread_mutex_unlock(&channel->lock);
	free(used_up);
	return box;
}

static void channel_close(struct channel *channel)
{
	pthread_mutex_lock(&channel->lock);
	channel->is_closed = true;
	pthread_mutex_unlock(&channel->lock);
	pthread_cond_broadcast(&channel->not_empty);
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct bench_pool *pool = worker->pool;

	for (;;) {
		struct box *box;

		pthread_mutex_lock(&pool->receiver);
		box = channel_receive(&pool->channel);
		pthread_mutex_unlock(&pool->receiver);
		if (!box)
			return NULL;
		box->run(box->arg);
		free(box);
		worker_count_job(worker);
	}
}

static int submit(struct bench_pool *pool, void (*run)(void *), void *arg)
{
	struct box *box = malloc(sizeof(*box));
	int error;

	if (!box)
		return -ENOMEM;
	*box = (struct box){run, arg};
	error = channel_send(&pool->channel, box);
	if (error)
		free(box);
	return error;
}

static void counts(struct bench_pool *pool, struct bench_counts *ret_counts)
{
	struct channel *channel = &pool->channel;
	uint64_t ran;

	pthread_mutex_lock(&channel->lock);
	ran = workers_ran(&pool->workers);
	*ret_counts = (struct bench_counts){
			.submitted = channel->sent,
			.ran = ran,
			.queued = channel->sent - channel->received,
			.running = channel->received - ran,
			.wakes = channel->wakes,
	};
	pthread_mutex_unlock(&channel->lock);
}

static void close_pool(struct bench_pool *pool)
{
	channel_close(&pool->channel);
}

static void destroy(struct bench_pool *pool)
{
	channel_close(&pool->channel);
	workers_join(&pool->workers);
	free(pool->channel.head); /* a block that was not used up */
	pthread_mutex_destroy(&pool->receiver);
	pthread_cond_destroy(&pool->channel.not_empty);
	pthread_mutex_destroy(&pool->channel.lock);
	free(pool);
}

static int create(unsigned workers, unsigned capacity,
		struct bench_pool **ret_pool)
{
	struct bench_pool *pool;
	int error;

	if (workers == 0)
		return -EINVAL;
	if (capacity != 0)
		return -ENOTSUP;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pthread_mutex_init(&pool->channel.lock, NULL);
	pthread_cond_init(&pool->channel.not_empty, NULL);
	pthread_mutex_init(&pool->receiver, NULL);
	error = workers_start(&pool->workers, workers, worker_main, pool);
	if (error) {
		destroy(pool);
		return error;
	}
	*ret_pool = pool;
	return 0;
}

const struct bench_pool_ops pool_mutex_receiver = {
		.name = "mutex-receiver",
		.kind = BENCH_BASELINE,
		.about = {.order = "of all submits", .bound = "none"},
		.limits = BENCH_NO_BOUND,
		.create = create,
		.submit = submit,
		.try_submit = submit, /* unbounded: it is never full */
		.counts = counts,
		.close = close_pool,
		.destroy = destroy,
};
