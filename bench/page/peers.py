# SPDX-License-Identifier: MIT
"""Other libraries: one line for each case, one mark for each library."""

from page import svg
from page.data import ratio_text

ROW, TOP, BOTTOM = 24, 34, 30


def lines_of(data):
    """(name, {peer: row}) of each case and metric that they ran."""
    lines = {}
    for peer in data.peers:
        for row in data.against(peer):
            lines.setdefault("%s · %s" % (row["case"], row["metric"]),
                             {})[peer] = row
    return sorted(lines.items(), key=lambda item: -max(
        row["median"] for row in item[1].values()))


def draw(data, lines, width):
    is_stacked = width < 600
    left = 8 if is_stacked else min(350, 24 + 6.3 * max(
        len(name) for name, _ in lines))
    right = width - 12
    row_height = ROW + 14 if is_stacked else ROW
    values = [max(row[key], 1e-4) for _, rows in lines
              for row in rows.values() for key in ("low", "high")]
    x = svg.Log(*svg.with_margin(values + [0.9, 1.2], 1.12), left, right)
    bottom = TOP + row_height * len(lines)
    parts = [svg.tag("rect", x=x.at(0.95), y=float(TOP), class_="band",
                     width=x.at(1.05) - x.at(0.95),
                     height=float(bottom - TOP))]
    for tick in x.ticks():
        parts += [svg.line(x.at(tick), TOP, x.at(tick), bottom, "grid"),
                  svg.text(x.at(tick), bottom + 16, svg.nice(tick) + "×",
                           "small soft", "middle")]
    parts += [svg.line(x.at(1), TOP, x.at(1), bottom, "one"),
              svg.line(left, bottom, right, bottom, "axis"),
              svg.text(x.at(1) - 8, TOP - 8, "← the other is better", "head",
                       "end"),
              svg.text(x.at(1) + 8, TOP - 8, "rota is better →", "head")]
    for at, (name, rows) in enumerate(lines):
        y = TOP + row_height * at + row_height / 2
        if is_stacked:
            parts.append(svg.text(left, y - 6, name, "halo"))
            y += 9
        else:
            parts.append(svg.text(left - 14, y + 4, name, None, "end"))
        for peer, row in reversed(rows.items()):
            parts.append(svg.line(
                x.at(max(row["low"], 1e-4)), y, x.at(row["high"]), y,
                "whisker faint s-c%d" % data.look(peer)[1]))
        for peer, row in reversed(rows.items()):
            kind, colour = data.look(peer)
            parts.append(svg.mark(
                kind, x.at(row["median"]), y, 4.0, "f-c%d edge" % colour,
                svg.title("%s against %s: %s, %s" % (
                    name, peer, ratio_text(row), row["verdict"]))))
    return svg.picture(width, bottom + BOTTOM, "Other libraries", *parts)
