# SPDX-License-Identifier: MIT
"""Part 1: jobs per second, and what each job costs."""

import json

import steps
from programs import run_json
from rounds import AGAIN, POOLS, Case

SHAPES = ("1x1", "1x2", "2x2", "1x4", "4x4", "8x8", "16x16", "64x8")
SOME_SHAPES = ("2x2", "1x4", "4x4")  # of jobs that work
QUICK_SHAPES = ("1x1", "1x4", "4x4")
OVERSUBSCRIBED = ("16x16", "64x8")  # rota also against its own OWN_SHAPE
OWN_SHAPE = "4x4"
CORE_SHAPES = ("1x1", "4x4")
AGAIN_SHAPE = "4x4"  # where the baseline also runs against itself
FIRST_JOBS = 20000  # until a run has shown the rate
COST_JOBS = 300000  # at most, in the untimed pass
STRACE_JOBS = 5000  # each traced call costs tens of microseconds


def job_time(raw):
    return 1 / raw["jobs_per_s"]


def per_1000(value):
    return None if value is None else 1000 * value


class ThroughputCase(Case):
    part = "throughput"
    scenario = "S1"
    metrics = (("jobs/s", job_time),)
    columns = (
        ("M jobs/s", "%.1f", lambda raw: raw["jobs_per_s"] / 1e6),
        ("CPU ns/job", "%.0f", lambda raw: raw["cpu_ns_per_job"]),
        ("switches/1000", "%.1f", lambda raw: 1000 * (
            raw["voluntary_switches_per_job"]
            + raw["involuntary_switches_per_job"])),
        ("futex calls/1000", "%.1f",
         lambda raw: per_1000(raw["untimed"].get("futex_calls_per_job"))),
        ("peak MiB", "%.1f",
         lambda raw: raw["untimed"]["peak_rss_kib"] / 1024
         if "peak_rss_kib" in raw["untimed"] else None))
    real_time_ns = 1e9

    def __init__(self, build, shape, job_ns, tier):
        self.group = "%g us jobs" % (job_ns / 1000) if job_ns else "empty jobs"
        super().__init__("%s %s" % (self.group, shape),
                         POOLS + ((AGAIN,) if shape == AGAIN_SHAPE else ()),
                         tier.rounds, tier.throughput_s * 1.1 + 0.05)
        if shape in OVERSUBSCRIBED:
            self.own = (("jobs/s", job_time,
                         "%s %s" % (self.group, OWN_SHAPE)),)
        producers, workers = shape.split("x")
        self.start = ["%s/bench/throughput" % build,
                      "--producers=" + producers, "--workers=" + workers,
                      "--job-ns=%d" % job_ns]
        self.seconds = tier.throughput_s
        self.jobs = {}  # by pool: how many fit in the time
        self.core = shape in CORE_SHAPES

    def command(self, pool, jobs, rng):
        return self.start + steps.options() + [
            "--pool=" + pool, "--jobs=%d" % jobs,
            "--seed=%d" % rng.randrange(1 << 16)]

    def prepare(self, pool, rng):
        """How many jobs make a measurement as long as it should be."""
        for seconds in (self.seconds / 4, self.seconds):
            result = self.measure(pool, rng)
            steps.learn(result)
            jobs = int(result["jobs_per_s"] * seconds)
            self.jobs[pool] = min(1 << 30, max(1000, jobs))

    def measure(self, pool, rng):
        jobs = self.jobs.get(pool, FIRST_JOBS)
        return run_json(self.command(pool, jobs, rng), rng)

    def count_cost(self, pool, futexes, rng):
        """Memory too: here all pools get the same number of jobs."""
        jobs = min(COST_JOBS, *self.jobs.values())
        if futexes.method == "strace":
            jobs = STRACE_JOBS
        counted = futexes.count(self.command(pool, jobs, rng))
        if counted is None:
            return {}
        calls, printed = counted
        result = json.loads(printed)
        return {"jobs": jobs, "peak_rss_kib": result["peak_rss_kib"],
                "futex_calls_per_job": calls / result["jobs_with_warm_up"]}


def cases(build, tier):
    empty, working = {"quick": (QUICK_SHAPES, QUICK_SHAPES),
                      "default": (SHAPES, SOME_SHAPES),
                      "standard": (SHAPES, SOME_SHAPES),
                      "full": (SHAPES, SHAPES)}[tier.name]
    return ([ThroughputCase(build, shape, 0, tier) for shape in empty]
            + [ThroughputCase(build, shape, 1000, tier) for shape in working])
