# SPDX-License-Identifier: MIT
"""Part 13: a tenth of the jobs are long: how long do the short ones wait?"""

import steps
from openloop_part import in_us, late_notes
from programs import run_json
from rounds import AGAIN, POOLS, Case

FAST_NS, SLOW_PERCENT = 1000, 10
SLEEP_US, SLEEP_WORKERS = 5000, 4
WORK_US, WORK_WORKERS = 1000, 2
JOBS = {"quick": 1000, "default": 2000, "standard": 4000, "full": 20000}
ALL_KINDS = (("sleep", 50), ("sleep", 80), ("work", 50), ("work", 80))
KINDS = {"quick": (("sleep", 50),), "default": ALL_KINDS, "full": ALL_KINDS,
         "standard": (("sleep", 80), ("work", 80))}


class MixedCase(Case):
    part = "mixed"
    scenario = "S9"
    metrics = (("p50", lambda raw: raw["due_p50_ns"]),
               ("p99", lambda raw: raw["due_p99_ns"]))
    columns = (
        ("short p50 us", "%.0f", in_us("due_p50_ns")),
        ("ideal p50 us", "%.0f", in_us("ideal_p50_ns")),
        ("short p99 us", "%.0f", in_us("due_p99_ns")),
        ("ideal p99 us", "%.0f", in_us("ideal_p99_ns")),
        ("lag p99 us", "%.0f", in_us("lag_p99_ns")),
        ("CPU us/job", "%.1f", in_us("cpu_ns_per_job")))

    def __init__(self, build, tier, kind, load, is_again):
        sleeps = kind == "sleep"
        jobs = JOBS.get(tier.name, JOBS["standard"])
        workers = SLEEP_WORKERS if sleeps else WORK_WORKERS
        slow_us = SLEEP_US if sleeps else WORK_US
        per_s = workers * load / SLOW_PERCENT / slow_us * 1e6
        self.group = "short jobs beside those that %s" % kind
        super().__init__("beside those that %s, %d %%" % (kind, load),
                         POOLS + ((AGAIN,) if is_again else ()),
                         tier.rounds, 1.1 * jobs / per_s + 0.1)
        self.command = ["%s/bench/mixed" % build, "--workers=%d" % workers,
                        "--jobs=%d" % jobs, "--load=%d" % load,
                        "--fast-ns=%d" % FAST_NS, "--slow=%d" % SLOW_PERCENT,
                        "--work-us=%d" % WORK_US,
                        "--sleep-us=%d" % (sleeps and SLEEP_US)]

    prepare_s = 0

    def measure(self, pool, rng):
        raw = run_json(self.command + steps.options() + [
            "--pool=" + pool, "--seed=%d" % self.seed], rng)
        steps.learn(raw)
        return raw

    def notes(self, results):
        return late_notes(self, results)


def cases(build, tier):
    kinds = KINDS.get(tier.name, KINDS["standard"])
    return [MixedCase(build, tier, kind, load, (kind, load) == kinds[0])
            for kind, load in kinds]
