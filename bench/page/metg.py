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


def draw(data, part, case, size=(440, 300), with_key=False):
    pools = curves(data, part, case)
    width, height = size
    sizes = [size for points in pools.values() for size, _ in points]
    metgs = lengths(data, part, case, pools)
    low, high = svg.with_margin(sizes + [ns for ns in metgs.values() if ns],
                                1.6)
    x = svg.Log(low, high, charts.LEFT, width - charts.RIGHT)
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
    for at, pool in enumerate(pools if with_key else ()):
        kind, colour = data.look(pool)
        y_key = y.end + 14 + 18 * at
        parts += [svg.mark(kind, x.start + 14, y_key, 4.2, "f-c%d" % colour),
                  svg.text(x.start + 26, y_key + 4, "%s, %.0f ns" % (
                      pool, metgs[pool]) if metgs[pool] else pool)]
    return svg.picture(width, height, case + ": efficiency by length",
                       *parts)
