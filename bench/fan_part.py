# SPDX-License-Identifier: MIT
"""Part 15: hand out empty jobs and wait for all of them, round by round.

By one latch for all pools; rota also by its groups, against its own latch.
"""

from openloop_part import in_us
from programs import run_json
from rounds import AGAIN, POOLS, Case

WORKERS = 2
JOBS = {"quick": (64,), "default": (WORKERS, 64, 1024), "standard": (64,),
        "full": (WORKERS, 64, 1024)}
AGAIN_JOBS = 64
SECONDS = {"quick": 0.1, "default": 0.15, "standard": 0.3, "full": 0.4}
FIRST_ROUNDS, MAX_ROUNDS = 100, 1000000  # until a run has shown the rate
OURS = POOLS[:1]


def round_time(raw):
    return raw["ns_per_round"]


class FanCase(Case):
    part = "fan"
    scenario = "S10"
    group = "fan out and in"
    metrics = (("round", round_time),
               ("CPU", lambda raw: raw["cpu_ns_per_round"]))
    columns = (
        ("us/round", "%.1f", in_us("ns_per_round")),
        ("inline us/round", "%.2f", in_us("inline_ns_per_round")),
        ("CPU us/round", "%.1f", in_us("cpu_ns_per_round")),
        ("switches/round", "%.1f", lambda raw: raw["switches_per_round"]),
        ("wakes/round", "%.2f", lambda raw: raw["pool_wakes_per_round"]))

    def __init__(self, build, tier, jobs, is_native):
        name = "fan of %d" % jobs
        variants = POOLS + ((AGAIN,) if jobs == AGAIN_JOBS else ())
        if is_native:
            variants = OURS
            self.own = (("round", round_time, name),)
            name += ", own wait"
        self.seconds = SECONDS.get(tier.name, SECONDS["standard"])
        super().__init__(name, variants, tier.rounds, 1.1 * self.seconds + 0.05)
        self.command = ["%s/bench/fan" % build, "--workers=%d" % WORKERS,
                        "--jobs-per-round=%d" % jobs, "--native=%d" % is_native]
        self.rounds = {}

    def prepare(self, pool, rng):
        """How many rounds make a measurement as long as it should be."""
        for seconds in (self.seconds / 10, self.seconds):
            rounds = seconds * 1e9 / self.measure(pool, rng)["ns_per_round"]
            self.rounds[pool] = min(MAX_ROUNDS, max(10, int(rounds)))

    def measure(self, pool, rng):
        return run_json(self.command + [
            "--pool=" + pool,
            "--rounds=%d" % self.rounds.get(pool, FIRST_ROUNDS),
            "--seed=%d" % rng.randrange(1 << 16)], rng)


def cases(build, tier):
    return [FanCase(build, tier, jobs, is_native)
            for jobs in JOBS.get(tier.name, JOBS["standard"])
            for is_native in (False, True)]
