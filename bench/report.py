# SPDX-License-Identifier: MIT
"""Tables of ratios, and one sentence that says what they mean."""

from statistics import median

from rounds import AGAIN, BASELINE, POOLS
from stats import FASTER, SAME, SLOWER, UNCLEAR, Ratio

OURS = POOLS[0]


def own_baseline(name):
    return "%s, %s" % (OURS, name)


class Summary:
    """Every comparison: one row per case, metric and baseline."""

    def __init__(self, cases, results):
        self.rows = []
        self.again = {}  # (group, metric): the baseline against itself
        for case in cases:
            for metric, cost in case.metrics:
                self._compare_again(case, metric, cost, results)
        for case in cases:
            for metric, cost in case.metrics:
                for baseline in POOLS[1:]:
                    self._compare(case, metric, baseline,
                                  results.pairs(case, cost, baseline, OURS))
        by_name = {case.name: case for case in cases}
        for case in cases:
            for metric, cost, name in case.own:
                self._compare(case, metric, own_baseline(name), results.pairs(
                    case, cost, OURS, OURS, by_name[name]))

    def _add(self, case, metric, baseline, ratio, verdict):
        self.rows.append({
            "group": case.group, "case": case.name, "metric": metric,
            "baseline": baseline, "median": ratio.median, "low": ratio.low,
            "high": ratio.high, "confidence": ratio.confidence,
            "rounds": len(ratio.values), "verdict": verdict})

    def _compare_again(self, case, metric, cost, results):
        pairs = results.pairs(case, cost, BASELINE, AGAIN)
        if pairs:
            ratio = self.again[case.group, metric] = Ratio(pairs)
            self._add(case, metric, AGAIN, ratio,
                      "noisy" if ratio.is_noisy() else "quiet")

    def _compare(self, case, metric, baseline, pairs):
        if pairs:
            ratio = Ratio(pairs)
            self._add(case, metric, baseline, ratio,
                      ratio.verdict(self.again.get((case.group, metric))))

    def find(self, case, metric, baseline):
        for row in self.rows:
            if (row["case"], row["metric"], row["baseline"]) == (
                    case, metric, baseline):
                return row
        return None

    def _clauses(self):
        """(outcome, words) of each group and metric against the baseline."""
        groups = {}
        for row in self.rows:
            if row["baseline"] == BASELINE:
                groups.setdefault((row["group"], row["metric"]), []).append(row)
        for (group, metric), rows in groups.items():
            verdicts = [row["verdict"] for row in rows]
            won, lost = verdicts.count(FASTER), verdicts.count(SLOWER)
            if won and lost:
                outcome = "mixed"
            elif won or lost:
                outcome = FASTER if won else SLOWER
            else:
                outcome = SAME if UNCLEAR not in verdicts else UNCLEAR
            yield outcome, "%s (%s%s)" % (
                group if metric == "jobs/s" else "%s %s" % (group, metric),
                spread(rows), tally(verdicts))

    def sentence(self):
        said = {}
        for outcome, words in self._clauses():
            said.setdefault(outcome, []).append(words)
        parts = [start + ", ".join(said[outcome]) for outcome, start in (
            (FASTER, "%s beats %s on " % (OURS, BASELINE)),
            (SLOWER, "%s beats %s on " % (BASELINE, OURS)),
            ("mixed", "it depends on the shape for "),
            (SAME, "the pool does not matter (within 5 %) for "),
            (UNCLEAR, "this run cannot tell for ")) if outcome in said]
        return "; ".join(parts) + "." if parts else "Nothing was compared."


def spread(rows):
    values = sorted(row["median"] for row in rows)
    if len(values) == 1:
        return "%.2fx" % values[0]
    return "%.2fx to %.2fx" % (values[0], values[-1])


def tally(verdicts):
    if len(set(verdicts)) == 1:
        return ""
    kinds = (FASTER, SAME, UNCLEAR, SLOWER)
    return ": " + ", ".join("%d %s" % (verdicts.count(kind), kind)
                            for kind in kinds if kind in verdicts)


def ratio_cell(row):
    if row is None:
        return "-"
    return "%.2fx [%.2f, %.2f] %s" % (row["median"], row["low"], row["high"],
                                      row["verdict"])


def show_ratios(cases, summary):
    form = "%-37s %-31s %s"
    print(form % ("rota is so many times as good as", BASELINE, POOLS[2]))
    for case in cases:
        for metric, _ in case.metrics:
            rows = [summary.find(case.name, metric, pool) for pool in POOLS[1:]]
            if any(rows):
                print(form % ("%s: %s" % (case.name, metric),
                              *(ratio_cell(row) for row in rows)))
    show_own_ratios(cases, summary)
    print("%s against itself (1.00x is right):" % BASELINE)
    for row in summary.rows:
        if row["baseline"] == AGAIN:
            print(form % ("%s: %s" % (row["case"], row["metric"]),
                          ratio_cell(row), ""))


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


def show_costs(cases, results):
    """Absolute figures: medians of the rounds, for context only."""
    part = None
    for case in cases:
        if case.part != part:
            part = case.part
            print("\n%-24s" % part + "".join("%21s" % title for title, _, _
                                             in case.columns))
        print("%-24s" % case.name + "".join(
            "%21s" % "/".join(cost_cell(case, pool, read, form, results)
                              for pool in POOLS)
            for _, form, read in case.columns))


def cost_cell(case, pool, read, form, results):
    if pool not in case.variants:
        return "-"
    cost = results.costs.get((case.name, pool), {})
    values = [read(dict(raw, untimed=cost))
              for raw in results.by_round(case, pool).values()]
    values = [value for value in values if value is not None]
    return form % median(values) if values else "?"


def show(cases, results, summary, context):
    print("\nAbsolute medians, %s, for context only." % " / ".join(POOLS))
    show_costs(cases, results)
    for case in cases:
        for note in case.notes(results):
            print(note)
    print("\nRatios of paired rounds: median [exact interval] verdict; above "
          "1.00x is better.")
    confidences = {row["rounds"]: row["confidence"] for row in summary.rows}
    print("Intervals: %s. %d comparisons: expect a false one in 25. Steal "
          "%.1f %%. Seed %d.\nCache line round trip %s.\n" % (
              ", ".join("%.1f %% with %d rounds" % (100 * confidences[rounds],
                                                    rounds)
                        for rounds in sorted(confidences)),
              sum(row["baseline"] != AGAIN for row in summary.rows),
              context["steal_percent"], context["seed"],
              context["cache_line_round_trip"]))
    show_ratios(cases, summary)
    if any(again.is_noisy() for again in summary.again.values()):
        print("NOISY where it says so: there, only differences of 1.2x or more "
              "that lie clear of\nthat row's interval are called.")


def conclude(results, summary, path):
    for failure in results.failures:
        print("FAILED: " + failure)
    print("All rounds: %s" % path)
    if results.failures:
        print("\nSome measurements FAILED: no verdict.")
    elif summary:
        print("\n" + summary.sentence()[0].upper() + summary.sentence()[1:])
