# SPDX-License-Identifier: MIT
"""REPORT.md: the same results as tables that a repository shows."""

import cost_part
import host_card
import predictions
import terminal
from page import first
from page.data import Data, ratio_text


def table(titles, rows):
    def line(cells):
        return "| %s |" % " | ".join(str(cell).replace("|", "\\|")
                                     for cell in cells)
    return "\n".join([line(titles), line(["---"] * len(titles))]
                     + [line(row) for row in rows]) + "\n"


def _ratios(data):
    baselines = data.main_baselines() + data.peers
    absent = {(row["case"], row["pool"]): row["why"]
              for row in data.found["not_applicable"]}
    lines = {}
    for row in data.summary:
        if row["baseline"] in baselines:
            lines.setdefault((row["case"], row["metric"]), {})[
                row["baseline"]] = row

    def cell(case, rows, baseline):
        if baseline in rows:
            return "%s %s" % (ratio_text(rows[baseline]),
                              rows[baseline]["verdict"])
        return "N/A: " + absent[case, baseline] if (
            case, baseline) in absent else "–"
    return table(["case", "metric"] + baselines, [
        [case, metric] + [cell(case, rows, baseline)
                          for baseline in baselines]
        for (case, metric), rows in lines.items()])


def _others(data):
    """Our pool against itself elsewhere, and the A/A rows."""
    rows = [row for row in data.summary if data.is_again(row)
            or row["baseline"].startswith(data.ours + ", ")]
    return table(["case", "metric", "against", "ratio", "verdict"], [
        [row["case"], row["metric"], row["baseline"], ratio_text(row),
         row["verdict"]] for row in rows])


def _medians(data):
    """Does it change a median, which rounds one believes?"""
    def cell(value):
        return "–" if value is None else "%.2f" % value
    rows = [row for row in data.summary
            if row["baseline"] in data.main_baselines()]
    return table(["case", "metric", "against", "median", "undisturbed rounds",
                  "over them", "attempts", "over all", "outliers"], [
        [row["case"], row["metric"], row["baseline"], cell(row["median"]),
         row["rounds_clean"], cell(row["median_clean"]), row["attempts"],
         cell(row["median_all"]),
         "%d + %d" % (row["outliers_mild"], row["outliers_severe"])]
        for row in rows])


def _figures(found):
    rows = []
    for row in found["rows"]:
        cells = [cell["text"] for cell in row["cells"]] if "cells" in row \
            else ["N/A: " + row["not_applicable"]] + [""] * (
                len(found["columns"]) - 1)
        rows.append([row["case"], row["pool"]] + cells)
    return table(["case", "pool"] + found["columns"], rows)


def _cards(data):
    found = data.found
    if found["cost_card"]:
        yield "## What a job costs\n"
        yield table(["pool"] + [title for title, *_ in cost_part.COUNTED
                                + cost_part.RUNNING],
                    [[row["name"], *cost_part.cells(row)]
                     for row in found["cost_card"]])
    if found["host_card"]:
        yield "## What this machine can do\n"
        yield table(["what", "takes"], host_card.lines(found["host_card"]))
    if found["efficiency"]:
        yield "## Measured over what the machine can do\n"
        yield table(["case", "figure", "pool", "measured", "floor",
                     "times the floor"], [
            [row["case"], row["figure"], row["pool"], "%.4g" % row["value"],
             "%.4g" % row["floor"], "%.2f" % row["times_floor"]]
            for row in found["efficiency"]])


def _environment(data):
    shown = ("date", "cpu", "num_cpus", "kernel", "hypervisor", "cc", "flags",
             "git", "tier", "seed", "rounds_done", "rounds", "load_avg",
             "steal_percent", "foreign_percent", "cache_line_round_trip",
             "again")
    return table(["", ""], [[key.replace("_", " "), data.context[key]]
                            for key in shown if key in data.context])


def report(found):
    data = Data(found)
    judged = predictions.judge(data.summary)
    parts = ["# rota, measured\n", first.sentence(data) + "\n"]
    parts += ["FAILED: %s\n" % failure for failure in found["failures"]]
    parts += [terminal.noise_text(found["rounds"]) + "\n",
              "## Ratios\n", "rota is so many times as good: median of paired "
              "rounds, exact interval, verdict; above 1.00x is better.\n",
              _ratios(data), "## Against itself\n", _others(data),
              "## Medians of undisturbed rounds, and of all attempts\n",
              _medians(data)]
    parts += _cards(data)
    parts += ["## Predictions\n", table(
        ["expected before the first run", "range", "measured", "outcome"],
        [[row["prediction"], row["expected"], row["measured"], row["outcome"]]
         for row in judged])]
    parts.append("## Absolute medians, for context only\n")
    for part in found["figures"]:
        parts += ["### %s\n" % part["part"], _figures(part)]
    parts += ["%s\n" % note for note in found["notes"]]
    parts += ["## Environment\n", _environment(data)]
    return "\n".join(parts)
