# SPDX-License-Identifier: MIT
"""Part 12: jobs of 20 us that come when they come, at a given load.

The rates are shares of what the baseline can do, measured once in a session:
the same for all pools.
"""

import steps
from programs import run_json
from rounds import AGAIN, BASELINE, POOLS, Case

WORKERS, JOB_NS = 2, 20000
JOBS = {"quick": 2000, "default": 4000, "standard": 10000, "full": 20000}
LOADS = {"quick": (50,), "default": (50, 80), "standard": (50, 80),
         "full": (10, 50, 80, 95)}
TIMES = {"full": ("equal", "exponential")}  # what jobs take
AGAIN_LOAD = 50
CAPACITY_JOBS = 10000


def in_us(name):
    return lambda raw: None if raw[name] is None else raw[name] / 1e3


class Capacity:
    """Jobs a second of the baseline when they never run out."""

    def __init__(self, build):
        self.command = ["%s/bench/throughput" % build, "--producers=1",
                        "--workers=%d" % WORKERS, "--job-ns=%d" % JOB_NS,
                        "--jobs=%d" % CAPACITY_JOBS, "--pool=" + BASELINE]
        self.per_s = None

    def learn(self, rng):
        if self.per_s is None:
            raw = run_json(self.command + steps.options(), rng)
            steps.learn(raw)
            self.per_s = raw["jobs_per_s"]
        return self.per_s


class OpenLoopCase(Case):
    part = "openloop"
    scenario = "S4"
    group = "open loop"
    metrics = (("p50", lambda raw: raw["due_p50_ns"]),
               ("p99", lambda raw: raw["due_p99_ns"]),
               ("CPU per job", lambda raw: raw["cpu_ns_per_job"]))
    columns = (
        ("due-start p50 us", "%.0f", in_us("due_p50_ns")),
        ("p99 us", "%.0f", in_us("due_p99_ns")),
        ("p99.9 us", "%.0f", in_us("due_p999_ns")),
        ("ideal p99 us", "%.0f", in_us("ideal_p99_ns")),
        ("submit p99 us", "%.1f", in_us("submit_p99_ns")),
        ("lag p99 us", "%.0f", in_us("lag_p99_ns")),
        ("CPU us/job", "%.1f", in_us("cpu_ns_per_job")))
    prepare_s = 0.1

    def __init__(self, build, tier, times, load, capacity):
        jobs = JOBS.get(tier.name, JOBS["standard"])
        per_s = WORKERS / JOB_NS * 1e9 * load / 100
        super().__init__("%s jobs at %d %%" % (times, load),
                         POOLS + ((AGAIN,) if load == AGAIN_LOAD else ()),
                         tier.rounds, 1.1 * jobs / per_s + 0.1)
        self.command = ["%s/bench/openloop" % build, "--workers=%d" % WORKERS,
                        "--job-ns=%d" % JOB_NS, "--jobs=%d" % jobs,
                        "--exponential=%d" % (times == "exponential")]
        self.load = load
        self.capacity = capacity
        self.rate = 0  # 0: the load is that of the processors

    def prepare(self, pool, rng):
        if pool == BASELINE:
            self.rate = int(self.capacity.learn(rng) * self.load / 100)

    def measure(self, pool, rng):
        raw = run_json(self.command + steps.options() + [
            "--pool=" + pool, "--load=%d" % self.load,
            "--rate=%d" % self.rate, "--seed=%d" % self.seed], rng)
        steps.learn(raw)
        return raw

    def notes(self, results):
        return late_notes(self, results)


def late_notes(case, results):
    """Which points say more of the submitter than of the pool."""
    valid = [raw["valid"] for variant in case.variants
             for raw in results.by_round(case, variant).values()]
    late = valid.count(False)
    return ["%s: %d of %d points are invalid, their submitter was late by more "
            "than a tenth of the p99." % (case.name, late, len(valid))
            ] if late else []


def cases(build, tier):
    capacity = Capacity(build)
    return [OpenLoopCase(build, tier, times, load, capacity)
            for times in TIMES.get(tier.name, ("equal",))
            for load in LOADS.get(tier.name, LOADS["standard"])]
