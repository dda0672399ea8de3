# SPDX-License-Identifier: MIT
"""Part 5: what a submit costs the submitter, 64 jobs at a time.

A pool that cannot take several at once gets them one by one; rota is also
measured one by one, against itself.
"""

from programs import run_json
from rounds import AGAIN, POOLS, Case

WORKERS, GROUP = 1, 64
IDLE_GAP_US = 200
OURS = POOLS[:1]


def submit_cost(raw):
    return raw["submit_ns_per_job"]


class BulkCase(Case):
    part = "bulk"
    metrics = (("time", submit_cost),)
    columns = (
        ("submit ns/job", "%.1f", submit_cost),
        ("wakes/%d jobs" % GROUP, "%.2f",
         lambda raw: raw["pool_wakes_per_group"]))

    def __init__(self, build, tier, batch, gap_us):
        rest = "" if not gap_us else ", worker asleep"
        self.group = "submit of %d%s" % (GROUP, rest)
        name = "submit %d%s" % (batch, rest)
        variants = OURS
        if batch > 1:
            variants = POOLS + (() if gap_us else (AGAIN,))
            self.own = (("time", submit_cost, "submit 1" + rest),)
        jobs = tier.bulk_jobs // (20 if gap_us else 1)
        seconds = jobs / GROUP * gap_us / 1e6 if gap_us else jobs * 300e-9
        super().__init__(name, variants, tier.rounds, 1.1 * seconds + 0.05)
        self.command = ["%s/bench/bulk" % build, "--workers=%d" % WORKERS,
                        "--group=%d" % GROUP, "--batch=%d" % batch,
                        "--gap-us=%d" % gap_us, "--jobs=%d" % jobs]

    def measure(self, pool, rng):
        return run_json(self.command + [
            "--pool=" + pool, "--seed=%d" % rng.randrange(1 << 16)], rng)


def cases(build, tier):
    gaps = (0,) if tier.name == "quick" else (0, IDLE_GAP_US)
    return [BulkCase(build, tier, batch, gap_us)
            for gap_us in gaps for batch in (GROUP, 1)]
