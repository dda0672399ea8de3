# SPDX-License-Identifier: MIT
"""Interleaved rounds: in each, every variant of every case runs once."""

import random
import time

# pylint: disable-next=unused-import  # what the parts know them from
from case import AGAIN, BASELINE, OURS, POOLS, Case, pool_of

ATTEMPTS = 3  # at a round that others disturb, where it may be repeated
__all__ = ["AGAIN", "BASELINE", "OURS", "POOLS", "Case", "pool_of"]


def prepare(case, results, futexes, rng):
    """Sizes, and the counts that need no clock."""
    for pool in case.pools():
        results.attempt(case, pool, lambda: case.prepare(pool, rng))
    for pool in case.pools():
        if results.applies(case, pool):
            results.costs[case.name, pool] = results.attempt(
                case, pool, lambda: case.count_cost(pool, futexes, rng)) or {}


class Rounds:
    """What remains to be measured, round by round."""

    def __init__(self, cases, results, seed, progress):
        self.cases, self.results = cases, results
        self.seed, self.progress = seed, progress
        self.nr_rounds = max((case.nr_rounds for case in cases), default=0)

    def variants(self, case, index):
        return [variant for variant in case.variants
                if index < case.nr_rounds_of(variant)]

    def expected_s(self, first=0):
        return sum(case.expected_s * len(self.variants(case, index))
                   for index in range(first, self.nr_rounds)
                   for case in self.cases)

    def _measure(self, index, number, rng):
        """Each variant of each case once, in an order of this attempt's own."""
        rows = []
        for case in rng.sample(self.cases, len(self.cases)):
            case.draw(rng)
            variants = self.variants(case, index)
            for variant in rng.sample(variants, len(variants)):
                self.progress.now_at("round %d of %d: %s" % (
                    index + 1, self.nr_rounds, case.name))
                pool = pool_of(variant)
                if self.results.applies(case, pool):
                    raw = self.results.attempt(
                        case, pool, lambda: case.measure(pool, rng))
                    if raw is not None:
                        rows.append({"case": case.name, "variant": variant,
                                     "raw": raw})
                if number == 0:
                    self.progress.finished(case.expected_s)
        return rows

    def attempt(self, index, number, guard, line):
        """One attempt, as Results.add() takes it. Its order, and all else that
        is drawn by lot, follows from the seed, the round and the attempt."""
        rng = random.Random("%d %d %d" % (self.seed, index, number))
        before = len(self.results.failures), set(self.results.absent)
        began = time.monotonic()
        line_ns = line.look()
        guard.start()
        rows = self._measure(index, number, rng)
        failures = self.results.failures[before[0]:]
        del self.results.failures[before[0]:]  # add() puts them back
        absent = [(*key, why) for key, why in self.results.absent.items()
                  if key not in before[1]]
        return dict(guard.stop(), round=index, attempt=number,
                    cache_line_round_trip_ns=line_ns,
                    seconds=time.monotonic() - began, rows=rows,
                    failures=failures, absent=absent)

    def run(self, done, guard, line, attempts):
        """Goes on after what is done, {round: [was the attempt dirty?]}; yields
        each new attempt. The caller adds it before it asks for the next."""
        for index in range(self.nr_rounds):
            tried = list(done.get(index, ()))
            while not tried or (tried[-1] and len(tried) < attempts):
                attempt = self.attempt(index, len(tried), guard, line)
                yield attempt
                tried.append(attempt["dirty"])


def expected_s(cases):
    rounds = Rounds(cases, None, 0, None)
    return (rounds.expected_s()
            + sum(case.expected_prepare_s() for case in cases))
