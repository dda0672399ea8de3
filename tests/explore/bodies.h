/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_BODIES_H
#define EXPLORE_BODIES_H
/* What happens in an execution; `with` is a struct scenario. */

/* Submitters submit, then (quiesce) all jobs run, then the pool stops. */
void play(const void *with);
/* The first thread stops the pool while the others submit. */
void play_close(const void *with);
void play_discard(const void *with);
/* A drain waits for its jobs while others submit. */
void play_drain(const void *with);
/* Destroy while submitters are blocked, as rota.h allows. */
void play_destroy(const void *with);
/* Two jobs fill the pool and wait until two blocked submitters got room. */
void play_pass_on(const void *with);
/* Close while jobs hold the workers: blocked submitters return at once. */
void play_close_blocked(const void *with);
/* All jobs in one call. */
void play_many(const void *with);

#endif
