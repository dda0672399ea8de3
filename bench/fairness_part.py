# SPDX-License-Identifier: MIT
"""Part 12: is everybody served? Four threads flood four workers, or one."""

import steps
from programs import run_json
from rounds import AGAIN, POOLS, Case

PRODUCERS, JOB_NS = 4, 1000
WORKERS = (4, 1)  # one: here the order can be seen
FLOOD_MS = {"quick": 100, "full": 500}


def unfairness(name):
    """One, if all have the same; n, if one of n has all."""
    return lambda raw: 1 / raw[name + "_jain"]


def least(name):
    """The least share, in percent of an equal one."""
    def read(raw):
        count = raw["workers" if name == "worker" else "producers"]
        return 100 * count * raw[name + "_min"] / raw["jobs"]
    return read


class FairnessCase(Case):
    scenario = "S16"
    part = "fairness"
    group = "fairness"
    columns = (
        ("submitters' index", "%.3f", lambda raw: raw["producer_jain"]),
        ("least share, %", "%.0f", least("producer")),
        ("workers' index", "%.3f", lambda raw: raw["worker_jain"]),
        ("least share, % ", "%.0f", least("worker")),
        ("inversions", "%.0f", lambda raw: raw["inversions"]),
        ("M jobs/s", "%.2f", lambda raw: raw["jobs_per_s"] / 1e6))

    def __init__(self, build, tier, workers):
        flood_ms = FLOOD_MS.get(tier.name, 200)
        super().__init__(
            "%d submitters, %d worker%s" % (PRODUCERS, workers,
                                            "s" * (workers > 1)),
            POOLS + ((AGAIN,) if workers > 1 else ()), tier.rounds,
            flood_ms / 1e3 + 0.05)
        self.metrics = (("submitters' shares", unfairness("producer")),)
        if workers > 1:
            self.metrics += (("workers' shares", unfairness("worker")),)
        self.command = ["%s/bench/fairness" % build,
                        "--producers=%d" % PRODUCERS, "--workers=%d" % workers,
                        "--ms=%d" % flood_ms, "--job-ns=%d" % JOB_NS]

    def measure(self, pool, rng):
        return run_json(self.command + steps.options() + [
            "--pool=" + pool, "--seed=%d" % rng.randrange(1 << 16)], rng)

    def prepare(self, pool, rng):
        if not steps.per_us():
            steps.learn(self.measure(pool, rng))

    def notes(self, results):
        return ["%s: an index of 1 is perfect." % self.name]


def cases(build, tier):
    return [FairnessCase(build, tier, workers) for workers in WORKERS]
