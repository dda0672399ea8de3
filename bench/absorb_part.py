# SPDX-License-Identifier: MIT
"""Part 17: a burst every 10 ms, up to four times what a bounded queue holds.

The classic pool has no bound. It joins where the queue of all is unbounded.
"""

import steps
from programs import run_json
from rounds import AGAIN, BASELINE, POOLS, Case

WORKERS, JOB_NS = 2, 1000
GAP_US = 10000
CAPACITY = 4096
SIZES = (16, 256, 4096, 16384)
BURSTS = {"quick": 10, "full": 60}
FEW = ("quick", "standard")  # tiers that ask for the largest bursts only
BOUNDED = tuple(pool for pool in POOLS if pool != BASELINE)


def us(name):
    return lambda raw: raw[name + "_ns"] / 1e3


class AbsorbCase(Case):
    scenario = "S7"
    part = "absorb"
    group = "burst to absorb"
    metrics = (("done p50", us("done_p50")), ("submit p99", us("submit_p99")))
    columns = (
        ("done p50 us", "%.0f", us("done_p50")),
        ("done p99 us", "%.0f", us("done_p99")),
        ("work alone us", "%.0f", us("ideal")),
        ("submit p99 us", "%.2f", us("submit_p99")),
        ("full/burst", "%.0f", lambda raw: raw["full_per_burst"]),
        ("CPU ns/job", "%.0f", lambda raw: raw["cpu_ns_per_job"]))
    real_time_ns = 1e3

    def __init__(self, build, tier, jobs, capacity):
        bursts = BURSTS.get(tier.name, 30)
        super().__init__(
            "%d jobs, %s" % (jobs, "room for %d" % capacity if capacity
                             else "unbounded"),
            BOUNDED if capacity else POOLS + (AGAIN,), tier.rounds,
            1.1 * (bursts + 1) * (GAP_US + 1.5 * jobs * JOB_NS / 1e3) / 1e6
            + 0.05)
        self.command = ["%s/bench/burst" % build, "--workers=%d" % WORKERS,
                        "--jobs-per-burst=%d" % jobs, "--job-ns=%d" % JOB_NS,
                        "--gap-us=%d" % GAP_US, "--bursts=%d" % bursts,
                        "--capacity=%d" % capacity, "--time-submit=1"]

    def measure(self, pool, rng):
        return run_json(self.command + steps.options() + ["--pool=" + pool],
                        rng)

    def prepare(self, pool, rng):
        if not steps.per_us():
            steps.learn(self.measure(pool, rng))

    def notes(self, results):
        return ["%s: nothing can be done sooner than the work alone; a full "
                "queue blocks the submitter." % self.name]


def cases(build, tier):
    sizes = SIZES[-1:] if tier.name in FEW else SIZES
    return ([AbsorbCase(build, tier, jobs, CAPACITY) for jobs in sizes]
            + [AbsorbCase(build, tier, SIZES[-1], 0)])
