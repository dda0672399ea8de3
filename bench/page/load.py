# SPDX-License-Identifier: MIT
"""Latency under a load that comes whether or not it is served (open loop)."""

from statistics import median

from page import charts, svg


def curves(data):
    """{pool: [(offered a second, p50 us, p99 us)]}."""
    found = {}
    for pool in data.measured:
        by_rate = {}
        for case in data.cases("http"):
            if not case.startswith("open loop"):
                continue
            for raw in data.raws("http", pool, case):
                by_rate.setdefault(case, []).append(raw)
        points = sorted(tuple(median(raw[key] for raw in raws) for key in
                              ("offered_per_s", "p50_us", "p99_us"))
                        for raws in by_rate.values())
        if len(points) >= 2:
            found[pool] = points
    return found


def draw(data, pools, width=440, height=300):
    rates = [rate for points in pools.values() for rate, *_ in points]
    times = [time for points in pools.values() for _, *both in points
             for time in both]
    x = svg.Linear(0, max(rates) * 1.05, charts.LEFT, width - charts.RIGHT)
    y = svg.Log(*svg.with_margin(times), height - charts.BOTTOM, charts.TOP)
    parts = charts.frame(x, y, ("requests a second that are sent",
                                "µs; p99 drawn through, p50 dashed"))
    for pool, points in reversed(pools.items()):
        for at, dashed in ((1, True), (2, False)):
            parts.append(charts.curve(
                [(x.at(point[0]), y.at(point[at])) for point in points],
                data.look(pool), dashed, "%s, %s" % (
                    pool, "p50" if dashed else "p99")))
    return svg.picture(width, height, "Latency by offered load", *parts)
