# SPDX-License-Identifier: MIT
"""Part 16: what a queued job takes of memory, and what is given back."""

from programs import run_json
from rounds import AGAIN, POOLS, Case

WORKERS = 4
JOBS = 1000000
REST_MS = 100
LEAST = 0.1  # bytes a job: a few pages of all are noise


def taken(raw):
    return max(LEAST, raw["rss_bytes_per_job"])


def kept(raw):
    return max(LEAST, raw["kept_bytes_per_job"])


class MemoryCase(Case):
    scenario = "S14"
    part = "memory"
    group = "memory of a queue"
    metrics = (("bytes/job", taken), ("kept when empty", kept))
    columns = (
        ("bytes/job", "%.1f", lambda raw: raw["rss_bytes_per_job"]),
        ("mallocs/job", "%.2f", lambda raw: raw["mallocs_per_job"]),
        ("kept when empty", "%.1f", lambda raw: raw["kept_bytes_per_job"]),
        ("kept after the end", "%.1f",
         lambda raw: raw["kept_after_end_bytes_per_job"]))
    prepare_s = 0

    def __init__(self, build, tier):
        super().__init__("a million queued", POOLS + (AGAIN,), tier.rounds,
                         JOBS * 400e-9 + 2 * REST_MS / 1e3 + 0.05)
        self.command = ["%s/bench/memory" % build, "--workers=%d" % WORKERS,
                        "--jobs=%d" % JOBS, "--rest-ms=%d" % REST_MS]

    def measure(self, pool, rng):
        return run_json(self.command + [
            "--pool=" + pool, "--seed=%d" % rng.randrange(1 << 16)], rng)

    def notes(self, results):
        return ["%s: no queue can do with less than 16 bytes a job, a function "
                "and its argument." % self.name]


def cases(build, tier):
    return [MemoryCase(build, tier)]
