# SPDX-License-Identifier: MIT
"""Parts of a session, with tiny measurements: what the programs print is what
the parts read, for each pool, and in each tier there is something to measure.

usage: parts.py BUILD, with the scripts in PYTHONPATH
"""

import random
import sys
from collections import namedtuple

import absorb_part
import chain_part
import churn_part
import fairness_part
import fan_part
import gaps_part
import graph_part
import life_part
import memory_part
import mixed_part
import nested_part
import openloop_part
import oversubscribed_part
import queue_part
import ramp_part
from rounds import BASELINE, pool_of

PARTS = (openloop_part, mixed_part, ramp_part, fan_part, chain_part, gaps_part,
         fairness_part, nested_part, graph_part, life_part, memory_part,
         absorb_part, churn_part, oversubscribed_part, queue_part)
OURS_ALONE = (queue_part,)  # asks no pool
SCENARIOS = {"S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12",
             "S13", "S14", "S15", "S16", "M1", "M2", "M3", "Q1", "Q2"}
TIERS = ("quick", "default", "standard", "full")
Tier = namedtuple("Tier", "name rounds throughput_s tree_s metg_s",
                  defaults=(0.005, 0.005, 0.002))
TINY = ((openloop_part, "JOBS", 100), (openloop_part, "LOADS", (10, 50)),
        (openloop_part, "TIMES", ("equal", "exponential")),
        (openloop_part, "CAPACITY_JOBS", 100),
        (mixed_part, "JOBS", 50), (mixed_part, "KINDS", mixed_part.ALL_KINDS),
        (ramp_part, "RAMPS", 10), (fan_part, "SECONDS", 0.001),
        (fan_part, "JOBS", (2, 64)), (chain_part, "SECONDS", 0.001),
        (gaps_part, "GAPS_US", (5, 1000)), (gaps_part, "SECONDS", 0.01),
        (gaps_part, "TRICKLE_S", 0.02),
        (fairness_part, "FLOOD_MS", 20),
        (nested_part, "KINDS", (("skynet", 2), ("fib", 6))),
        (graph_part, "SIZES_NS", (50, 400)), (graph_part, "FIRST_TASKS", 400),
        (life_part, "CYCLES", 10), (life_part, "QUEUED", 100),
        (memory_part, "JOBS", 2000), (memory_part, "REST_MS", 1),
        (absorb_part, "BURSTS", 2), (absorb_part, "SIZES", (16, 5000)),
        (churn_part, "SECONDS", 1), (oversubscribed_part, "FIRST_JOBS", 500),
        (oversubscribed_part, "FEWEST_JOBS", 500),
        (oversubscribed_part, "TIMES", (2, 4)),
        (queue_part, "PAIRS", 1000))


def each_tier_has_cases(build):
    for name in TIERS:
        cases = [case for part in PARTS
                 for case in part.cases(build, Tier(name, 3))]
        assert len({case.name for case in cases}) == len(cases), name
        assert all(case.expected_s > 0 for case in cases), name
        assert {case.scenario for case in cases} == SCENARIOS, name
        for part in PARTS:
            assert part in OURS_ALONE or any(
                BASELINE in case.pools() and len(case.variants) > 3
                for case in part.cases(build, Tier(name, 3))), name


class Results:
    """What notes() may ask for: one round."""

    def __init__(self):
        self.raw = {}  # by case and variant

    def by_round(self, case, variant):
        raw = self.raw.get((case, variant))
        return {} if raw is None else {0: raw}


def measure_once(case, rng, results):
    case.measure(case.variants[0], rng)  # as a pool that comes unprepared
    for pool in case.pools():
        case.prepare(pool, rng)
    for variant in case.variants:
        raw = case.measure(pool_of(variant), rng)
        assert raw["verified"], (case.name, variant)
        for name, cost in case.metrics:
            assert cost(raw) >= 0, (case.name, name)
        for title, form, read in case.columns:
            value = read(dict(raw, untimed={}))
            assert value is None or form % value, (case.name, title)
        results.raw[case, variant] = raw
    assert all(isinstance(note, str) for note in case.notes(results))


def main():
    build = sys.argv[1]
    each_tier_has_cases(build)
    for part, name, value in TINY:
        if isinstance(getattr(part, name), dict):
            getattr(part, name)["tiny"] = value
        else:
            setattr(part, name, value)
    rng = random.Random(1)
    for part in PARTS:
        for case in part.cases(build, Tier("tiny", 1)):
            measure_once(case, rng, Results())


def late_points_are_told():
    case = openloop_part.cases("nowhere", Tier("quick", 1))[0]
    results = Results()
    assert case.notes(results) == []
    for variant, is_valid in zip(case.variants, (True, False)):
        results.raw[case, variant] = {"valid": is_valid}
    notes = case.notes(results)
    assert len(notes) == 1 and "1 of 2 points are invalid" in notes[0], notes


late_points_are_told()
main()
