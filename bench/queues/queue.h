/* SPDX-License-Identifier: MIT */
#ifndef BENCH_QUEUES_QUEUE_H
#define BENCH_QUEUES_QUEUE_H
/*
 * Queues alone, without a pool: any thread pushes and pops words. All are
 * called through pointers, so that this costs each the same.
 */
#include <stdbool.h>
#include <stdint.h>

#define QUEUE_CAPACITY 65536u /* of those that are bounded, at least */

#ifdef __cplusplus
extern "C" {
#endif

struct queue_ops {
	const char *name;
	void *(*create)(void);			   /* NULL: no memory */
	bool (*push)(void *queue, uint64_t value); /* false: full */
	/* false: empty, or somebody else was faster */
	bool (*pop)(void *queue, uint64_t *ret_value);
	void (*destroy)(void *queue);
};

extern const struct queue_ops queue_ck;	       /* Concurrency Kit's MPMC ring */
extern const struct queue_ops queue_rota_ring; /* the same behind a gate */
extern const struct queue_ops queue_mutex_list; /* one lock, one list */
extern const struct queue_ops queue_moodycamel; /* if its header is there */
/* Bounds. */
extern const struct queue_ops queue_none; /* each call does nothing */
extern const struct queue_ops queue_faa;  /* each adds to one word */
extern const struct queue_ops queue_word; /* holds one value; two threads */

/* NULL: there are not so many. */
const struct queue_ops *queue_at(unsigned index);

#ifdef __cplusplus
}
#endif

#endif
