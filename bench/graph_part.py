# SPDX-License-Identifier: MIT
"""Part 14: the smallest task that is worth a pool, if tasks depend on each
other and submit each other.

Three patterns after Task Bench, as wide as there are CPUs and four times that.
METG(50) is the length at which half of the CPU time is work, METG(90) that at
which nine tenths are.
"""

import os

import steps
from metg_part import bracket, crossing
from programs import run_json
from rounds import AGAIN, POOLS, Case

PATTERNS = ("trivial", "no_comm", "stencil")
SIZES_NS = (6, 12, 25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600,
            51200, 102400)
PERCENTS = (50, 90)
GRAPHS = 3  # and one that is warm-up
FIRST_TASKS = 20000  # until a run has shown the rate
HIGHER = 2  # where to look for the next percentage: so many sizes up
FEW = ("quick", "standard")  # tiers that ask for one width only
CPUS = len(os.sched_getaffinity(0))


def key(percent):
    return "metg%d_ns" % percent


def cost(percent):
    return lambda raw: raw[key(percent)]


class GraphCase(Case):
    part = "graph"
    metrics = tuple(("task length, %d %%" % percent, cost(percent))
                    for percent in PERCENTS)
    columns = tuple(("METG(%d) ns" % percent, "%.0f", cost(percent))
                    for percent in PERCENTS)

    def __init__(self, build, tier, number, wide):
        width = CPUS * wide
        self.scenario = "M%d" % (number + 1)
        self.group = "METG of graphs"
        super().__init__("graph %s, width %d" % (PATTERNS[number], width),
                         POOLS + ((AGAIN,) if (number, wide) == (2, 1)
                                  else ()), tier.rounds,
                         5 * 1.3 * tier.metg_s + 0.1)
        self.command = ["%s/bench/graph" % build, "--pattern=%d" % number,
                        "--width=%d" % width, "--workers=%d" % CPUS,
                        "--graphs=%d" % GRAPHS]
        self.width, self.seconds = width, tier.metg_s
        self.overhead_ns = {}  # of a task, by pool: how many fit in the time
        self.start = {}  # by pool: where its search begins

    def run(self, pool, size, tasks, rng):
        return run_json(self.command + steps.options() + [
            "--pool=" + pool, "--task-ns=%d" % size,
            "--steps=%d" % max(2, tasks // (GRAPHS * self.width)),
            "--seed=%d" % rng.randrange(1 << 16)], rng)

    def prepare(self, pool, rng):
        steps.learn(self.run(pool, 1000, FIRST_TASKS // 10, rng))
        tasks = FIRST_TASKS
        for _ in range(2):
            result = self.run(pool, SIZES_NS[0], tasks, rng)
            self.overhead_ns[pool] = 1e9 / result["tasks_per_s"]
            tasks = int(self.seconds / 4 * result["tasks_per_s"]) + 1
        self.start[pool] = next(
            (i for i, size in enumerate(SIZES_NS)
             if size >= self.overhead_ns[pool]), len(SIZES_NS) - 1)

    def efficiency(self, pool, size, rng):
        tasks = int(self.seconds * 1e9
                    / (size / CPUS + self.overhead_ns[pool])) + 1
        result = self.run(pool, size, tasks, rng)
        return result["ideal_seconds"] / result["seconds"]

    def measure(self, pool, rng):
        if pool not in self.start:
            self.prepare(pool, rng)
        known = {}

        def efficiency(at):
            if at not in known:
                known[at] = self.efficiency(pool, SIZES_NS[at], rng)
            return known[at]

        raw = {"program": "graph", "pool": pool, "cpus": CPUS,
               "steps_per_us": steps.per_us(), "bounds": {},
               "verified": True}  # else a run would have failed
        at = self.start[pool]
        for percent in PERCENTS:
            found = bracket(efficiency, len(SIZES_NS), at, percent / 100)
            raw[key(percent)], bound = crossing(
                [(steps.job_ns(SIZES_NS[i]), found[i]) for i in sorted(found)],
                percent / 100)
            if bound:
                raw["bounds"][key(percent)] = bound
            at = min(len(SIZES_NS) - 1, max(found) + HIGHER)
        raw["points"] = [(steps.job_ns(SIZES_NS[i]), known[i])
                         for i in sorted(known)]
        return raw

    def notes(self, results):
        said = []
        for pool in self.pools():
            rows = results.by_round(self, pool).values()
            for percent in PERCENTS:
                bounds = [raw["bounds"].get(key(percent)) for raw in rows]
                for bound, sign in (("upper", "<="), ("lower", ">=")):
                    if bound in bounds:
                        said.append(
                            "METG(%d) of %s, %s: read %s in %d of %d rounds."
                            % (percent, self.name, pool, sign,
                               bounds.count(bound), len(bounds)))
        return said


def cases(build, tier):
    wide = (1,) if tier.name in FEW else (1, 4)
    return [GraphCase(build, tier, number, times)
            for number in range(len(PATTERNS)) for times in wide]
