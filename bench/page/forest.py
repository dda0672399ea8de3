# SPDX-License-Identifier: MIT
"""The forest plot: each ratio with its interval, losers too, sorted."""

from page import svg
from page.data import VERDICT_STYLE, ratio_text, short_ratio

ROW, STACKED_ROW, TOP, BOTTOM, GAP = 21, 40, 60, 34, 8


class Shape:
    """Where things are: beside each other if there is room, else stacked."""

    def __init__(self, width, label, columns):
        self.width, self.columns = width, columns
        self.is_stacked = width < 600
        self.row = STACKED_ROW if self.is_stacked else ROW
        self.left = 8 if self.is_stacked else label
        self.right = width - (8 if self.is_stacked else 66 * columns + 12)


def lines_of(data):
    """One line for each case and metric: (name, rows by baseline), the best
    first."""
    lines = {}
    for baseline in data.main_baselines():
        for row in data.against(baseline):
            key = "%s · %s" % (row["case"], row["metric"])
            lines.setdefault(key, {})[baseline] = row
    first = data.baseline
    return sorted(lines.items(), key=lambda item: -item[1].get(
        first, next(iter(item[1].values())))["median"])


def worth_most(data, lines, most=60):
    """If there are many: the first metric of each case, and every loss."""
    if len(lines) <= most:
        return lines
    first = {}
    for row in data.summary:
        first.setdefault(row["case"], row["metric"])
    return [(name, rows) for name, rows in lines if any(
        row["verdict"] == "slower" or first[row["case"]] == row["metric"]
        for row in rows.values())]


def _label_width(lines):
    return min(350, 24 + 6.3 * max(len(name) for name, _ in lines))


def _scale(lines, again, shape):
    values = [row[key] for _, rows in lines for row in rows.values()
              for key in ("low", "high")]
    values += [row[key] for row in again for key in ("low", "high")]
    low, high = svg.with_margin([max(value, 1e-4) for value in values
                                 + [0.9, 1.2]], 1.12)
    return svg.Log(low, high, shape.left, shape.right)


def _whisker(x, y, row, kind, verdict):
    style = VERDICT_STYLE[verdict]
    tone = "f-" if verdict in ("faster", "slower") else "o-"
    low, high = (max(row[key], 1e-4) for key in ("low", "high"))
    return "".join((
        svg.line(x.at(low), y, x.at(high), y, "whisker s-" + style),
        svg.mark(kind, x.at(row["median"]), y, 3.4, tone + style, svg.title(
            "%s, %s against %s: %s, %s" % (
                row["case"], row["metric"], row["baseline"], ratio_text(row),
                row["verdict"])))))


def _frame(x, top, bottom, shape):
    parts = [svg.tag("rect", x=x.at(0.95), y=float(top), height=float(
        bottom - top), width=x.at(1.05) - x.at(0.95), class_="band")]
    for tick in x.ticks():
        style = "one" if tick == 1 else "grid"
        parts += [svg.line(x.at(tick), top, x.at(tick), bottom, style),
                  svg.text(x.at(tick), bottom + 15, svg.nice(tick) + "×",
                           "small soft", "middle")]
    if 1 not in x.ticks():
        parts.append(svg.line(x.at(1), top, x.at(1), bottom, "one"))
    parts += [svg.text(x.at(1) - 8, top - 7, "← worse", "head", "end"),
              svg.text(x.at(1) + 8, top - 7, "better →", "head"),
              svg.line(shape.left, bottom, shape.right, bottom, "axis")]
    return parts


def _numbers(shape, y, rows, baselines):
    """The medians at the right, one column for each baseline."""
    for at, baseline in enumerate(baselines):
        row = rows.get(baseline)
        if row:
            verdict = VERDICT_STYLE[row["verdict"]]
            yield svg.text(shape.width - 66 * (len(baselines) - 1 - at) - 2,
                           y + 4, short_ratio(row["median"]),
                           "t-" + verdict + (" strong" if verdict != "tie"
                                             else ""), "end")


def _again_line(data, x, y, shape):
    """Every A/A interval on one line: what no difference looks like."""
    again = [row for row in data.summary if data.is_again(row)]
    if not again:
        return
    noisy = sum(row["verdict"] == "noisy" for row in again)
    words = "a pool against itself (A/A)"
    label_y = y - 13 if shape.is_stacked else y
    yield svg.text(shape.left - (0 if shape.is_stacked else 14), label_y + 4,
                   words, "strong halo", "start" if shape.is_stacked else "end")
    for at, row in enumerate(again):
        shift = (at - (len(again) - 1) / 2) * min(2.0, 12 / len(again))
        style = VERDICT_STYLE[row["verdict"]]
        yield svg.tag("g", svg.title("%s, %s: %s" % (
            row["case"], row["metric"], ratio_text(row))), svg.line(
                x.at(row["low"]), y + shift, x.at(row["high"]), y + shift,
                "whisker s-" + style))
    yield svg.text(shape.width - 2, label_y + 4,
                   "%d of %d noisy" % (noisy, len(again)) if noisy
                   else "quiet", "small soft halo", "end")


def draw(data, width, style=None, lines=None):
    lines = lines_of(data) if lines is None else lines
    baselines = data.main_baselines()
    if not lines:
        return ""
    shape = Shape(width, max(180, _label_width(lines)), len(baselines))
    again = [row for row in data.summary if data.is_again(row)]
    x = _scale(lines, again, shape)
    top = TOP if not shape.is_stacked else 40
    bottom = top + shape.row * (len(lines) + 1) + GAP + 6
    parts = _frame(x, top, bottom, shape)
    if not shape.is_stacked:
        for at, baseline in enumerate(baselines):
            right = shape.width - 66 * (len(baselines) - 1 - at) - 2
            for nr, word in enumerate(baseline.split("-")):
                parts.append(svg.text(right, top - 22 + 14 * nr, word, "head",
                                      "end"))
    y = top + shape.row * (0.7 if shape.is_stacked else 0.5) + 2
    parts += _again_line(data, x, y, shape)
    split = top + shape.row + GAP / 2 + 1
    parts.append(svg.line(0, split, width, split, "grid"))
    y += GAP
    for name, rows in lines:
        y += shape.row
        if shape.is_stacked:
            parts.append(svg.text(shape.left, y - 10, name, "halo"))
            figures = " / ".join(short_ratio(rows[baseline]["median"])
                                 for baseline in baselines if baseline in rows)
            parts.append(svg.text(shape.width - 2, y - 10, figures,
                                  "soft halo", "end"))
        else:
            parts.append(svg.text(shape.left - 14, y + 4, name, None, "end"))
            parts += _numbers(shape, y, rows, baselines)
        mark_y = y + (4 if shape.is_stacked else 0)
        for at, baseline in reversed(list(enumerate(baselines))):
            if baseline in rows:
                apart = 6.5 * (at - (len(baselines) - 1) / 2)
                parts.append(_whisker(x, mark_y + apart, rows[baseline], at,
                                      rows[baseline]["verdict"]))
    return svg.picture(width, bottom + BOTTOM - 8,
                       "Ratios of all cases with their intervals", *parts,
                       style=style)
