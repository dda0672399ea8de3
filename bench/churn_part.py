# SPDX-License-Identifier: MIT
"""Part 19: threads and pools that come and go: does the memory grow?"""

from programs import run_json
from rounds import AGAIN, POOLS, Case

WORKERS = 4
SECONDS = {"quick": 2, "full": 20}
ROUNDS = 3  # each is long, and fails by itself if it grows


class ChurnCase(Case):
    scenario = "S15"
    part = "churn"
    group = "churn"
    metrics = (("peak memory", lambda raw: raw["max_rss_kib"]),)
    columns = (
        ("slope KiB/s", "%.1f", lambda raw: raw["slope_kib_per_s"]),
        ("peak MiB", "%.1f", lambda raw: raw["max_rss_kib"] / 1024),
        ("threads/s", "%.0f", lambda raw: raw["threads"] / raw["seconds"]),
        ("pools/s", "%.0f", lambda raw: raw["small_pools"] / raw["seconds"]),
        ("M jobs/s", "%.2f", lambda raw: raw["jobs"] / raw["seconds"] / 1e6))
    prepare_s = 0

    def __init__(self, build, tier):
        seconds = SECONDS.get(tier.name, 5)
        super().__init__("threads and pools come and go", POOLS + (AGAIN,),
                         min(ROUNDS, tier.rounds), seconds + 1.2)
        self.command = ["%s/bench/churn" % build, "--workers=%d" % WORKERS,
                        "--seconds=%d" % seconds]

    def measure(self, pool, rng):
        return run_json(self.command + ["--pool=" + pool], rng)

    def notes(self, results):
        return ["%s: a slope of 0 is right; the C library's own arenas still "
                "grow in the first seconds." % self.name]


def cases(build, tier):
    return [ChurnCase(build, tier)]
