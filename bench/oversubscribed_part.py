# SPDX-License-Identifier: MIT
"""Part 20: many more threads than CPUs: the slowest submits, where a holder of a
lock that lost its CPU would show."""

import os

import steps
from programs import run_json
from rounds import AGAIN, POOLS, Case

TIMES = (4, 16, 64)  # so many submitters, and workers, for each CPU
THREADS_MAX = 511  # workers that the program takes
JOB_NS = 1000
FIRST_JOBS = 20000  # until a run has shown the rate
FEWEST_JOBS = 10000  # for a p99.9
CPUS = len(os.sched_getaffinity(0))


class OversubscribedCase(Case):
    scenario = "S3"
    part = "oversubscribed"
    group = "oversubscribed"
    metrics = (("jobs/s", lambda raw: 1 / raw["jobs_per_s"]),
               ("submit p99.9", lambda raw: raw["submit_p999_ns"] / 1e9))
    columns = (
        ("M jobs/s", "%.2f", lambda raw: raw["jobs_per_s"] / 1e6),
        ("submit p50 ns", "%.0f", lambda raw: raw["submit_p50_ns"]),
        ("submit p99 us", "%.1f", lambda raw: raw["submit_p99_ns"] / 1e3),
        ("submit p99.9 us", "%.1f", lambda raw: raw["submit_p999_ns"] / 1e3),
        ("clock ns", "%.0f", lambda raw: raw["clock_ns"]))
    real_time_ns = 1e9

    def __init__(self, build, tier, times):
        threads = min(THREADS_MAX, times * CPUS)
        super().__init__("%dx%d, submits timed" % (threads, threads),
                         POOLS + ((AGAIN,) if times == TIMES[0] else ()),
                         tier.rounds, tier.throughput_s * 1.1 + 0.1)
        self.command = ["%s/bench/throughput" % build,
                        "--producers=%d" % threads, "--workers=%d" % threads,
                        "--job-ns=%d" % JOB_NS, "--time-submit=1"]
        self.seconds = tier.throughput_s
        self.jobs = {}  # by pool

    def prepare(self, pool, rng):
        """How many jobs make a measurement as long as it should be."""
        for seconds in (self.seconds / 4, self.seconds):
            result = self.measure(pool, rng)
            steps.learn(result)
            self.jobs[pool] = max(FEWEST_JOBS,
                                  int(result["jobs_per_s"] * seconds))

    def measure(self, pool, rng):
        return run_json(self.command + steps.options() + [
            "--pool=" + pool, "--jobs=%d" % self.jobs.get(pool, FIRST_JOBS),
            "--seed=%d" % rng.randrange(1 << 16)], rng)

    def notes(self, results):
        return ["%s: what the clock takes is in each submit." % self.name]


def cases(build, tier):
    times = TIMES[:1] if tier.name == "quick" else TIMES
    return [OversubscribedCase(build, tier, each) for each in times]
