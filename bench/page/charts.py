# SPDX-License-Identifier: MIT
"""A chart of lines with points, and its key: what the curves share."""

from html import escape

from page import svg

LEFT, RIGHT, TOP, BOTTOM = 48, 16, 26, 44


def frame(x, y, names, x_ticks=None):
    """Axes and grid; names: of both axes. x_ticks: (value, words)."""
    parts = []
    if x_ticks is None:
        x_ticks = [(tick, svg.nice(tick)) for tick in x.ticks()]
    for value in y.ticks():
        parts += [svg.line(x.start, y.at(value), x.end, y.at(value), "grid"),
                  svg.text(x.start - 8, y.at(value) + 4, svg.nice(value),
                           "small soft", "end")]
    for value, words in x_ticks:
        parts += [svg.line(x.at(value), y.end, x.at(value), y.start, "grid"),
                  svg.text(x.at(value), y.start + 17, words, "small soft",
                           "middle")]
    parts += [svg.line(x.start, y.start, x.end, y.start, "axis"),
              svg.text(4, y.end - 11, names[1], "head"),
              svg.text((x.start + x.end) / 2, y.start + 35, names[0], "head",
                       "middle")]
    return parts


def curve(points, look, dashed=False, words=""):
    """points: places already."""
    kind, colour = look
    style = "c%d" % colour
    parts = [svg.path(points, "plot s-%s%s" % (style, " dash" * dashed))]
    parts += [svg.mark(kind, x, y, 3.4, "f-" + style) for x, y in points]
    return svg.tag("g", svg.title(words), *parts)


def key(data, pools, more=""):
    """Which mark is which pool: HTML."""
    items = []
    for pool in pools:
        kind, colour = data.look(pool)
        items.append("<li>%s%s</li>" % (svg.tag(
            "svg", svg.mark(kind, 7, 7, 4.2, "f-c%d" % colour), width=14,
            height=14, viewBox="0 0 14 14", aria_hidden="true"),
            escape(pool)))
    return '<ul class="key">%s%s</ul>' % ("".join(items), more)
