/* SPDX-License-Identifier: MIT */
/* Small pools with the shared ring, each explored in full within its bound. */
#include "cases.h"

#define PLAY(name, options, ...)                                               \
	CASE(name, play, options, .channel = ROTA_CHANNEL_RING, __VA_ARGS__)
#define OTHER(name, body, options, ...)                                        \
	CASE(name, body, options, .channel = ROTA_CHANNEL_RING, __VA_ARGS__)

static const struct xp_case cases[] = {
		PLAY("1x1x2_quiesce_sc", SC(2), SIZE(1, 1, 2), QUIESCE),
		PLAY("1x1x2_stop_sc", SC(2), SIZE(1, 1, 2)),
		PLAY("1x1x2_quiesce", TSO(3), SIZE(1, 1, 2), QUIESCE),
		PLAY("1x1x2_stop", TSO(3), SIZE(1, 1, 2)),
		PLAY("1x1x3_quiesce", TSO(2), SIZE(1, 1, 3), QUIESCE),
		PLAY("1x1x3_stop", TSO(2), SIZE(1, 1, 3)),
		PLAY("2x1x1_quiesce", TSO(2), SIZE(2, 1, 1), QUIESCE),
		PLAY("2x1x1_stop", TSO(2), SIZE(2, 1, 1)),
		PLAY("2x1x2_quiesce", TSO(1), SIZE(2, 1, 2), QUIESCE),
		PLAY("1x2x2_quiesce", TSO(1), SIZE(1, 2, 2), QUIESCE),
		PLAY("1x2x2_stop", TSO(1), SIZE(1, 2, 2)),
		PLAY("1x2x2_jobs_meet", TSO(1), SIZE(1, 2, 2), QUIESCE,
				.meeting = 2),
		PLAY("1x2x2_jobs_meet_stop", TSO(1), SIZE(1, 2, 2),
				.meeting = 2),
		PLAY("1x2x2_noisy_jobs_meet", NOISY(1), SIZE(1, 2, 2), QUIESCE,
				.meeting = 2),
		PLAY("2x1x1_noisy_quiesce", NOISY(2), SIZE(2, 1, 1), QUIESCE),
		PLAY("2x2x1_quiesce", TSO(1), SIZE(2, 2, 1), QUIESCE),
		PLAY("2x2x1_stop", TSO(1), SIZE(2, 2, 1)),
		PLAY("1x3x0_stop", TSO(1), SIZE(1, 3, 0)),
		OTHER("1x3x3_in_one_call_meet", play_many, TSO(0),
				SIZE(1, 3, 3), QUIESCE, .meeting = 3),

		PLAY("1x1x3_room_for_1_quiesce", TSO(2), SIZE(1, 1, 3), QUIESCE,
				.capacity = 1),
		PLAY("2x1x2_room_for_1_stop", TSO(1), SIZE(2, 1, 2),
				.capacity = 1),
		PLAY("2x1x1_room_for_1_timed", TSO(2), SIZE(2, 1, 1),
				.capacity = 1, .is_timed = true),
		PLAY("1x1x2_spurious", SPURIOUS(2), SIZE(1, 1, 2), QUIESCE),
		PLAY("2x1x1_room_for_1_spurious", SPURIOUS(1), SIZE(2, 1, 1),
				QUIESCE, .capacity = 1),
		OTHER("room_is_passed_on", play_pass_on, TSO(1), SIZE(4, 2, 1),
				.capacity = 2, .held = 2),
		PLAY("1x1x3_drop_oldest", TSO(2), SIZE(1, 1, 3), .capacity = 1,
				.full_policy = ROTA_FULL_DROP_OLDEST),
		PLAY("2x1x1_caller_runs", TSO(2), SIZE(2, 1, 1), .capacity = 1,
				.full_policy = ROTA_FULL_CALLER_RUNS),
		PLAY("2x1x1_copied", TSO(2), SIZE(2, 1, 1), .is_copied = true),

		PLAY("1x1x5_grows_quiesce", TSO(2), SIZE(1, 1, 5), QUIESCE),
		PLAY("2x1x3_grows_stop", TSO(1), SIZE(2, 1, 3)),
		PLAY("1x2x5_grows_stop", TSO(1), SIZE(1, 2, 5)),

		OTHER("close_races_2_submits", play_close, TSO(2),
				SIZE(1, 1, 2)),
		OTHER("close_races_2_submitters", play_close, TSO(1),
				SIZE(2, 1, 1)),
		OTHER("close_races_growth", play_close, TSO(2), SIZE(1, 1, 5)),
		OTHER("close_races_blocked", play_close, TSO(1), SIZE(2, 1, 2),
				.capacity = 1),
		OTHER("close_wakes_blocked", play_close_blocked, TSO(1),
				SIZE(3, 1, 1), .capacity = 1, .held = 3),
		OTHER("discard_races_submits", play_discard, DISCARD(2),
				SIZE(1, 1, 2)),
		OTHER("drain_waits_for_2", play_drain, COUNT(2), SIZE(1, 1, 2)),
		OTHER("drain_with_2x2x1", play_drain, COUNT(1), SIZE(2, 2, 1)),
		OTHER("destroy_wakes_blocked", play_destroy, COUNT(1),
				SIZE(3, 1, 1), .capacity = 1, .held = 3),

		PLAY("4x4x2_quiesce_drawn", DRAW(2000), SIZE(4, 4, 2), QUIESCE),
		PLAY("4x4x2_stop_drawn", DRAW(2000), SIZE(4, 4, 2)),
		PLAY("4x4x4_quiesce_drawn", DRAW(2000), SIZE(4, 4, 4), QUIESCE),
		OTHER("close_races_3x4x4_drawn", play_close, DRAW(2000),
				SIZE(3, 4, 4)),
};

int main(int argc, char **argv)
{
	return xp_main(argc, argv, cases, LENGTH(cases));
}
