# SPDX-License-Identifier: MIT
"""Submitters by workers: the ratio in each cell, darker the further from 1."""

import re
from math import log2

from page import svg
from page.data import VERDICT_STYLE, ratio_text, short_ratio

SHAPE = re.compile(r"^(.*?) (\d+)x(\d+)$")
CELL_W, CELL_H, LEFT, TOP = 62, 36, 68, 44


def maps(data, baseline):
    """{what jobs: {(submitters, workers): row}}."""
    found = {}
    for row in data.against(baseline):
        match = SHAPE.match(row["case"])
        if match and row["metric"] == "jobs/s":
            found.setdefault(match[1], {})[int(match[2]), int(match[3])] = row
    return {jobs: cells for jobs, cells in found.items() if len(cells) >= 3}


def _cell(x, y, row, size):
    if row is None:
        return svg.tag("g", svg.title("not measured"), svg.tag(
            "rect", x=x + 1.5, y=y + 1.5, width=size[0] - 3.0,
            height=size[1] - 3.0, rx=4, class_="empty"))
    style = VERDICT_STYLE[row["verdict"]]
    depth = min(0.55, 0.10 + 0.09 * abs(log2(max(row["median"], 1e-3))))
    return svg.tag("g", svg.title("%s: %s, %s" % (
        row["case"], ratio_text(row), row["verdict"])), svg.tag(
            "rect", x=x + 1.0, y=y + 1.0, width=size[0] - 2.0,
            height=size[1] - 2.0, rx=4, class_="f-" + style,
            fill_opacity="%.2f" % depth), svg.text(
                x + size[0] / 2, y + size[1] / 2 + 4,
                short_ratio(row["median"]), "strong", "middle"))


def draw(cells, name):
    rows = sorted({shape[0] for shape in cells})
    columns = sorted({shape[1] for shape in cells})
    size = (CELL_W, CELL_H)
    parts = [svg.text(LEFT, 14, "workers", "head"),
             svg.text(0, TOP - 8, "submitters", "head")]
    for at, workers in enumerate(columns):
        parts.append(svg.text(LEFT + (at + .5) * CELL_W, TOP - 8,
                              str(workers), "small soft", "middle"))
    for at, submitters in enumerate(rows):
        y = TOP + at * CELL_H
        parts.append(svg.text(LEFT - 10, y + CELL_H / 2 + 4, str(submitters),
                              "small soft", "end"))
        for column, workers in enumerate(columns):
            parts.append(_cell(LEFT + column * CELL_W, y,
                               cells.get((submitters, workers)), size))
    return svg.picture(max(LEFT + len(columns) * CELL_W, 300),
                       TOP + len(rows) * CELL_H + 4, name, *parts)
