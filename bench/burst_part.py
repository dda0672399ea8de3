# SPDX-License-Identifier: MIT
"""Part 3: a few short jobs into a pool that sleeps, and wait for all."""

import steps
from programs import run_json
from rounds import AGAIN, POOLS, Case

WORKERS, JOBS, JOB_NS = 2, 64, 1000
GAP_US = 300


class BurstCase(Case):
    part = "burst"
    group = "burst"
    core = True
    metrics = (("done p50", lambda raw: raw["done_p50_ns"]),
               ("done p99", lambda raw: raw["done_p99_ns"]),
               ("wait p50", lambda raw: raw["wait_p50_ns"]),
               ("wait p99", lambda raw: raw["wait_p99_ns"]))
    columns = (
        ("done p50 us", "%.1f", lambda raw: raw["done_p50_ns"] / 1e3),
        ("done p99 us", "%.1f", lambda raw: raw["done_p99_ns"] / 1e3),
        ("wait p50 us", "%.1f", lambda raw: raw["wait_p50_ns"] / 1e3),
        ("wait p99 us", "%.1f", lambda raw: raw["wait_p99_ns"] / 1e3),
        ("CPU ns/job", "%.0f", lambda raw: raw["cpu_ns_per_job"]),
        ("switches/burst", "%.1f", lambda raw: raw["switches_per_burst"]))

    def __init__(self, build, tier):
        super().__init__("burst of %d x 1 us" % JOBS, POOLS + (AGAIN,),
                         tier.rounds, 1.1 * tier.bursts * GAP_US / 1e6 + 0.05)
        self.command = ["%s/bench/burst" % build, "--workers=%d" % WORKERS,
                        "--jobs-per-burst=%d" % JOBS, "--job-ns=%d" % JOB_NS,
                        "--gap-us=%d" % GAP_US]
        self.bursts = tier.bursts

    def run(self, pool, bursts, rng):
        return run_json(self.command + steps.options() + [
            "--pool=" + pool, "--bursts=%d" % bursts], rng)

    def prepare(self, pool, rng):
        steps.learn(self.run(pool, 10, rng))

    def measure(self, pool, rng):
        return self.run(pool, self.bursts, rng)

    def notes(self, results):
        return ["%s: nothing can be faster than %.1f us, %d jobs of %d ns on "
                "%d workers." % (self.name, JOBS * JOB_NS / WORKERS / 1e3,
                                 JOBS, JOB_NS, WORKERS)]


def cases(build, tier):
    return [BurstCase(build, tier)]
