# SPDX-License-Identifier: MIT
"""Part 16: each job submits its successor."""

from programs import run_json
from rounds import AGAIN, POOLS, Case

WORKERS = 2
CHAINS = {"quick": (1,), "default": (1, WORKERS, 4 * WORKERS),
          "standard": (1, 4 * WORKERS), "full": (1, WORKERS, 4 * WORKERS)}
AGAIN_CHAINS = 1
SECONDS = {"quick": 0.1, "default": 0.15, "standard": 0.3, "full": 0.4}
FIRST_JOBS, MAX_JOBS = 20000, 1 << 27  # until a run has shown the rate
WAVES = 3


class ChainCase(Case):
    part = "chain"
    scenario = "S12"
    group = "chains"
    metrics = (("hop", lambda raw: raw["ns_per_hop"]),
               ("CPU", lambda raw: raw["cpu_ns_per_hop"]))
    columns = (
        ("ns/hop", "%.0f", lambda raw: raw["ns_per_hop"]),
        ("inline ns/hop", "%.1f", lambda raw: raw["inline_ns_per_hop"]),
        ("ns/step of a chain", "%.0f", lambda raw: raw["ns_per_step"]),
        ("CPU ns/hop", "%.0f", lambda raw: raw["cpu_ns_per_hop"]),
        ("switches/1000", "%.1f", lambda raw: 1000 * raw["switches_per_hop"]),
        ("wakes/1000", "%.1f", lambda raw: 1000 * raw["pool_wakes_per_hop"]))

    def __init__(self, build, tier, chains):
        self.seconds = SECONDS.get(tier.name, SECONDS["standard"])
        super().__init__("%d chain%s" % (chains, "s" * (chains > 1)),
                         POOLS + ((AGAIN,) if chains == AGAIN_CHAINS else ()),
                         tier.rounds, self.seconds * (WAVES + 1) / WAVES + 0.05)
        self.command = ["%s/bench/chain" % build, "--workers=%d" % WORKERS,
                        "--chains=%d" % chains, "--waves=%d" % WAVES]
        self.chains = chains
        self.jobs = {}  # of a wave

    def prepare(self, pool, rng):
        """How many jobs make a measurement as long as it should be."""
        for seconds in (self.seconds / 10, self.seconds):
            jobs = seconds * 1e9 / WAVES / self.measure(pool, rng)["ns_per_hop"]
            self.jobs[pool] = min(MAX_JOBS, max(1000, int(jobs)))

    def measure(self, pool, rng):
        hops = self.jobs.get(pool, FIRST_JOBS) // self.chains
        return run_json(self.command + [
            "--pool=" + pool, "--hops=%d" % max(1, hops),
            "--seed=%d" % rng.randrange(1 << 16)], rng)


def cases(build, tier):
    return [ChainCase(build, tier, chains)
            for chains in CHAINS.get(tier.name, CHAINS["standard"])]
