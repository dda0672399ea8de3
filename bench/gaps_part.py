# SPDX-License-Identifier: MIT
"""Part 17: one empty job after a gap, from 5 us to 100 ms: how soon does it
start? And what does it cost to do next to nothing, a job each 1 or 10 ms?"""

from openloop_part import in_us
from programs import run_json
from rounds import AGAIN, POOLS, Case

WORKERS = 4
SPIN_MAX_US = 100  # the submitter watches the clock in shorter gaps
GAPS_US = {"quick": (1000,), "default": (5, 100, 1000, 10000),
           "standard": (5, 1000), "full": (5, 100, 1000, 10000, 100000)}
AGAIN_GAP_US = 1000
SECONDS = {"quick": 0.2, "default": 0.3, "standard": 0.4, "full": 2}
JOBS_MIN, JOBS_MAX = 10, 20000
P99_JOBS = 1000  # of fewer it is but the worst
TRICKLES_US = {"quick": (1000,), "default": (1000, 10000), "standard": (1000,),
               "full": (1000, 10000)}
TRICKLE_S = {"quick": 0.5, "default": 0.5, "standard": 0.5, "full": 5}


def workers_cpu(raw):
    return raw["workers_cpu_ns_per_job"]


def per_s(raw, name):
    return raw[name] * 1e6 / raw["gap_us"]


class WakeAfterCase(Case):
    """One run of the program wake."""

    prepare_s = 0

    def __init__(self, name, build, tier, gap_us, jobs, idle_ms):
        has_again = gap_us == AGAIN_GAP_US
        super().__init__(name, POOLS + ((AGAIN,) if has_again else ()),
                         tier.rounds,
                         1.1 * jobs * gap_us / 1e6 + idle_ms / 1e3 + 0.05)
        self.command = ["%s/bench/wake" % build, "--workers=%d" % WORKERS,
                        "--jobs=%d" % jobs, "--gap-us=%d" % gap_us,
                        "--spin=%d" % (gap_us <= SPIN_MAX_US),
                        "--idle-ms=%d" % idle_ms]

    def measure(self, pool, rng):
        return run_json(self.command + ["--pool=" + pool], rng)


class GapCase(WakeAfterCase):
    part = "gaps"
    scenario = "S5"
    group = "start after a gap"
    columns = (
        ("p50 us", "%.1f", in_us("p50_ns")),
        ("p99 us", "%.1f", in_us("p99_ns")),
        ("workers CPU us/job", "%.1f", in_us("workers_cpu_ns_per_job")),
        ("their switches/job", "%.1f",
         lambda raw: raw["workers_switches_per_job"]),
        ("wakes/job", "%.1f", lambda raw: raw["pool_wakes_per_job"]))

    def __init__(self, build, tier, gap_us):
        seconds = SECONDS.get(tier.name, SECONDS["standard"])
        jobs = min(JOBS_MAX, max(JOBS_MIN, int(seconds * 1e6 / gap_us)))
        self.metrics = (("p50", lambda raw: raw["p50_ns"]),
                        ("workers CPU", workers_cpu))
        if jobs >= P99_JOBS:
            self.metrics += (("p99", lambda raw: raw["p99_ns"]),)
        name = "gap of %g %s" % ((gap_us, "us") if gap_us < 1000 else
                                 (gap_us / 1000, "ms"))
        super().__init__(name, build, tier, gap_us, jobs, 0)


class TrickleCase(WakeAfterCase):
    part = "trickle"
    scenario = "S8"
    group = "trickle"
    metrics = (("workers CPU", workers_cpu),
               ("start p50", lambda raw: raw["p50_ns"]))
    columns = (
        ("workers CPU %", "%.2f",
         lambda raw: per_s(raw, "workers_cpu_ns_per_job") / 1e7),
        ("process CPU %", "%.2f",
         lambda raw: per_s(raw, "cpu_ns_per_job") / 1e7),
        ("workers switches/s", "%.0f",
         lambda raw: per_s(raw, "workers_switches_per_job")),
        ("start p50 us", "%.1f", in_us("p50_ns")),
        ("idle CPU us/s", "%.0f",
         lambda raw: raw["idle_cpu_ns"] / raw["idle_ms"]),
        ("idle switches/s", "%.0f",
         lambda raw: raw["idle_switches"] * 1e3 / raw["idle_ms"]))

    def __init__(self, build, tier, gap_us):
        seconds = TRICKLE_S.get(tier.name, TRICKLE_S["standard"])
        super().__init__("a job each %g ms" % (gap_us / 1000), build, tier,
                         gap_us, int(seconds * 1e6 / gap_us),
                         int(seconds * 1e3))


def cases(build, tier):
    return ([GapCase(build, tier, gap_us) for gap_us in
             GAPS_US.get(tier.name, GAPS_US["standard"])]
            + [TrickleCase(build, tier, gap_us) for gap_us in
               TRICKLES_US.get(tier.name, TRICKLES_US["standard"])])
