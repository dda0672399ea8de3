# SPDX-License-Identifier: MIT
"""Draws the plots of README.md: plots.py RESULTS.json FOLDER

They are pictures that stand alone, light or dark as the reader is.
"""

import os
import re
import sys

from page import data as results
from page import forest, metg, style, svg

MARGIN = 16.0
SHOWN = ("throughput", "tree", "burst", "metg", "bulk", "wake", "server")


def alone(picture):
    """With the colours and the type that a page would give it, and paper: a
    dark site may be read where the system prefers light."""
    start, _, rest = picture.partition(">")
    width, height = (float(size) for size in re.search(
        r'viewBox="0 0 (\S+) (\S+)"', start).groups())
    size = width + 2 * MARGIN, height + 2 * MARGIN
    return svg.tag(
        "svg", svg.tag("style", style.COLOURS + style.PICTURES),
        svg.tag("rect", x=-MARGIN, y=-MARGIN, width=size[0], height=size[1],
                rx=10, class_="paper"), rest.removesuffix("</svg>"),
        xmlns="http://www.w3.org/2000/svg", role="img", width=size[0],
        height=size[1], viewBox="%d %d %g %g" % (-MARGIN, -MARGIN, *size)) \
        + "\n"


def ratios(data):
    """The forest of the parts that README.md speaks of."""
    parts = {row["case"]: row["part"] for row in data.summary}
    lines = [line for line in forest.lines_of(data)
             if parts[line[0].split(" · ")[0]] in SHOWN]
    return forest.draw(data, 880, lines=lines)


def lengths(data):
    """Efficiency by the length of a job, with its key inside."""
    cases = [case for case in metg.cases(data) if case[0] == "metg"]
    return metg.draw(data, *cases[0], (880, 320), with_key=True) \
        if cases else ""


def write(path, folder):
    data = results.load(path)
    os.makedirs(folder, exist_ok=True)
    for name, picture in (("ratios.svg", ratios(data)),
                          ("job-length.svg", lengths(data))):
        if picture:
            out = os.path.join(folder, name)
            with open(out, "w", encoding="utf-8") as file:
                file.write(alone(picture))
            print(out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write(*sys.argv[1:])
