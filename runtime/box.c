/* SPDX-License-Identifier: MIT */
#include "box.h"
#include "sys/os.h"
#include <string.h>

static struct box_shard *shard_at(struct boxes *boxes, unsigned i)
{
	return &boxes->shards[i % BOX_SHARDS];
}

/* The same for each call of one thread, spread over threads. */
static unsigned thread_hash(void)
{
	return (unsigned)((uintptr_t)&os_local * 0x9e3779b97f4a7c15ull >> 56);
}

static bool try_lock(struct box_shard *shard)
{
	/* [box.A1] acquire; pairs with [box.R1]: the free list as the last
	 * holder left it. */
	return !atomic_load_explicit(&shard->is_locked, memory_order_relaxed) &&
	       !atomic_exchange_explicit(
			       &shard->is_locked, 1, memory_order_acquire);
}

static struct box *take_locked(struct box_shard *shard)
{
	struct box *box = shard->free;

	/* [box.A2] acquire; pairs with [box.R2]: who ran the job is done
	 * with the box. The relaxed look spares the exchange. */
	if (!box && atomic_load_explicit(
				    &shard->returned, memory_order_relaxed))
		box = atomic_exchange_explicit(
				&shard->returned, NULL, memory_order_acquire);
	if (box)
		shard->free = box->next;
	return box;
}

static struct box *box_new(size_t bytes, struct box_shard *home)
{
	struct box *box = os_alloc(sizeof(*box) + bytes);

	if (box && home)
		memset(box->payload, 0, bytes);
	if (box)
		box->home = home;
	return box;
}

struct box *box_get(struct boxes *boxes, size_t payload_bytes)
{
	unsigned hash = thread_hash();
	struct box_shard *home = NULL;
	struct box *box = NULL;

	if (payload_bytes > boxes->bytes)
		return box_new(payload_bytes, NULL);
	for (unsigned i = 0; i < BOX_SHARDS && !home; i++) {
		struct box_shard *shard = shard_at(boxes, hash + i);

		if (!try_lock(shard))
			continue;
		home = shard;
		box = take_locked(shard);
		/* [box.R1] release; pairs with [box.A1]. */
		atomic_store_explicit(
				&shard->is_locked, 0, memory_order_release);
	}
	return box ? box
		   : box_new(boxes->bytes, home ? home : shard_at(boxes, hash));
}

void box_put(struct box *box)
{
	struct box_shard *home = box->home;
	struct box *top;

	if (!home) {
		os_free(box);
		return;
	}
	top = atomic_load_explicit(&home->returned, memory_order_relaxed);
	do {
		box->next = top;
		/* [box.R2] release; pairs with [box.A2]. */
	} while (!atomic_compare_exchange_weak_explicit(&home->returned, &top,
			box, memory_order_release, memory_order_relaxed));
}

static void free_list(struct box *box, void (*fini)(void *payload))
{
	while (box) {
		struct box *next = box->next;

		if (fini)
			fini(box->payload);
		os_free(box);
		box = next;
	}
}

void boxes_fini(struct boxes *boxes, void (*fini)(void *payload))
{
	for (unsigned i = 0; i < BOX_SHARDS; i++) {
		struct box_shard *shard = shard_at(boxes, i);

		/* acquire as in [box.A2] */
		free_list(shard->free, fini);
		free_list(atomic_exchange_explicit(&shard->returned, NULL,
					  memory_order_acquire),
				fini);
	}
}

/* If the job ends its thread the box is lost: to bring it home would cost each job
 * two instructions. */
void box_run(void *arg)
{
	struct box *box = arg;

	box->run(box->payload);
	box_put(box);
}
