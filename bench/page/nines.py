# SPDX-License-Identifier: MIT
"""Latency on an axis of nines: 90 %, 99 % and 99.9 % are equally far apart."""

from collections import namedtuple
from math import log10

from page import charts, svg
from page.data import percentiles

KEY = ('<li>%s no pool can be better</li>' % svg.tag(
    "svg", svg.line(0, 7, 20, 7, "plot dash s-tie"), width=20, height=14,
    viewBox="0 0 20 14", aria_hidden="true"))
IDEAL = ("ideal", "bare")  # what a program calls the best that there can be
ASIDE = IDEAL + ("lag", "start", "submit", "inline", "first")

# pools: {pool: {percent: us}}; ideal: {percent: us}
Curves = namedtuple("Curves", "name pools ideal")


def nines(percent):
    return -log10(1 - percent / 100)


def _curves(data, part, case):
    by_what, ideal = {}, {}
    for pool in data.measured:
        for what, points in percentiles(data.raws(part, pool, case)).items():
            if what.startswith(IDEAL) and pool == data.ours:
                ideal = points
            elif not what.startswith(ASIDE):
                by_what.setdefault(what, {})[pool] = points
    for what, pools in by_what.items():
        yield Curves(("%s %s" % (case, what.replace("_", " "))).strip(), pools,
                     ideal)


def sets(data):
    """Whatever has a tail to show: three points, or two if none has three."""
    found = [curves for part in data.parts()
             if part != "http"  # load.py has it
             for case in data.cases(part)
             for curves in _curves(data, part, case)]
    for least in (3, 2):
        enough = [curves for curves in found if any(
            len(points) >= least for points in curves.pools.values())]
        if enough:
            return enough
    return []


def draw(data, curves, width=440, height=290):
    lines = [points for points in (*curves.pools.values(), curves.ideal)
             if points]
    percents = sorted({percent for points in lines for percent in points})
    x = svg.Linear(nines(percents[0]), nines(percents[-1]), charts.LEFT,
                   width - charts.RIGHT - 8)
    y = svg.Log(*svg.with_margin([max(us, 1e-3) for points in
                                  curves.pools.values()
                                  for us in points.values()], 1.4),
                height - charts.BOTTOM, charts.TOP)

    def places(points):
        return [(x.at(nines(percent)), y.at(max(us, 1e-3)))
                for percent, us in points.items()]
    parts = charts.frame(x, y, ("of all are faster", "µs"),
                         [(nines(percent), "%g %%" % percent)
                          for percent in percents])
    ideal = {percent: us for percent, us in curves.ideal.items()
             if us >= y.low}  # what is far below would flatten the rest
    if len(ideal) > 1:
        parts.append(svg.path(places(ideal), "plot dash s-tie"))
    for pool, points in reversed(curves.pools.items()):
        parts.append(charts.curve(
            places(points), data.look(pool),
            words=pool + ": " + ", ".join("%g %% %.1f us" % item
                                          for item in points.items())))
    return svg.picture(width, height, "Latency: " + curves.name, *parts)
