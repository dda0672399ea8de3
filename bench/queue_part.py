# SPDX-License-Identifier: MIT
"""Part 18: queues alone. The one inside of rota is set against the others, as
rota against itself."""

import steps
from programs import run_json
from rounds import POOLS, Case

QUEUES = ("rota's ring", "ck_ring", "mutex and list")  # as --queue counts them
THREADS = (1, 2, 4, 8)
PAIRS = {"quick": 50000, "full": 400000}
FEW = ("quick", "standard")  # tiers that ask for two threads only
OURS = POOLS[:1]
LEAST_NS = 1  # less cannot be told from none


def cost(raw):
    return max(LEAST_NS, raw["ns"])


class QueueCase(Case):
    part = "queue"
    peers = False
    columns = (
        ("ns", "%.0f", lambda raw: raw["ns"]),
        ("bound ns", "%.0f", lambda raw: raw["bound_ns"]),
        ("delay ns", "%.0f", lambda raw: raw["delay_ns"]))
    metrics = (("time", cost),)

    def __init__(self, build, tier, what, options, queue):
        self.scenario = "Q2" if what.startswith("ping") else "Q1"
        self.group = "queues alone"
        pairs = PAIRS.get(tier.name, 200000)
        super().__init__("%s, %s" % (what, QUEUES[queue]), OURS, tier.rounds,
                         pairs * 1.5e-6 + 0.05)
        self.command = ["%s/bench/queue" % build, "--queue=%d" % queue,
                        "--pairs=%d" % pairs, *options]

    def measure(self, pool, rng):
        return run_json(self.command + steps.options() + [
            "--seed=%d" % rng.randrange(1 << 16)], rng)

    def prepare(self, pool, rng):
        if not steps.per_us():
            steps.learn(self.measure(pool, rng))


def shapes(tier):
    threads = THREADS[1:2] if tier.name in FEW else THREADS
    for number in threads:
        yield "pairs, %d threads" % number, ("--mode=0",
                                             "--threads=%d" % number)
    if tier.name not in FEW:
        for number in THREADS:
            yield "by lot, %d threads" % number, ("--mode=1",
                                                  "--threads=%d" % number)
    yield "ping-pong", ("--mode=2",)
    yield "ping-pong on two CPUs", ("--mode=2", "--pin=1")


def cases(build, tier):
    found = []
    for what, options in shapes(tier):
        own = [QueueCase(build, tier, what, options, queue)
               for queue in range(len(QUEUES))]
        # the others' time over ours, in the same round
        own[0].own = tuple(("time, %s" % QUEUES[queue], cost,
                            own[queue].name) for queue in (1, 2))
        found += own
    return found
