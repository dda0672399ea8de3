# SPDX-License-Identifier: MIT
"""Part 6: one job at a time into a pool that sleeps."""

import json

from programs import run_json
from rounds import AGAIN, POOLS, Case

WORKERS = 4
GAP_US = 200


class WakeCase(Case):
    part = "wake"
    scenario = "S5"
    group = "wake-up"
    core = True
    floors = (("p50 latency", lambda raw: raw["p50_ns"],
               "futex_wake_floor_ns"),)
    metrics = (("p50 latency", lambda raw: raw["p50_ns"]),
               ("p99 latency", lambda raw: raw["p99_ns"]),
               ("CPU per job", lambda raw: raw["cpu_ns_per_job"]))
    columns = (
        ("p50 us", "%.1f", lambda raw: raw["p50_ns"] / 1e3),
        ("p99 us", "%.1f", lambda raw: raw["p99_ns"] / 1e3),
        ("CPU us/job", "%.1f", lambda raw: raw["cpu_ns_per_job"] / 1e3),
        ("switches/job", "%.1f", lambda raw: raw["switches_per_job"]),
        ("futex calls/job", "%.1f",
         lambda raw: raw["untimed"].get("futex_calls_per_job")),
        ("idle CPU us/s", "%.0f",
         lambda raw: raw["idle_cpu_ns"] / raw["idle_ms"]),
        ("idle switches/s", "%.0f",
         lambda raw: raw["idle_switches"] * 1e3 / raw["idle_ms"]))

    def __init__(self, build, tier):
        super().__init__("wake-up", POOLS + (AGAIN,), tier.rounds,
                         1.1 * tier.wake_jobs * GAP_US / 1e6
                         + tier.idle_ms / 1e3 + 0.05)
        self.command = ["%s/bench/wake" % build, "--workers=%d" % WORKERS,
                        "--jobs=%d" % tier.wake_jobs, "--gap-us=%d" % GAP_US,
                        "--idle-ms=%d" % tier.idle_ms]

    def measure(self, pool, rng):
        return run_json(self.command + ["--pool=" + pool], rng)

    def count_cost(self, pool, futexes, rng):
        counted = futexes.count(self.command + ["--pool=" + pool])
        if counted is None:
            return {}
        calls, printed = counted
        jobs = json.loads(printed)["jobs"] * 1.1  # and the warm-up
        return {"futex_calls_per_job": calls / jobs}


def cases(build, tier):
    return [WakeCase(build, tier)]
