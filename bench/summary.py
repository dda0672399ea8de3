# SPDX-License-Identifier: MIT
"""Every comparison as one row, and one sentence that says what they mean."""

from statistics import median

from case import AGAIN, BASELINE, OURS, again
from stats import FASTER, SAME, SLOWER, UNCLEAR, Ratio, outliers


def own_baseline(name):
    return "%s, %s" % (OURS, name)


class Summary:
    """One row per case, metric and baseline; the rows are what the JSON has."""

    def __init__(self, cases, results):
        self.rows = []
        self.results = results
        self.again = {}  # (group, metric): a pool against itself
        for case in cases:
            for metric, cost in case.metrics:
                self._compare_again(case, metric, cost)
        for case in cases:
            for metric, cost in case.metrics:
                for pool in case.pools():
                    if pool != OURS:
                        self._compare(case, metric, pool, cost, pool)
        by_name = {case.name: case for case in cases}
        for case in cases:
            for metric, cost, name in case.own:
                if name in by_name:
                    self._compare(case, metric, own_baseline(name), cost, OURS,
                                  by_name[name])

    def _add(self, case, metric, baseline, ratio, verdict, pairs_of_all):
        dirty = self.results.dirty()
        clean = [pair for at, pair in pairs_of_all.items() if at not in dirty]
        mild, severe = outliers(ratio.values)
        self.rows.append({
            "part": case.part, "group": case.group, "case": case.name,
            "metric": metric, "baseline": baseline, "median": ratio.median,
            "low": ratio.low, "high": ratio.high,
            "confidence": ratio.confidence, "rounds": len(ratio.values),
            "verdict": verdict, "outliers_mild": mild,
            "outliers_severe": severe,
            "median_clean": median(clean) if clean else None,
            "rounds_clean": len(clean),
            "median_all": median(pairs_of_all.values()),
            "attempts": len(pairs_of_all)})

    def _compare_again(self, case, metric, cost):
        for pool in (BASELINE, OURS):
            pairs = self.results.pairs(case, cost, pool, again(pool))
            if pairs:
                ratio = self.again[case.group, metric] = Ratio(pairs)
                self._add(case, metric, again(pool), ratio,
                          "noisy" if ratio.is_noisy() else "quiet",
                          self.results.all_pairs(case, cost, pool, again(pool)))

    def _compare(self, case, metric, baseline, cost, pool, other=None):
        pairs = self.results.pairs(case, cost, pool, OURS, other)
        if pairs:
            ratio = Ratio(pairs)
            self._add(case, metric, baseline, ratio,
                      ratio.verdict(self.again.get((case.group, metric))),
                      self.results.all_pairs(case, cost, pool, OURS, other))

    def find(self, case, metric, baseline):
        for row in self.rows:
            if (row["case"], row["metric"], row["baseline"]) == (
                    case, metric, baseline):
                return row
        return None

    def comparisons(self):
        """All rows but those of a pool against itself."""
        return [row for row in self.rows if not is_again(row)]

    def again_verdict(self):
        """Of the whole session, by its A/A rows."""
        noisy = sum(ratio.is_noisy() for ratio in self.again.values())
        if not self.again:
            return "none"
        return "%d of %d A/A rows are noisy" % (noisy, len(self.again))

    def sentence(self):
        return sentence_of(self.rows)


def is_again(row):
    return row["baseline"] in (AGAIN, again(OURS))


def _clauses(rows):
    """(outcome, words) of each group and metric against the baseline."""
    groups = {}
    for row in rows:
        if row["baseline"] == BASELINE:
            groups.setdefault((row["group"], row["metric"]), []).append(row)
    for (group, metric), found in groups.items():
        verdicts = [row["verdict"] for row in found]
        won, lost = verdicts.count(FASTER), verdicts.count(SLOWER)
        if won and lost:
            outcome = "mixed"
        elif won or lost:
            outcome = FASTER if won else SLOWER
        else:
            outcome = SAME if UNCLEAR not in verdicts else UNCLEAR
        yield outcome, "%s (%s%s)" % (
            group if metric == "jobs/s" else "%s %s" % (group, metric),
            spread(found), tally(verdicts))


def sentence_of(rows):
    said = {}
    for outcome, words in _clauses(rows):
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
