# SPDX-License-Identifier: MIT
"""Part 2: jobs that submit jobs."""

from programs import run_json
from rounds import AGAIN, POOLS, Case

WORKERS, FANOUT = 2, 10
TREES_MAX = 5
PAGE_KIB = 4  # less than a page cannot be seen


class TreeCase(Case):
    part = "tree"
    group = "spawn tree"
    metrics = (("time", lambda raw: raw["seconds"]),
               ("CPU per job", lambda raw: raw["cpu_ns_per_job"]),
               ("memory", lambda raw: max(PAGE_KIB, raw["rss_growth_kib"])))
    columns = (
        ("ms a tree", "%.1f", lambda raw: raw["seconds"] * 1e3),
        ("M jobs/s", "%.1f", lambda raw: raw["jobs_per_s"] / 1e6),
        ("CPU ns/job", "%.0f", lambda raw: raw["cpu_ns_per_job"]),
        ("switches/1000", "%.2f", lambda raw: 1000 * raw["switches_per_job"]),
        ("memory MiB", "%.1f", lambda raw: raw["rss_growth_kib"] / 1024))
    real_time_ns = 1e9
    core = True

    def __init__(self, build, tier):
        super().__init__("tree of depth %d" % tier.tree_depth,
                         POOLS + (AGAIN,), tier.rounds, 2 * tier.tree_s + 0.05)
        self.command = ["%s/bench/tree" % build, "--workers=%d" % WORKERS,
                        "--fanout=%d" % FANOUT, "--depth=%d" % tier.tree_depth]
        self.seconds = tier.tree_s
        self.trees = {}  # by pool: how many fit in the time

    def prepare(self, pool, rng):
        """How many trees fit into the time: one at least, five at most."""
        trees = int(self.seconds / self.measure(pool, rng)["seconds"])
        self.trees[pool] = min(TREES_MAX, max(1, trees))

    def measure(self, pool, rng):
        return run_json(self.command + [
            "--pool=" + pool, "--trees=%d" % self.trees.get(pool, 1),
            "--seed=%d" % rng.randrange(1 << 16)], rng)


def cases(build, tier):
    return [TreeCase(build, tier)]
