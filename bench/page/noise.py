# SPDX-License-Identifier: MIT
"""The noise log as a picture: what others took of each attempt at a round."""

import guard
from page import charts, svg

HEIGHT, GAP = 190, 1.5


def draw(rounds, width):
    highest = max([2 * guard.FOREIGN_MAX] + [
        entry[key] for entry in rounds
        for key in ("foreign_percent", "steal_percent")])
    y = svg.Linear(0, min(100, highest), HEIGHT - charts.BOTTOM, charts.TOP)
    x = svg.Linear(0, max(len(rounds), 24), charts.LEFT, width - charts.RIGHT)
    parts = charts.frame(x, y, ("attempts at rounds, in order",
                                "% of all CPUs: used by others, stolen"), [])
    for at, entry in enumerate(rounds):
        left, right = x.at(at) + GAP / 2, x.at(at + 1) - GAP / 2
        style = "f-bad" if entry["dirty"] else "f-tie"
        words = "round %d, try %d: others %.1f %%, stolen %.2f %%" % (
            entry["round"] + 1, entry["attempt"] + 1,
            entry["foreign_percent"], entry["steal_percent"])
        bars = []
        for key, start, end in (
                ("foreign_percent", left, left + (right - left) * 0.64),
                ("steal_percent", left + (right - left) * 0.68, right)):
            top = y.at(max(0, entry[key]))
            bars.append(svg.tag("rect", x=start, y=top, width=end - start,
                                height=max(0.5, y.start - top), class_=style))
        parts.append(svg.tag("g", svg.title(words), *bars))
    parts += [svg.line(x.start, y.at(limit), x.end, y.at(limit), "one dash")
              for limit in (guard.FOREIGN_MAX, guard.STEAL_MAX)]
    return svg.picture(width, HEIGHT, "What others took", *parts)
