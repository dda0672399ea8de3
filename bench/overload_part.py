# SPDX-License-Identifier: MIT
"""Part 11: twice as many requests as can be answered. rota sheds what it cannot
do in time, the others queue it."""

from programs import run_json
from rounds import AGAIN, POOLS, Case

FLOOD_MS = {"full": 30000}
CALM_MS = 500
ROUNDS = 6


def in_time(raw):
    return 100 * raw["flood_per_s"] / raw["peak_per_s"]


class OverloadCase(Case):
    part = "overload"
    peers = False
    group = "overload"
    metrics = (("in time", lambda raw: 1 / max(raw["flood_per_s"], 0.1)),)
    columns = (
        ("peak requests/s", "%.0f", lambda raw: raw["peak_per_s"]),
        ("in time, % of peak", "%.1f", in_time),
        ("late", "%.0f", lambda raw: raw["flood_late"]),
        ("shed", "%.0f", lambda raw: raw["flood_shed"]),
        ("well again after ms", "%.1f", lambda raw: raw["recovered_ms"]))
    real_time_ns = 1e9

    def __init__(self, build, tier):
        flood_ms = FLOOD_MS.get(tier.name, 2000)
        super().__init__("twice what can be done", POOLS + (AGAIN,),
                         min(ROUNDS, tier.rounds),
                         2 * (flood_ms + CALM_MS) / 1e3 + 1)
        self.command = ["%s/bench/overload" % build,
                        "--flood-ms=%d" % flood_ms, "--calm-ms=%d" % CALM_MS]

    prepare_s = 0

    def measure(self, pool, rng):
        return run_json(self.command + [
            "--pool=" + pool, "--seed=%d" % rng.randrange(1 << 16)], rng)


def cases(build, tier):
    return [OverloadCase(build, tier)]
