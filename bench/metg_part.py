# SPDX-License-Identifier: MIT
"""Part 4: the smallest job that is worth a pool.

METG is the minimum effective task granularity: the length of a job at which
half of the CPU time is work. Here: one submitter, two workers; of tasks that
submit each other: graph_part.py.
"""

import os
from math import exp, log

import steps
from programs import Failed, run_json
from rounds import AGAIN, POOLS, Case

PRODUCERS, WORKERS = 1, 2
EFFICIENT = 0.5
SIZES_NS = (6, 12, 25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800)
FIRST_JOBS = 20000  # until a run has shown the rate


def crossing(points, efficient=EFFICIENT):
    """(length at which the efficiency is that, which bound it is or None).

    points: (length, efficiency) by length. Between the two neighbours the
    efficiency is taken as linear in the logarithm of the length.
    """
    if points[0][1] >= efficient:
        return points[0][0], "upper"
    if points[-1][1] < efficient:
        return points[-1][0], "lower"
    at = next(i for i, point in enumerate(points) if point[1] >= efficient)
    (short, low), (long, high) = points[at - 1:at + 1]
    share = (efficient - low) / (high - low)
    return exp(log(short) + share * (log(long) - log(short))), None


def bracket(efficiency, nr_sizes, at, efficient=EFFICIENT):
    """{index: efficiency(index)} of those that were looked at, the last two on
    both sides if there are such.

    The same rule for all: from the start, a size down while it is efficient, a
    size up while it is not, until the two neighbours show.
    """
    found = {}
    while 0 <= at < nr_sizes and at not in found:
        found[at] = efficiency(at)
        at += -1 if found[at] >= efficient else 1
    return found


class MetgCase(Case):
    part = "metg"
    group = "METG"
    core = True
    metrics = (("job length", lambda raw: raw["metg_ns"]),)
    columns = (("METG ns", "%.0f", lambda raw: raw["metg_ns"]),)

    def __init__(self, build, tier):
        super().__init__("METG %dx%d" % (PRODUCERS, WORKERS),
                         POOLS + (AGAIN,), tier.rounds,
                         2.5 * (0.9 * tier.metg_s + 0.03))
        self.command = ["%s/bench/throughput" % build,
                        "--producers=%d" % PRODUCERS,
                        "--workers=%d" % WORKERS]
        self.seconds = tier.metg_s
        self.cpus = min(WORKERS, len(os.sched_getaffinity(0)))
        self.overhead_ns = {}  # of a job, by pool: how many fit in the time
        self.start = {}  # by pool: where its search begins

    def run(self, pool, size, jobs, rng):
        return run_json(self.command + steps.options() + [
            "--pool=" + pool, "--job-ns=%d" % size, "--jobs=%d" % jobs,
            "--seed=%d" % rng.randrange(1 << 16)], rng)

    def prepare(self, pool, rng):
        steps.learn(self.run(pool, 1000, FIRST_JOBS // 10, rng))
        jobs = FIRST_JOBS
        for _ in range(2):
            result = self.run(pool, SIZES_NS[0], jobs, rng)
            self.overhead_ns[pool] = 1e9 / result["jobs_per_s"]
            jobs = int(self.seconds / 4 * result["jobs_per_s"]) + 1
        self.start[pool] = next(
            (i for i, size in enumerate(SIZES_NS)
             if size >= self.overhead_ns[pool]), len(SIZES_NS) - 1)

    def efficiency(self, pool, size, rng):
        jobs = int(self.seconds * 1e9 / (size / self.cpus
                                         + self.overhead_ns[pool])) + 1
        result = self.run(pool, size, jobs, rng)
        return (result["jobs"] * steps.job_ns(size)
                / (self.cpus * result["seconds"] * 1e9))

    def measure(self, pool, rng):
        if pool not in self.start:
            raise Failed("it was not sized")
        found = bracket(
            lambda at: self.efficiency(pool, SIZES_NS[at], rng),
            len(SIZES_NS), self.start[pool])
        points = [(steps.job_ns(SIZES_NS[i]), found[i]) for i in sorted(found)]
        metg_ns, bound = crossing(points)
        return {"program": "metg", "pool": pool, "metg_ns": metg_ns,
                "bound": bound, "cpus": self.cpus,
                "steps_per_us": steps.per_us(), "points": points}

    def notes(self, results):
        said = []
        for pool in POOLS:
            bounds = [raw["bound"]
                      for raw in results.by_round(self, pool).values()]
            for bound, sign in (("upper", "<="), ("lower", ">=")):
                if bound in bounds:
                    said.append("%s of %s: read %s in %d of %d rounds." % (
                        self.name, pool, sign, bounds.count(bound),
                        len(bounds)))
        return said


def cases(build, tier):
    return [MetgCase(build, tier)]
