# SPDX-License-Identifier: MIT
"""Interleaved rounds: in each, every variant of every case runs once."""

from programs import Failed

POOLS = ("rota", "mutex-receiver", "mutex-queue")  # ours first
BASELINE = "mutex-receiver"
AGAIN = BASELINE + " again"  # the baseline against itself: the noise


def pool_of(variant):
    return BASELINE if variant == AGAIN else variant


class Case:
    """One thing to compare the pools on.

    metrics: (name, cost of one raw result) pairs; less cost is better.
    columns: (title, format, figure of one raw result) of the absolute table,
             where raw["untimed"] is what count_cost() returned.
    own: (metric, cost, name of another case): our pool here against our pool
         there in the same round.
    """

    part = ""
    group = ""  # cases that are spoken of together
    metrics = ()
    columns = ()
    own = ()
    prepare_s = None  # of one pool; None: as long as a measurement
    real_time_ns = 1  # unit of the first metric's cost

    def __init__(self, name, variants, nr_rounds, expected_s):
        self.name = name
        self.variants = variants
        self.nr_rounds = nr_rounds
        self.expected_s = expected_s  # of one measurement

    def pools(self):
        return [pool for pool in POOLS if pool in self.variants]

    def expected_prepare_s(self):
        each = self.expected_s if self.prepare_s is None else self.prepare_s
        return each * len(self.pools())

    def prepare(self, pool, rng):
        """Before the first round, for each pool."""

    def measure(self, pool, rng):
        """One measurement by a fresh process: a dict, or Failed."""
        raise NotImplementedError

    def count_cost(self, pool, futexes, rng):
        """What is counted apart from the timed rounds: a dict."""
        del pool, futexes, rng
        return {}

    def notes(self, results):
        """What to say below the tables: lines."""
        del results
        return []


class Results:
    """All raw rounds, in the order in which they were measured."""

    def __init__(self):
        self.rows = []
        self.costs = {}  # (case name, pool): dict
        self.failures = []

    def attempt(self, case, variant, what):
        try:
            return what()
        except Failed as failure:
            self.failures.append("%s, %s: %s" % (case.name, variant, failure))
            return None

    def by_round(self, case, variant):
        return {row["round"]: row["raw"] for row in self.rows
                if row["case"] is case and row["variant"] == variant}

    def pairs(self, case, cost, baseline, variant, other=None):
        """cost(baseline) / cost(variant) of each round that has both; the
        baseline's of the other case if there is one."""
        ours = self.by_round(case, variant)
        theirs = self.by_round(other or case, baseline)
        return [cost(theirs[i]) / cost(ours[i]) for i in sorted(ours)
                if i in theirs and cost(ours[i]) > 0 and cost(theirs[i]) > 0]


def prepare(cases, results, futexes, rng, progress):
    """Sizes, and the counts that need no clock."""
    for case in cases:
        progress.now_at("sizing: " + case.name)
        for pool in case.pools():
            results.attempt(case, pool, lambda: case.prepare(pool, rng))
        for pool in case.pools():
            results.costs[case.name, pool] = results.attempt(
                case, pool, lambda: case.count_cost(pool, futexes, rng)) or {}
        progress.finished(case.expected_prepare_s())


def run_rounds(cases, results, rng, progress, before_round):
    nr_rounds = max((case.nr_rounds for case in cases), default=0)
    for index in range(nr_rounds):
        before_round()
        now = [case for case in cases if index < case.nr_rounds]
        for case in rng.sample(now, len(now)):
            for variant in rng.sample(case.variants, len(case.variants)):
                progress.now_at("round %d of %d: %s" % (index + 1, nr_rounds,
                                                        case.name))
                raw = results.attempt(
                    case, variant, lambda: case.measure(pool_of(variant), rng))
                if raw is not None:
                    results.rows.append({"case": case, "variant": variant,
                                         "round": index, "raw": raw})
                progress.finished(case.expected_s)


def expected_s(cases):
    return sum(case.expected_s * case.nr_rounds * len(case.variants)
               + case.expected_prepare_s() for case in cases)
