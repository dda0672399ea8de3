# SPDX-License-Identifier: MIT
"""How much of the CPU time is work, by the length of a job; and where it is
half, the METG."""

from statistics import median

from page import charts, svg


def cases(data):
    """(part, case) of all that looked for such a length."""
    found = {row["case"]: row["part"] for row in data.found["benchmarks"]
             if row["raw"].get("points")}
    return [(found[case], case) for case in data.cases() if case in found]


def curves(data, part, case):
    """{pool: [(job ns, efficiency)]}: medians of sizes that at least half of
    the rounds have."""
    found = {}
    for pool in data.measured:
        raws = [raw for raw in data.raws(part, pool, case)
                if raw.get("points")]
        by_size = {}
        for raw in raws:
            for size, efficiency in raw["points"]:
                by_size.setdefault(round(size, 1), []).append(efficiency)
        points = [(size, median(values))
                  for size, values in sorted(by_size.items())
                  if 2 * len(values) >= len(raws)]
        if points:
            found[pool] = points
    return found


def lengths(data, part, case, pools):
    """{pool: METG(50)}, medians."""
    found = {}
    for pool in pools:
        values = [raw[key] for raw in data.raws(part, pool, case)
                  for key in ("metg_ns", "metg50_ns") if key in raw]
        found[pool] = median(values) if values else None
    return found


KEY_WIDTH = 210


def _key(data, metgs, x, y):
    """For a picture that stands alone."""
    for pool, ns in metgs.items():
        kind, colour = data.look(pool)
        yield svg.mark(kind, x, y, 4.2, "f-c%d" % colour)
        yield svg.text(x + 12, y + 4, "%s, %.0f ns" % (pool, ns) if ns
                       else pool)
        y += 20


def draw(data, part, case, size=(440, 300), with_key=False):
    """With a key, and ours and the baselines alone, if it has to stand alone."""
    pools = curves(data, part, case)
    if with_key:
        pools = {pool: pools[pool] for pool in pools
                 if pool in data.main_pools}
    width, height = size
    sizes = [size for points in pools.values() for size, _ in points]
    metgs = lengths(data, part, case, pools)
    low, high = svg.with_margin(sizes + [ns for ns in metgs.values() if ns],
                                1.6)
    x = svg.Log(low, high, charts.LEFT,
                width - charts.RIGHT - KEY_WIDTH * with_key)
    y = svg.Linear(0, 1, height - charts.BOTTOM, charts.TOP)
    parts = charts.frame(x, y, ("length of a job, ns",
                                "share of the CPU time that is work"))
    parts.append(svg.line(x.start, y.at(0.5), x.end, y.at(0.5), "one dash"))
    for pool, points in reversed(pools.items()):
        look = data.look(pool)
        if metgs[pool] and pool in data.main_pools:
            at = x.at(metgs[pool])
            parts.append(svg.line(at, y.at(0.5), at, y.start,
                                  "plot dash s-c%d" % look[1]))
        parts.append(charts.curve(
            [(x.at(size), y.at(efficiency)) for size, efficiency in points],
            look, words="%s: half is work at %.0f ns" % (
                pool, metgs[pool] or 0)))
    if with_key:
        parts += _key(data, metgs, x.end + 24, y.end + 8)
    return svg.picture(width, height, case + ": efficiency by length",
                       *parts)
