# SPDX-License-Identifier: MIT
"""The page from top to bottom. What was not measured is left out."""

from html import escape

import predictions
import terminal
from page import (charts, first, forest, heat, load, metg, nines, noise, peers,
                  style, tables)

WIDE, NARROW = 912, 360


def section(name, *content, note=""):
    inside = "".join(content)
    if not inside:
        return ""
    if note:
        note = '<p class="soft">%s</p>' % escape(note)
    return "<section><h2>%s</h2>%s%s</section>" % (escape(name), note, inside)


def figure(picture, caption=""):
    if not picture:
        return ""
    if caption:
        caption = "<figcaption>%s</figcaption>" % escape(caption)
    return "<figure>%s%s</figure>" % (picture, caption)


def both(draw):
    """Drawn for a wide window and for a narrow one; CSS shows one of them."""
    return ('<div class="wide">%s</div><div class="narrow">%s</div>'
            % (draw(WIDE), draw(NARROW)))


def forests(data):
    lines = forest.lines_of(data)
    if not lines:
        return ""
    names = data.main_baselines()
    words = " and ".join("%s (%s)" % item for item in zip(
        names, ("circles", "diamonds", "squares", "triangles")))
    some = forest.worth_most(data, lines)
    rest = ""
    if len(some) < len(lines):
        rest = "<details><summary>All %d</summary>%s</details>" % (
            len(lines), figure(both(lambda width: forest.draw(data, width))))
    shown = "Shown: the first metric of each case, and every loss. " if rest \
        else ""
    return figure(both(
        lambda width: forest.draw(data, width, lines=some)), shown + (
        "How many times as good as %s: the median of paired rounds and its "
        "exact interval; right of 1 is better, whatever the metric. Filled: "
        "faster or slower for certain; hollow: the same, or not clear. The "
        "grey band is 0.95 to 1.05.") % words) + rest


def latency(data):
    found = nines.sets(data)
    if not found:
        return ""
    drawn = "".join("<div><h3>%s</h3>%s</div>" % (
        escape(curves.name), figure(nines.draw(data, curves)))
        for curves in found)
    pools = dict.fromkeys(pool for curves in found for pool in curves.pools)
    return section("Latency", charts.key(data, pools, nines.KEY if any(
        curves.ideal for curves in found) else ""),
                   '<div class="pair">%s</div>' % drawn,
                   note="Medians of the rounds' percentiles. The axis is one "
                        "of nines: each step to the right is a rarer case.")


def sizes(data):
    cases = metg.cases(data)
    if not cases:
        return ""
    size = (640, 340) if len(cases) == 1 else (440, 280)
    pools = dict.fromkeys(pool for case in cases
                          for pool in metg.curves(data, *case))
    drawn = "".join("<div><h3>%s</h3>%s</div>" % (
        escape(name), figure(metg.draw(data, part, name, size)))
        for part, name in cases)
    return section("How short may a job be?", charts.key(data, pools),
                   '<div class="pair">%s</div>' % drawn,
                   note="Where a curve crosses the dashed line, half of the "
                        "CPU time is work: its METG(50).")


def shapes(data):
    drawn = []
    for baseline in data.main_baselines():
        for jobs, cells in heat.maps(data, baseline).items():
            name = "%s, against %s" % (jobs, baseline)
            drawn.append("<div><h3>%s</h3>%s</div>" % (
                escape(name), figure(heat.draw(cells, name))))
    if not drawn:
        return ""
    return section("Submitters by workers",
                   '<div class="pair">%s</div>' % "".join(drawn),
                   note="Jobs a second, so many times the baseline's. Blue is "
                        "faster, orange slower, grey the same or not clear; "
                        "dashed was not measured.")


def loads(data):
    pools = load.curves(data)
    if not pools:
        return ""
    return section("Web server under load", charts.key(data, pools), figure(
        load.draw(data, pools, 640, 360),
        "Open loop: requests come when they are due, and their time runs from "
        "then."))


def libraries(data):
    lines = peers.lines_of(data)
    if not lines:
        return ""
    return section("Other libraries", charts.key(data, data.peers), figure(
        both(lambda width: peers.draw(data, lines, width)),
        "rota is so many times as good as each, median and interval."),
        tables.absent(data))


def absolute(data):
    parts = "".join("<h3>%s</h3>%s" % (escape(table["part"]),
                                       tables.figures(table))
                    for table in data.found["figures"])
    notes = "".join('<p class="note">%s</p>' % escape(note)
                    for note in data.found.get("notes", []))
    return section("Absolute figures", parts, notes,
                   note="Medians, of this machine on this day: for context.")


def cards(data):
    parts = []
    if data.found.get("cost_card"):
        parts.append(section(
            "What a job costs", tables.cost(data.found["cost_card"]),
            note="Submit + run, counted by callgrind on the straight path; "
                 "calls, switches and CPU of a running pool at 2x2."))
    if data.found.get("host_card"):
        parts.append(section("What this machine can do",
                             tables.host(data.found["host_card"])))
    if data.found.get("efficiency"):
        parts.append(section("Measured over what the machine can do",
                             tables.efficiency(data.found["efficiency"])))
    return "".join(parts)


def comparisons(data):
    rows = data.summary
    if not rows:
        return ""
    count = sum(not data.is_again(row) for row in rows)
    false = sum(1 - row["confidence"] for row in rows
                if not data.is_again(row))
    return section("Every comparison", "<details><summary>%d rows</summary>%s"
                   "</details>" % (len(rows), tables.comparisons(rows)),
                   note="%d comparisons: expect %.1f false ones. Clean: median "
                        "of undisturbed rounds alone; all: repeated ones too. "
                        "Outliers are counted (mild + severe) and stay." % (
                            count, false))


def noise_log(data):
    rounds = data.found["rounds"]
    if not rounds:
        return ""
    return section("Noise log", figure(both(
        lambda width: noise.draw(rounds, width)),
        "Broad bars: used by others, limit 5 %; narrow ones: stolen by the "
        "hypervisor, limit 1 %. Orange: disturbed."), "<details><summary>%d tries</summary>%s"
                   "</details>" % (len(rounds), tables.noise(rounds)),
                   note=terminal.noise_text(rounds))


def failures(data):
    if not data.found["failures"]:
        return ""
    return section("FAILED", "<ul>%s</ul>" % "".join(
        "<li>%s</li>" % escape(failure) for failure in data.found["failures"]),
        note="With failures there is no verdict.")


def reproduce(data):
    context = data.context
    command = "bench/run%s --seed=%s" % (
        "" if context["tier"] == "default" else " --" + context["tier"],
        context["seed"])
    return section("Do it yourself", "<pre>git checkout %s\n%s</pre>" % (
        escape(context.get("git", "").split(" ")[0]), escape(command)),
        note="This page is made of results.json alone: python3 "
             "bench/make_page.py results.json report.html. Method: "
             "bench/README.md.")


def page(data):
    judged = predictions.judge(data.summary)
    body = "".join((
        failures(data),
        "<header><h1>rota, measured</h1>"
        '<p class="lead">%s</p>%s</header>' % (escape(first.sentence(data)),
                                               first.machine(data)),
        forests(data), first.numbers(data), first.no_matter(data),
        latency(data), sizes(data), shapes(data), loads(data),
        libraries(data), cards(data),
        section("Predictions", tables.predictions(judged),
                note="Written before the first run, and left as they were."),
        absolute(data), comparisons(data), noise_log(data),
        section("Pools", tables.pools(data)),
        section("Environment", tables.environment(data.context)),
        reproduce(data)))
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
            '<meta name="viewport" content="width=device-width,initial-scale=1"'
            '/><meta name="color-scheme" content="light dark"/>'
            "<title>rota, measured</title><style>%s</style></head>"
            "<body><main>%s</main></body></html>\n" % (
                style.COLOURS + style.PAGE + style.PICTURES, body))
