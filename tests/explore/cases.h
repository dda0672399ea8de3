/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_CASES_H
#define EXPLORE_CASES_H
/* How a table of cases is written. The name of a case is submitters x workers x
 * jobs of each, what happens, and the channel. */
#include "bodies.h"
#include "scenario.h"
#include "xp_main.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* options: a list in parentheses; the rest: of the scenario. */
#define CASE(name_, body_, options_, ...)                                      \
	{                                                                      \
		.name = name_, .body = body_,                                  \
		.with = &(const struct scenario){__VA_ARGS__},                 \
		.options = {.can_time_out = true,                              \
				.always = check_capacity,                      \
				.at_rest = check_rest,                         \
				LIST options_},                                \
	}
#define LIST(...) __VA_ARGS__

#define SIZE(submitters_, workers_, jobs_)                                     \
	.submitters = submitters_, .workers = workers_, .jobs = jobs_
#define QUIESCE	    .is_quiesce = true

#define SC(bound_)  (.model = XP_SC, .bound = bound_)
#define TSO(bound_) (.model = XP_TSO, .bound = bound_)
/* Statistics decide: for drains and reports. */
#define COUNT(bound_)	 (.model = XP_TSO, .bound = bound_, .counts = true)
#define SPURIOUS(bound_) (.model = XP_TSO, .bound = bound_, .spurious = 1)
#define NOISY(bound_)	 (.model = XP_TSO, .bound = bound_, .is_noisy = true)
/* So many executions that are drawn. */
#define DRAW(schedules_) (.model = XP_TSO, .schedules = schedules_)
/* Any number of preemptions. */
#define ALL(model_)                                                            \
	(.model = model_, .bound = XP_NO_BOUND, .when = XP_EXHAUSTIVE)
/* Not by default: they take long. The limit keeps the states in memory. */
#define DEEP(model_, bound_)                                                   \
	(.model = model_, .bound = bound_, .when = XP_DEEP, .limit = 200000000)
#define DEEP_DRAW(schedules_)                                                  \
	(.model = XP_TSO, .schedules = schedules_, .when = XP_DEEP)
#define DISCARD(bound_) (.model = XP_TSO, .bound = bound_, .discards = true)

#endif
