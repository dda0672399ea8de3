# SPDX-License-Identifier: MIT
"""All that was measured, what failed, and what does not apply."""

from programs import Failed, NotApplicable


class Results:
    """All raw rounds, in the order in which they were measured. A round that
    was repeated has several attempts; the last one stands for it."""

    def __init__(self):
        self.rows = []  # case, variant, round, attempt, raw
        self.costs = {}  # (case name, pool): dict
        self.absent = {}  # (case name, pool): why it does not apply
        self.failures = []
        self.environment = []  # of each attempt of each round, a dict
        self._by_variant = {}  # (case name, variant): its rows
        self._last = {}  # round: its last attempt

    def attempt(self, case, variant, what):
        """What it returned, or None."""
        try:
            return what()
        except NotApplicable as reason:
            self.absent[case.name, variant] = str(reason)
        except Failed as failure:
            self.failures.append("%s, %s: %s" % (case.name, variant, failure))
        return None

    def applies(self, case, pool):
        return (case.name, pool) not in self.absent

    def add(self, attempt):
        """One attempt at a round, as rounds.py measures and the journal keeps
        it: its rows say the case by name."""
        index, number = attempt["round"], attempt["attempt"]
        for row in attempt["rows"]:
            row = dict(row, round=index, attempt=number)
            self.rows.append(row)
            self._by_variant.setdefault((row["case"], row["variant"]),
                                        []).append(row)
        self._last[index] = number
        self.failures += attempt["failures"]
        for name, pool, why in attempt["absent"]:
            self.absent[name, pool] = why
        self.environment.append({
            key: value for key, value in attempt.items()
            if key not in ("kind", "rows", "failures", "absent")})

    def dirty(self):
        """(round, attempt) of those that others disturbed."""
        return {(entry["round"], entry["attempt"])
                for entry in self.environment if entry["dirty"]}

    def rounds_done(self):
        return 1 + max((entry["round"] for entry in self.environment),
                       default=-1)

    def last_rows(self):
        """Of each round the last attempt: a round counts once."""
        return [row for row in self.rows if self._counts(row)]

    def _counts(self, row):
        return row["attempt"] == self._last[row["round"]]

    def _of(self, case, variant):
        return self._by_variant.get((case.name, variant), [])

    def by_attempt(self, case, variant):
        return {(row["round"], row["attempt"]): row["raw"]
                for row in self._of(case, variant)}

    def by_round(self, case, variant):
        return {row["round"]: row["raw"] for row in self._of(case, variant)
                if self._counts(row)}

    def pairs(self, case, cost, baseline, variant, other=None):
        """cost(baseline) / cost(variant) of each round that has both; the
        baseline's of the other case if there is one."""
        return list(_ratios(cost, self.by_round(other or case, baseline),
                            self.by_round(case, variant)).values())

    def all_pairs(self, case, cost, baseline, variant, other=None):
        """The same of each attempt: {(round, attempt): ratio}."""
        return _ratios(cost, self.by_attempt(other or case, baseline),
                       self.by_attempt(case, variant))


def _ratios(cost, theirs, ours):
    return {at: cost(theirs[at]) / cost(ours[at]) for at in sorted(ours)
            if at in theirs and cost(ours[at]) > 0 and cost(theirs[at]) > 0}
