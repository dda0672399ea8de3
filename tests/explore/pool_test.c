/* SPDX-License-Identifier: MIT */
/* Small pools, each explored in full within its bound. The name of a case is
 * submitters x workers x jobs of each. */
#include "bodies.h"
#include "scenario.h"
#include "xp_main.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define CASE(name_, body_, model_, bound_, counts_, spurious_, ...)            \
	{                                                                      \
		.name = name_, .body = body_,                                  \
		.with = &(const struct scenario){__VA_ARGS__},                 \
		.options = {                                                   \
				.model = model_,                               \
				.bound = bound_,                               \
				.counts = counts_,                             \
				.spurious = spurious_,                         \
				.can_time_out = true,                          \
				.always = check_capacity,                      \
		},                                                             \
	}
#define SC(name, bound, ...)                                                   \
	CASE(name "_sc", play, XP_SC, bound, false, 0, __VA_ARGS__)
#define TSO(name, bound, ...)                                                  \
	CASE(name, play, XP_TSO, bound, false, 0, __VA_ARGS__)
#define OTHER(name, bound, body, counts, ...)                                  \
	CASE(name, body, XP_TSO, bound, counts, 0, __VA_ARGS__)
#define SPURIOUS(name, bound, ...)                                             \
	CASE(name, play, XP_TSO, bound, false, 1, __VA_ARGS__)

#define SIZE(submitters_, workers_, jobs_)                                     \
	.submitters = submitters_, .workers = workers_, .jobs = jobs_
#define QUIESCE .is_quiesce = true

static const struct xp_case cases[] = {
		SC("1x1x2_quiesce", 2, SIZE(1, 1, 2), QUIESCE),
		SC("1x1x2_stop", 2, SIZE(1, 1, 2)),
		TSO("1x1x2_quiesce", 3, SIZE(1, 1, 2), QUIESCE),
		TSO("1x1x2_stop", 3, SIZE(1, 1, 2)),
		TSO("1x1x3_quiesce", 3, SIZE(1, 1, 3), QUIESCE),
		TSO("1x1x3_stop", 3, SIZE(1, 1, 3)),
		TSO("2x1x1_quiesce", 2, SIZE(2, 1, 1), QUIESCE),
		TSO("2x1x1_stop", 2, SIZE(2, 1, 1)),
		TSO("2x1x2_quiesce", 2, SIZE(2, 1, 2), QUIESCE),
		TSO("1x2x2_quiesce", 2, SIZE(1, 2, 2), QUIESCE),
		TSO("1x2x2_stop", 2, SIZE(1, 2, 2)),
		TSO("1x2x2_jobs_meet", 2, SIZE(1, 2, 2), QUIESCE,
				.jobs_meet = true),
		TSO("2x2x1_quiesce", 1, SIZE(2, 2, 1), QUIESCE),
		TSO("2x2x1_stop", 1, SIZE(2, 2, 1)),
		TSO("1x3x0_stop", 1, SIZE(1, 3, 0)),
		OTHER("1x3x3_in_one_call_meet", 0, play_many, false,
				SIZE(1, 3, 3), QUIESCE, .jobs_meet = true),

		TSO("1x1x3_room_for_1_quiesce", 2, SIZE(1, 1, 3), QUIESCE,
				.capacity = 1),
		TSO("2x1x2_room_for_1_stop", 1, SIZE(2, 1, 2), .capacity = 1),
		TSO("2x1x1_room_for_1_timed", 2, SIZE(2, 1, 1), .capacity = 1,
				.is_timed = true),
		SPURIOUS("1x1x2_spurious", 2, SIZE(1, 1, 2), QUIESCE),
		SPURIOUS("2x1x1_room_for_1_spurious", 1, SIZE(2, 1, 1), QUIESCE,
				.capacity = 1),
		OTHER("room_is_passed_on", 1, play_pass_on, false,
				SIZE(4, 2, 1), .capacity = 2, .held = 2),
		TSO("1x1x3_drop_oldest", 2, SIZE(1, 1, 3), .capacity = 1,
				.full_policy = ROTA_FULL_DROP_OLDEST),
		TSO("2x1x1_caller_runs", 2, SIZE(2, 1, 1), .capacity = 1,
				.full_policy = ROTA_FULL_CALLER_RUNS),
		TSO("2x1x1_copied", 2, SIZE(2, 1, 1), .is_copied = true),

		TSO("1x1x5_grows_quiesce", 2, SIZE(1, 1, 5), QUIESCE),
		TSO("2x1x3_grows_stop", 2, SIZE(2, 1, 3)),
		TSO("1x2x5_grows_stop", 1, SIZE(1, 2, 5)),

		OTHER("close_races_2_submits", 3, play_close, false,
				SIZE(1, 1, 2)),
		OTHER("close_races_2_submitters", 2, play_close, false,
				SIZE(2, 1, 1)),
		OTHER("close_races_growth", 2, play_close, false,
				SIZE(1, 1, 5)),
		OTHER("close_races_blocked", 1, play_close, false,
				SIZE(2, 1, 2), .capacity = 1),
		OTHER("close_wakes_blocked", 1, play_close_blocked, false,
				SIZE(3, 1, 1), .capacity = 1, .held = 3),
		OTHER("discard_races_submits", 2, play_discard, false,
				SIZE(1, 1, 2)),
		OTHER("drain_waits_for_2", 2, play_drain, true, SIZE(1, 1, 2)),
		OTHER("drain_with_2x2x1", 1, play_drain, true, SIZE(2, 2, 1)),
		OTHER("destroy_wakes_blocked", 1, play_destroy, true,
				SIZE(3, 1, 1), .capacity = 1, .held = 3),
};

int main(int argc, char **argv)
{
	return xp_main(argc, argv, cases, LENGTH(cases));
}
