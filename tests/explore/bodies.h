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
/* Submitters one after the other: each finds the lane of the one before. */
void play_take_over(const void *with);
/* A thread submits after it gave back its lane. */
void play_end_submits(const void *with);
/* A thread that submitted ends after the pool. */
void play_end_late(const void *with);
/* The first thread has one of the lanes, and another thread the other one; that
 * one ends while the others submit. */
void play_lane_comes_free(const void *with);
/* The first thread has one of the lanes. */
void play_crowded(const void *with);
/* Another thread closes the pool while this one submits; the first job ran. */
void play_closed_by_other(const void *with);
/* Stop the pool while a job is about to submit. */
void play_close_in_job(const void *with);
/* The first job runs until the others are queued. */
void play_behind_one(const void *with);
/* Each submitter waits for one job before the next: a pool with room for as many
 * as there are submitters is never full. */
void play_one_by_one(const void *with);
/* All jobs in one call. */
void play_many(const void *with);

/* kinds.c */
/* A job waits for a group; the last member is handed over while it sleeps, and no
 * worker is left to run it. */
void play_group_helper(const void *with);
/* Two threads wait for all jobs, which are members of a group, and one of them
 * cancels it before, perhaps. */
void play_group(const void *with);
/* A job with a handle, which is waited for, and cancelled before, perhaps. */
void play_task(const void *with);
/* Jobs for later that are due at once. */
void play_timers(const void *with);
/* A job blocks, so that a worker is added, which is one too many afterwards,
 * while jobs come. */
void play_region(const void *with);
/* Another thread looks for the oldest job. */
void play_look(const void *with);

#endif
