/* SPDX-License-Identifier: MIT */
#ifndef ROTA_TUNE_H
#define ROTA_TUNE_H
/* Every constant that was chosen by measurement, with the reason. Tests and
 * the explorer may set others. */

/* Slots of the first ring of an unbounded pool. 256 KiB stay in the L2, and a
 * submitter that shares its CPU with a worker fills them in one go: 4096 slots
 * gave half of the jobs/s at 2x2 and 1x4 beside a busy neighbour. */
#ifndef RING_FIRST_SLOTS
#define RING_FIRST_SLOTS 16384u
#endif

/* Yields before an unbounded pool grows: workers that share the CPU with a
 * fast submitter get to run, and the ring stays small and hot. */
#ifndef GROW_YIELDS
#define GROW_YIELDS 4u
#endif

/* A lane's first ring, and the largest one: it grows by doubling, then goes on
 * in rings of the same size, so that memory returns after a burst. */
#ifndef LANE_FIRST_SLOTS
#define LANE_FIRST_SLOTS 256u
#endif
#ifndef LANE_MAX_SLOTS
#define LANE_MAX_SLOTS 16384u
#endif
/* A worker's own lane, which does not grow. */
#ifndef LANE_OWN_SLOTS
#define LANE_OWN_SLOTS 256u
#endif
/* Threads that submit from outside and have a lane at the same time; others
 * share the chain. */
#ifndef LANES_MAX
#define LANES_MAX 64u
#endif
/* Jobs that a worker moves to its own lane at once, at most, and takes from one
 * place before it goes on to the next. */
#ifndef LANE_BATCH
#define LANE_BATCH 128u
#endif
/* And for how long it may take to run them, by what a job took so far, or is
 * thought to take before the first one ran; see batch.h. */
#ifndef BATCH_NS
#define BATCH_NS 20000u
#endif
#ifndef JOB_FIRST_NS
#define JOB_FIRST_NS BATCH_NS
#endif
/* Jobs between two looks at the clock, while the batches are full. */
#ifndef BATCH_LOOK_EVERY
#define BATCH_LOOK_EVERY 512u
#endif
#ifndef LANE_QUOTA
#define LANE_QUOTA 256u
#endif
/* A worker that ran so many jobs in a row and found fewer than so many at its
 * last look lets others gather for so long, yielding, before it looks again.
 * Without it 1x1 gave a tenth of the jobs/s where a cache line takes 450 ns from
 * one CPU to the other and back. The streak is longer than usual bursts, which
 * must not wait; and jobs that take their time do not make it wait either. */
#ifndef GATHER_NS
#define GATHER_NS 2500u
#endif
#ifndef GATHER_BELOW
#define GATHER_BELOW 16u
#endif
#ifndef GATHER_STREAK
#define GATHER_STREAK 512u
#endif
/* While nested jobs go on, a worker takes so many of them, then as many of those
 * that wait in order: a power of two. And after so many such turns one is the
 * oldest nested job: it may be the root of a large tree, so each time that costs
 * memory. */
#ifndef OWN_TURN
#define OWN_TURN 128u
#endif
#ifndef DEEP_TURN
#define DEEP_TURN 512u
#endif

/* Jobs of one group that a worker runs for one ticket after the other, before it
 * tells the group. */
#ifndef GROUP_TURN
#define GROUP_TURN 128u
#endif
/* First ring of a group's chain. */
#ifndef GROUP_FIRST_SLOTS
#define GROUP_FIRST_SLOTS 1024u
#endif

/* First ring of a priority class. */
#ifndef CLASS_FIRST_SLOTS
#define CLASS_FIRST_SLOTS 256u
#endif
/* A worker runs so many jobs of high priority, then one other; and one of low
 * priority among so many others. */
#ifndef HIGH_TURN
#define HIGH_TURN 16u
#endif
#ifndef LOW_TURN
#define LOW_TURN 64u
#endif

/* Searchers at most: one is enough to find each job, others only move lines. */
#ifndef SEARCHERS_MAX
#define SEARCHERS_MAX 1u
#endif

/* One more worker than searchers is woken for each so many waiting jobs, so
 * that a preempted searcher does not hold up the rest. Small values wake
 * workers that take turns on the same CPU: 64 gave a third of the jobs/s that
 * 512 gave at 2x2 and 1x4 beside a busy neighbour, with 4 to 7 times the wakes. */
#ifndef BACKLOG_PER_WORKER
#define BACKLOG_PER_WORKER 1024u
#endif
/* Jobs between two looks at the backlog by submitters: to look each time halved
 * the jobs/s of 4x4, 8x8 and 16x16 on two quiet CPUs. */
#ifndef BACKLOG_LOOK_EVERY
#define BACKLOG_LOOK_EVERY 256u
#endif

/* Yields of a searcher before it spins or parks, if it ran a streak of so many
 * jobs. */
#ifndef SEARCH_YIELDS
#define SEARCH_YIELDS 2u
#endif
#ifndef STREAK
#define STREAK 16u
#endif

/* Default time that a searcher looks before it parks. */
#ifndef SPIN_NS_2_CPUS
#define SPIN_NS_2_CPUS 0u
#endif
#ifndef SPIN_NS
#define SPIN_NS 2000u
#endif

/* How long a worker that is not needed stands by before its thread ends: a thread
 * costs 10 to 50 us to start, and its stack while it waits. */
#ifndef IDLE_NS
#define IDLE_NS 5000000000u
#endif

#endif
