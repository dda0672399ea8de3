# SPDX-License-Identifier: MIT
"""Part 15: pools that come and go, empty or with jobs queued."""

from programs import run_json
from rounds import AGAIN, POOLS, Case

QUEUED = 100000
CYCLES = {"quick": 50, "full": 500}  # of empty pools of four workers
FEWER = 10  # so many times fewer of the others
SECONDS_A_CYCLE = 0.002


def us(name):
    return lambda raw: raw[name + "_ns"] / 1e3


class LifeCase(Case):
    scenario = "S13"
    part = "life"
    group = "life of a pool"
    metrics = (("create p50", us("create_p50")),
               ("destroy p50", us("destroy_p50")))
    columns = (
        ("create p50 us", "%.0f", us("create_p50")),
        ("create p99 us", "%.0f", us("create_p99")),
        ("destroy p50 us", "%.0f", us("destroy_p50")),
        ("destroy p99 us", "%.0f", us("destroy_p99")),
        ("bare threads p50 us", "%.0f", us("threads_p50")))
    real_time_ns = 1e3
    prepare_s = 0

    def __init__(self, build, tier, workers, queued):
        cycles = CYCLES.get(tier.name, 200)
        if workers > 4 or queued:
            cycles //= FEWER
        name = "%d workers, %s" % (workers, "%d queued" % queued if queued
                                   else "empty")
        each = SECONDS_A_CYCLE * (1 + workers / 16) + queued * 200e-9
        super().__init__(name, POOLS + ((AGAIN,) if workers == 4 and not queued
                                        else ()), tier.rounds,
                         (1.1 * cycles + 5) * each + 0.05)
        self.command = ["%s/bench/life" % build, "--workers=%d" % workers,
                        "--queued=%d" % queued, "--cycles=%d" % cycles]

    def measure(self, pool, rng):
        return run_json(self.command + [
            "--pool=" + pool, "--seed=%d" % rng.randrange(1 << 16)], rng)


def cases(build, tier):
    return [LifeCase(build, tier, workers, queued)
            for workers in (4, 64) for queued in (0, QUEUED)]
