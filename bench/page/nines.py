# SPDX-License-Identifier: MIT
"""Latency on an axis of nines: 90 %, 99 % and 99.9 % are equally far apart."""

from math import log10

from page import charts, svg
from page.data import percentiles


def nines(percent):
    return -log10(1 - percent / 100)


def sets(data):
    """(title, {pool: {percent: us}}) of whatever has a tail to show."""
    found = []
    for part in data.parts():
        for case in data.cases(part):
            by_what = {}
            for pool in data.measured:
                for what, points in percentiles(
                        data.raws(part, pool, case)).items():
                    if len(points) >= 3:
                        by_what.setdefault(what, {})[pool] = points
            for what, pools in by_what.items():
                found.append(("%s %s" % (case, what.replace("_", " ")), pools))
    return found


def draw(data, name, pools, width=440, height=300):
    ends = [us for points in pools.values() for us in points.values()]
    percents = sorted({percent for points in pools.values()
                       for percent in points})
    x = svg.Linear(nines(percents[0]), nines(percents[-1]), charts.LEFT,
                   width - charts.RIGHT - 8)
    y = svg.Log(*svg.with_margin([max(us, 1e-3) for us in ends]),
                height - charts.BOTTOM, charts.TOP)
    parts = charts.frame(x, y, ("of all are faster", "µs from submit to start"
                                if "wake" in name else "µs"),
                         [(nines(percent), "%g %%" % percent)
                          for percent in percents])
    for pool, points in reversed(pools.items()):
        parts.append(charts.curve(
            [(x.at(nines(percent)), y.at(max(us, 1e-3)))
             for percent, us in points.items()], data.look(pool),
            words=pool + ": " + ", ".join("%g %% %.1f us" % item
                                          for item in points.items())))
    return svg.picture(width, height, "Latency of " + name, *parts)
