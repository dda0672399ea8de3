# SPDX-License-Identifier: MIT
"""What a session says on the terminal."""

from case import BASELINE, OURS, POOLS, again
from summary import is_again, own_baseline
from stats import expected_false

FORM = "%-37s %-31s %s"


def ratio_cell(row, absent=None):
    if row is None:
        return "N/A: %s" % absent if absent else "-"
    return "%.2fx [%.2f, %.2f] %s" % (row["median"], row["low"], row["high"],
                                      row["verdict"])


def show_figures(tables):
    """All pools of a case in one line: ours and the baselines."""
    for table in tables:
        print("\n%-24s" % table["part"]
              + "".join("%21s" % title for title in table["columns"]))
        for case in dict.fromkeys(row["case"] for row in table["rows"]):
            by_pool = {row["pool"]: row for row in table["rows"]
                       if row["case"] == case}
            print("%-24s" % case + "".join(
                "%21s" % "/".join(_text(by_pool.get(pool), at)
                                  for pool in POOLS)
                for at in range(len(table["columns"]))))


def _text(row, at):
    if row is None:
        return "-"
    return row["cells"][at]["text"] if "cells" in row else "N/A"


def show_ratios(cases, summary):
    print(FORM % ("rota is so many times as good as", BASELINE, POOLS[2]))
    for case in cases:
        for metric, _ in case.metrics:
            rows = [summary.find(case.name, metric, pool) for pool in POOLS[1:]]
            if any(rows):
                print(FORM % ("%s: %s" % (case.name, metric),
                              *(ratio_cell(row) for row in rows)))
    show_peers(cases, summary)
    show_own_ratios(cases, summary)
    for pool in (BASELINE, OURS):
        rows = [row for row in summary.rows if row["baseline"] == again(pool)]
        if rows:
            print("%s against itself (1.00x is right):" % pool)
        for row in rows:
            print(FORM % ("%s: %s" % (row["case"], row["metric"]),
                          ratio_cell(row), ""))


def show_peers(cases, summary):
    """A line for each other library: there is no room for columns."""
    absent = summary.results.absent
    for case in cases:
        others = [pool for pool in case.pools() if pool not in POOLS]
        for metric, _ in case.metrics if others else ():
            print("%s: %s, rota is so many times as good as"
                  % (case.name, metric))
            for pool in others:
                print("  %-35s %s" % (pool, ratio_cell(
                    summary.find(case.name, metric, pool),
                    absent.get((case.name, pool)))))


def show_own_ratios(cases, summary):
    """Our pool here against our pool there."""
    rows = [(case, metric, name, summary.find(case.name, metric,
                                              own_baseline(name)))
            for case in cases for metric, _, name in case.own]
    if any(row for *_, row in rows):
        print("%s against itself (1.00x: no difference):" % OURS)
    for case, metric, name, row in rows:
        if row:
            print("%-37s %-31s to %s" % ("%s: %s" % (case.name, metric),
                                         ratio_cell(row), name))


def show_efficiency(rows):
    """A result of 1.0 is the best that there can be on this machine."""
    if rows:
        print("\nMeasured over the floor that this machine sets:")
    for row in rows:
        print("  %-24s %-16s %-18s %8.4g / %8.4g = %.2f" % (
            row["case"], row["figure"], row["pool"], row["value"],
            row["floor"], row["times_floor"]))


def show_intervals(summary, context):
    confidences = {row["rounds"]: row["confidence"] for row in summary.rows}
    compared = summary.comparisons()
    print("Intervals: %s. %d comparisons: expect %.1f false ones. Steal %.1f "
          "%%. Seed %d.\nCache line round trip %s." % (
              ", ".join("%.1f %% with %d rounds" % (100 * confidences[rounds],
                                                    rounds)
                        for rounds in sorted(confidences)),
              len(compared),
              expected_false([row["confidence"] for row in compared]),
              context["steal_percent"], context["seed"],
              context["cache_line_round_trip"]))
    print("%s Outliers, none dropped: %d mild, %d severe.\n" % (
        noise_text(summary.results.environment),
        sum(row["outliers_mild"] for row in summary.rows),
        sum(row["outliers_severe"] for row in summary.rows)))


def noise_text(environment):
    dirty = sum(entry["dirty"] for entry in environment)
    repeated = sum(entry["attempt"] > 0 for entry in environment)
    return ("Of %d rounds others disturbed %d (more than 1 %% stolen or 5 %% "
            "used by others); %d were repeats." % (len(environment), dirty,
                                                   repeated))


def show(cases, summary, tables, context):
    print("\nAbsolute medians, %s, for context only." % " / ".join(POOLS))
    show_figures(tables)
    for case in cases:
        for note in case.notes(summary.results):
            print(note)
    print("\nRatios of paired rounds: median [exact interval] verdict; above "
          "1.00x is better.")
    show_intervals(summary, context)
    show_ratios(cases, summary)
    if any(row["verdict"] == "noisy" for row in summary.rows if is_again(row)):
        print("NOISY where it says so: there, only differences of 1.2x or more "
              "that lie clear of\nthat row's interval are called.")


def conclude(failures, sentence, path):
    for failure in failures:
        print("FAILED: " + failure)
    print("All rounds: %s" % path)
    if failures:
        print("\nSome measurements FAILED: no verdict.")
    elif sentence:
        print("\n" + sentence[0].upper() + sentence[1:])
