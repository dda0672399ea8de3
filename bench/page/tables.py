# SPDX-License-Identifier: MIT
"""Tables of the page."""

from html import escape

import cost_part
import host_card
from page.data import VERDICT_STYLE, ratio_text


def table(titles, rows, numbers=(), style=""):
    """rows: lists of cells that are text, or markup in a one-element tuple.
    numbers: the columns that are aligned as such."""
    def cell(name, at, content):
        style = ' class="n"' if at in numbers else ""
        inside = content[0] if isinstance(content, tuple) else escape(content)
        return "<%s%s>%s</%s>" % (name, style, inside, name)
    head = "".join(cell("th", at, words) for at, words in enumerate(titles))
    body = "".join("<tr>%s</tr>" % "".join(
        cell("td", at, content) for at, content in enumerate(row))
        for row in rows)
    return ('<div class="scroll"><table%s><thead><tr>%s</tr></thead><tbody>%s'
            '</tbody></table></div>' % (style and ' class="%s"' % style, head,
                                        body))


def verdict(word):
    return ('<span class="%s">%s</span>' % (VERDICT_STYLE.get(word, "tie"),
                                            escape(word)),)


def figures(found):
    """Absolute medians of one part; a cell that does not apply says why."""
    rows, last = [], None
    for row in found["rows"]:
        first = row["case"] != last
        last = row["case"]
        cells = "<td>%s</td><td>%s</td>" % (escape(row["case"]) if first
                                            else "", escape(row["pool"]))
        if "cells" in row:
            cells += "".join('<td class="n">%s</td>' % escape(cell["text"])
                             for cell in row["cells"])
        else:
            cells += '<td class="why" colspan="%d">N/A: %s</td>' % (
                len(found["columns"]), escape(row["not_applicable"]))
        rows.append("<tr%s>%s</tr>" % (' class="first"' * first, cells))
    head = "<th>case</th><th>pool</th>" + "".join(
        '<th class="n">%s</th>' % escape(title) for title in found["columns"])
    return ('<div class="scroll"><table><thead><tr>%s</tr></thead><tbody>%s'
            '</tbody></table></div>' % (head, "".join(rows)))


def absent(data):
    """What pools cannot do, by pool and reason."""
    cases = {}
    for row in data.found["not_applicable"]:
        cases.setdefault((row["pool"], row["why"]), []).append(row["case"])
    return table(["pool", "N/A because", "cases"], [
        [pool, why, ", ".join(names)]
        for (pool, why), names in sorted(cases.items())]) if cases else ""


def cost(rows):
    titles = ["pool"] + [title for title, *_ in cost_part.COUNTED
                         + cost_part.RUNNING]
    return table(titles, [[row["name"], *cost_part.cells(row)]
                          for row in rows], range(1, len(titles)))


def host(card):
    return table(["what", "takes"], [
        [words, figure.replace(" us", " µs")]
        for words, figure in host_card.lines(card)], (1,), "fit")


def figure(value):
    """Four digits, and no power of ten."""
    return "%.0f" % value if value >= 1000 else "%.4g" % value


def efficiency(rows):
    return table(
        ["case", "figure", "pool", "measured", "floor", "times the floor"],
        [[row["case"], row["figure"], row["pool"], figure(row["value"]),
          figure(row["floor"]), "%.2f" % row["times_floor"]]
         for row in rows], (3, 4, 5))


def predictions(rows):
    style = {"held": "good", "failed": "bad"}
    return table(
        ["expected before the first run", "range", "measured", "outcome"],
        [[row["prediction"], row["expected"], row["measured"] or "–",
          ('<b class="%s">%s</b>' % (style.get(row["outcome"], "tie"),
                                     row["outcome"]),)] for row in rows])


def comparisons(rows):
    def median(value):
        return "–" if value is None else "%.2f" % value
    return table(
        ["case", "metric", "against", "median and interval", "verdict",
         "rounds", "clean", "all", "outliers"],
        [[row["case"], row["metric"], row["baseline"], ratio_text(row),
          verdict(row["verdict"]), "%d" % row["rounds"],
          median(row["median_clean"]), median(row["median_all"]),
          "%d + %d" % (row["outliers_mild"], row["outliers_severe"])]
         for row in rows], (3, 5, 6, 7, 8))


def noise(rounds):
    return table(
        ["round", "try", "stolen %", "others' CPU %", "own CPU %",
         "waited for a CPU, s", "load", "cache line ns", "took s", ""],
        [["%d" % (row["round"] + 1), "%d" % (row["attempt"] + 1),
          "%.2f" % row["steal_percent"], "%.2f" % row["foreign_percent"],
          "%.0f" % row["own_percent"],
          "–" if row["pressure_us"] is None
          else "%.2f" % (row["pressure_us"] / 1e6),
          "–" if row["load"] is None else "%.2f" % row["load"],
          "–" if row["cache_line_round_trip_ns"] is None
          else "%.0f" % row["cache_line_round_trip_ns"],
          "%.1f" % row["seconds"],
          ('<span class="bad">disturbed</span>',) if row["dirty"] else ""]
         for row in rounds], range(0, 9))


def environment(context):
    def words(value):
        if isinstance(value, dict):
            return "; ".join("%s: %s" % item for item in value.items())
        if isinstance(value, list):
            return "; ".join(words(item) for item in value)
        return "%.2f" % value if isinstance(value, float) else str(value)
    return table(["", ""], [[key.replace("_", " "), words(value)]
                            for key, value in context.items()], style="fit")


def pools(data):
    limits = {name: pool.get("limits") or [] for name, pool in
              data.pools.items()}
    return table(
        ["pool", "kind", "default settings?", "order", "bound", "cannot",
         "note"],
        [[name, pool.get("kind", ""),
          {True: "yes", False: "its best"}.get(pool.get("is_default_config"),
                                               ""),
          str(pool.get("order") or ""), str(pool.get("bound") or ""),
          ", ".join(limits[name]) if isinstance(limits[name], list)
          else str(limits[name]), str(pool.get("note") or "")]
         for name, pool in data.pools.items() if name in data.measured])
