/* SPDX-License-Identifier: MIT */
/* Small pools with lanes, each explored in full within its bound. Lanes begin
 * with 2 slots and grow to 4; there are 2 lanes for submitters. */
#include "cases.h"

#define PLAY(name, options, ...) OTHER(name, play, options, __VA_ARGS__)
#define OTHER(name, body, options, ...)                                        \
	CASE(name "_lanes", body, options, .channel = ROTA_CHANNEL_LANES,      \
			__VA_ARGS__)
#define SPURIOUS(bound_) (.model = XP_TSO, .bound = bound_, .spurious = 1)
#define NOISY(bound_)	 (.model = XP_TSO, .bound = bound_, .is_noisy = true)
#define DISCARD(bound_)	 (.model = XP_TSO, .bound = bound_, .discards = true)

static const struct xp_case cases[] = {
		PLAY("1x1x2_quiesce_sc", SC(2), SIZE(1, 1, 2), QUIESCE),
		PLAY("1x1x2_stop_sc", SC(2), SIZE(1, 1, 2)),
		PLAY("1x1x2_quiesce", TSO(2), SIZE(1, 1, 2), QUIESCE),
		PLAY("1x1x2_stop", TSO(2), SIZE(1, 1, 2)),
		PLAY("1x1x3_quiesce", TSO(2), SIZE(1, 1, 3), QUIESCE),
		PLAY("1x1x3_stop", TSO(2), SIZE(1, 1, 3)),
		PLAY("2x1x1_quiesce", TSO(2), SIZE(2, 1, 1), QUIESCE),
		PLAY("2x1x1_stop", TSO(1), SIZE(2, 1, 1)),
		PLAY("2x1x2_quiesce", TSO(1), SIZE(2, 1, 2), QUIESCE),
		PLAY("1x2x2_quiesce", TSO(1), SIZE(1, 2, 2), QUIESCE),
		PLAY("1x2x2_stop", TSO(1), SIZE(1, 2, 2)),
		PLAY("1x2x2_jobs_meet", TSO(1), SIZE(1, 2, 2), QUIESCE,
				.meeting = 2),
		PLAY("1x2x2_jobs_meet_stop", TSO(1), SIZE(1, 2, 2),
				.meeting = 2),
		PLAY("1x2x3_jobs_meet_stop", TSO(1), SIZE(1, 2, 3),
				.meeting = 2),
		OTHER("1x2x4_batch_meets", play_behind_one, TSO(1),
				SIZE(1, 2, 4), QUIESCE, .held = 1,
				.first_meeting = 1, .meeting = 2),
		PLAY("2x2x1_quiesce", TSO(1), SIZE(2, 2, 1), QUIESCE),
		PLAY("2x2x1_stop", TSO(1), SIZE(2, 2, 1)),
		PLAY("2x2x1_jobs_meet", TSO(1), SIZE(2, 2, 1), QUIESCE,
				.meeting = 2),
		PLAY("1x3x0_stop", TSO(1), SIZE(1, 3, 0)),
		OTHER("1x3x3_in_one_call_meet", play_many, TSO(0),
				SIZE(1, 3, 3), QUIESCE, .meeting = 3),
		PLAY("1x1x2_spurious", SPURIOUS(1), SIZE(1, 1, 2), QUIESCE),
		PLAY("2x1x1_copied", TSO(1), SIZE(2, 1, 1), .is_copied = true),
		PLAY("1x1x2_noisy_quiesce_sc",
				(.model = XP_SC, .bound = 2, .is_noisy = true),
				SIZE(1, 1, 2), QUIESCE),
		PLAY("1x1x2_noisy_quiesce", NOISY(2), SIZE(1, 1, 2), QUIESCE),
		PLAY("1x2x2_noisy_jobs_meet", NOISY(1), SIZE(1, 2, 2), QUIESCE,
				.meeting = 2),

		PLAY("1x1x5_grows_quiesce", TSO(2), SIZE(1, 1, 5), QUIESCE),
		PLAY("2x1x3_grows_stop", TSO(1), SIZE(2, 1, 3)),
		PLAY("1x2x5_grows_quiesce", TSO(1), SIZE(1, 2, 5), QUIESCE),
		PLAY("1x2x5_grows_stop", TSO(1), SIZE(1, 2, 5)),
		OTHER("1x1x5_in_one_call", play_many, TSO(2), SIZE(1, 1, 5),
				QUIESCE),

		OTHER("2x1x2_one_by_one_quiesce", play_take_over, TSO(1),
				SIZE(2, 1, 2), QUIESCE),
		OTHER("3x1x1_one_by_one_stop", play_take_over, TSO(1),
				SIZE(3, 1, 1)),
		PLAY("3x1x1_one_has_no_lane", TSO(1), SIZE(3, 1, 1), QUIESCE),
		OTHER("2x1x1_crowded_quiesce", play_crowded, TSO(1),
				SIZE(2, 1, 1), QUIESCE),
		OTHER("2x1x1_crowded_stop", play_crowded, TSO(1),
				SIZE(2, 1, 1)),
		OTHER("2x1x2_crowded_quiesce", play_crowded, TSO(1),
				SIZE(2, 1, 2), QUIESCE),
		OTHER("2x1x3_lane_comes_free", play_lane_comes_free, TSO(1),
				SIZE(2, 1, 3), QUIESCE),
		OTHER("2x1x2_end_submits", play_end_submits, TSO(1),
				SIZE(2, 1, 2), QUIESCE, .is_unordered = true),
		OTHER("1x1x1_ends_after_pool", play_end_late, TSO(2),
				SIZE(1, 1, 1), QUIESCE),

		OTHER("close_races_1_submit", play_close, TSO(2),
				SIZE(1, 1, 1)),
		OTHER("close_races_2_submits", play_close, TSO(2),
				SIZE(1, 1, 2)),
		OTHER("close_races_2_submitters", play_close, TSO(1),
				SIZE(2, 1, 1)),
		OTHER("close_races_withdraw", play_closed_by_other, TSO(2),
				SIZE(1, 1, 2), QUIESCE),
		OTHER("close_races_2_workers", play_close, TSO(1),
				SIZE(1, 2, 2)),
		OTHER("close_races_growth", play_close, TSO(2), SIZE(1, 1, 5)),
		OTHER("close_races_noisy", play_close, NOISY(2), SIZE(1, 1, 2)),
		OTHER("discard_races_submits", play_discard, DISCARD(2),
				SIZE(1, 1, 2)),
		PLAY("1x1x5_discarded", DISCARD(1), SIZE(1, 1, 5)),
		OTHER("drain_waits_for_2", play_drain, COUNT(2), SIZE(1, 1, 2)),
		OTHER("drain_with_2x2x1", play_drain, COUNT(1), SIZE(2, 2, 1)),
		OTHER("drain_with_1x2x2", play_drain, COUNT(1), SIZE(1, 2, 2)),

		PLAY("1x1x1_nested_6", TSO(1), SIZE(1, 1, 1), QUIESCE,
				.children = 6),
		PLAY("1x2x1_nested_1", TSO(1), SIZE(1, 2, 1), QUIESCE,
				.children = 1),
		PLAY("1x2x1_nested_2", TSO(1), SIZE(1, 2, 1), QUIESCE,
				.children = 2),
		PLAY("1x2x1_nested_5", TSO(0), SIZE(1, 2, 1), QUIESCE,
				.children = 5),
		PLAY("1x2x1_nested_2_stop", TSO(1), SIZE(1, 2, 1),
				.children = 2),
		PLAY("1x2x1_awaits_child", TSO(1), SIZE(1, 2, 1), QUIESCE,
				.children = 1, .awaits_child = true),
		OTHER("1x2x1_awaits_child_stop", play_close_in_job, TSO(1),
				SIZE(1, 2, 1), .children = 1,
				.awaits_child = true),
};

int main(int argc, char **argv)
{
	return xp_main(argc, argv, cases, LENGTH(cases));
}
