# SPDX-License-Identifier: MIT
"""Part 13: calls that are jobs, skynet and fib, without a blocking wait."""

from programs import run_json
from rounds import AGAIN, POOLS, Case

WORKERS = 4
RUNS_MAX = 15
PAGE_KIB = 4  # less than a page cannot be seen
KINDS = (("skynet", 5), ("fib", 25))


class NestedCase(Case):
    scenario = "S11"
    part = "nested"
    group = "nested calls"
    metrics = (("time", lambda raw: raw["core_ns_per_task"]),
               ("CPU", lambda raw: raw["cpu_ns_per_task"]),
               ("memory", lambda raw: max(PAGE_KIB, raw["rss_growth_kib"])))
    columns = (
        ("core ns/task", "%.1f", lambda raw: raw["core_ns_per_task"]),
        ("without a pool", "%.1f", lambda raw: raw["inline_ns_per_task"]),
        ("CPU ns/task", "%.1f", lambda raw: raw["cpu_ns_per_task"]),
        ("switches/1000", "%.2f", lambda raw: 1000 * raw["switches_per_task"]),
        ("memory MiB", "%.2f", lambda raw: raw["rss_growth_kib"] / 1024))

    def __init__(self, build, tier, number):
        name, argument = KINDS[number]
        super().__init__("%s(%d)" % (name, argument),
                         POOLS + ((AGAIN,) if number == 0 else ()),
                         tier.rounds, 1.2 * tier.tree_s + 0.1)
        self.command = ["%s/bench/nested" % build, "--workers=%d" % WORKERS,
                        "--kind=%d" % number, "--n=%d" % argument]
        self.seconds = tier.tree_s
        self.runs = {}  # by pool

    def run(self, pool, runs, rng):
        return run_json(self.command + [
            "--pool=" + pool, "--runs=%d" % runs,
            "--seed=%d" % rng.randrange(1 << 16)], rng)

    def prepare(self, pool, rng):
        """How many runs fit into the time."""
        runs = int(self.seconds / self.run(pool, 1, rng)["seconds"])
        self.runs[pool] = min(RUNS_MAX, max(1, runs))

    def measure(self, pool, rng):
        return self.run(pool, self.runs.get(pool, 1), rng)

    def notes(self, results):
        return ["%s: results are checked; no pool can take less time of a core "
                "than the same code without one." % self.name]


def cases(build, tier):
    return [NestedCase(build, tier, number) for number in range(len(KINDS))]
