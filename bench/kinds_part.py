# SPDX-License-Identifier: MIT
"""Part 10: what members of groups, jobs with handles, keys and so on cost more
than plain ones. Only rota has them all: it is compared with itself."""

from programs import run_json
from rounds import POOLS, Case

WORKERS = 1
WAVE = 10000
KINDS = ("plain", "group", "handle", "key", "high", "deadline", "intrusive",
         "copy")
OURS = POOLS[:1]


def time(raw):
    return raw["ns_per_job"]


def cpu(raw):
    return raw["cpu_ns_per_job"]


class KindCase(Case):
    part = "kinds"
    peers = False
    group = "kinds of jobs"
    metrics = (("time", time), ("CPU", cpu))
    columns = (("ns/job", "%.0f", time), ("CPU ns/job", "%.0f", cpu))

    def __init__(self, build, tier, number):
        waves = max(1, tier.bulk_jobs // WAVE)
        super().__init__("%s jobs" % KINDS[number], OURS, tier.rounds,
                         waves * WAVE * 150e-9 + 0.01)
        if number:
            plain = "%s jobs" % KINDS[0]
            self.own = (("time", time, plain), ("CPU", cpu, plain))
        self.command = ["%s/bench/kinds" % build, "--workers=%d" % WORKERS,
                        "--kind=%d" % number, "--waves=%d" % waves,
                        "--wave=%d" % WAVE]

    prepare_s = 0

    def measure(self, pool, rng):
        return run_json(self.command + [
            "--seed=%d" % rng.randrange(1 << 16)], rng)


def cases(build, tier):
    return [KindCase(build, tier, number) for number in range(len(KINDS))]
