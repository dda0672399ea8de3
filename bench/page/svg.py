# SPDX-License-Identifier: MIT
"""What pictures are made of: elements, scales and axes."""

from html import escape
from math import ceil, floor, log10

NR_MARKS = 8


def number(value):
    return ("%.2f" % value).rstrip("0").rstrip(".")


def attributes(fields):
    return "".join(' %s="%s"' % (
        key.rstrip("_").replace("_", "-"),
        number(value) if isinstance(value, float) else escape(str(value)))
        for key, value in fields.items() if value is not None)


def tag(name, *content, **fields):
    """An element; its content is markup already."""
    inside = "".join(content)
    if not inside:
        return "<%s%s/>" % (name, attributes(fields))
    return "<%s%s>%s</%s>" % (name, attributes(fields), inside, name)


def line(x1, y1, x2, y2, style):
    return tag("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2),
               class_=style)


def text(x, y, words, style="", anchor=None, **more):
    return tag("text", escape(words), x=float(x), y=float(y),
               class_=style or None, text_anchor=anchor, **more)


def title(words):
    """What shows when the pointer rests there."""
    return tag("title", escape(words))


def path(points, style):
    return tag("path", d="M" + "L".join(
        "%s %s" % (number(x), number(y)) for x, y in points), class_=style)


def mark(kind, x, y, size, style, *content):
    """A point that is told from others by its shape as well as its colour."""
    if kind == 0:
        return tag("circle", *content, cx=float(x), cy=float(y),
                   r=float(size), class_=style)
    shapes = {
        1: ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
        2: ((-.95, -.95), (.95, -.95), (.95, .95), (-.95, .95)),
        3: ((0, -1.2), (1.1, .8), (-1.1, .8)),
        4: ((0, 1.2), (1.1, -.8), (-1.1, -.8)),
        5: ((-1.2, -.45), (1.2, -.45), (1.2, .45), (-1.2, .45)),
        6: ((-.45, -1.2), (.45, -1.2), (.45, 1.2), (-.45, 1.2)),
        7: ((-1.2, 0), (-.6, -1.05), (.6, -1.05), (1.2, 0), (.6, 1.05),
            (-.6, 1.05)),
    }
    return tag("polygon", *content, class_=style, points=" ".join(
        "%s,%s" % (number(x + size * dx), number(y + size * dy))
        for dx, dy in shapes[kind % NR_MARKS]))


def picture(width, height, words, *content, style=None):
    """A whole picture; the words say what it shows to who cannot see it."""
    return tag("svg", title(words), *content,
               viewBox="0 0 %s %s" % (number(width), number(height)),
               width=number(width), height=number(height), role="img",
               class_=style)


class Linear:
    """From values to places."""

    def __init__(self, low, high, start, end):
        self.low, self.high = low, max(high, low + 1e-12)
        self.start, self.end = start, end

    def share(self, value):
        return (value - self.low) / (self.high - self.low)

    def at(self, value):
        share = min(1.0, max(0.0, self.share(value)))
        return self.start + share * (self.end - self.start)

    def ticks(self, wanted=5):
        step = 10 ** floor(log10((self.high - self.low) / wanted))
        step *= next((times for times in (1, 2, 5) if (self.high - self.low)
                      / (step * times) <= wanted), 10)
        first = ceil(self.low / step - 1e-9)
        last = floor(self.high / step + 1e-9)
        return [round(index * step, 12) for index in range(first, last + 1)]


class Log(Linear):
    """The same on a logarithmic scale."""

    def share(self, value):
        return ((log10(value) - log10(self.low))
                / (log10(self.high) - log10(self.low)))

    def ticks(self, wanted=3):
        """1, 10, 100; 1, 3, 10; 1, 2, 5, 10: what gives enough of them."""
        for digits in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7),
                       range(1, 10)):
            found = [digit * 10.0 ** power
                     for power in range(floor(log10(self.low)),
                                        ceil(log10(self.high)) + 1)
                     for digit in digits]
            found = [value for value in found
                     if self.low * 0.9999 <= value <= self.high * 1.0001]
            if len(found) >= wanted:
                break
        return found


def with_margin(values, times=1.15):
    """The ends of a logarithmic axis that shows all of them."""
    return min(values) / times, max(values) * times


def nice(value):
    """1, 20, 0.5, 3k: a number on an axis."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return "%g%s" % (round(value / size, 2), letter)
    return "%g" % round(value, 4)
