# SPDX-License-Identifier: MIT
"""Part 14: as many jobs as workers into a pool that sleeps."""

from openloop_part import in_us
from programs import run_json
from rounds import AGAIN, POOLS, Case

GAP_US = 1000
RAMPS = {"quick": 100, "default": 200, "standard": 300, "full": 1000}
WORKERS = {"quick": (4,), "default": (1, 2, 4, 8), "standard": (4,),
           "full": (1, 2, 4, 8)}
AGAIN_WORKERS = 4


class RampCase(Case):
    part = "ramp"
    scenario = "S6"
    group = "ramp"
    metrics = (("last start p50", lambda raw: raw["last_p50_ns"]),
               ("last start p99", lambda raw: raw["last_p99_ns"]))
    columns = (
        ("first p50 us", "%.1f", in_us("first_p50_ns")),
        ("last p50 us", "%.1f", in_us("last_p50_ns")),
        ("bare p50 us", "%.1f", in_us("bare_last_p50_ns")),
        ("last p99 us", "%.1f", in_us("last_p99_ns")),
        ("bare p99 us", "%.1f", in_us("bare_last_p99_ns")),
        ("wakes/ramp", "%.1f", lambda raw: raw["pool_wakes_per_ramp"]),
        ("switches/ramp", "%.1f", lambda raw: raw["switches_per_ramp"]))
    prepare_s = 0

    def __init__(self, build, tier, workers):
        ramps = RAMPS.get(tier.name, RAMPS["standard"])
        super().__init__("ramp of %d" % workers,
                         POOLS + ((AGAIN,) if workers == AGAIN_WORKERS else ()),
                         tier.rounds, 2.1 * ramps * GAP_US / 1e6 + 0.05)
        self.command = ["%s/bench/ramp" % build, "--workers=%d" % workers,
                        "--ramps=%d" % ramps, "--gap-us=%d" % GAP_US]

    def measure(self, pool, rng):
        return run_json(self.command + ["--pool=" + pool], rng)


def cases(build, tier):
    return [RampCase(build, tier, workers)
            for workers in WORKERS.get(tier.name, WORKERS["standard"])]
