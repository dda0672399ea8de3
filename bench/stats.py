# SPDX-License-Identifier: MIT
"""Medians, exact intervals and what may be concluded from them."""

from math import comb
from statistics import median, quantiles

FASTER, SLOWER, SAME, UNCLEAR = "faster", "slower", "same", "unclear"


def order_interval(rounds, wanted=0.95):
    """The interval for a median that assumes nothing of the distribution.

    Returns (k, confidence): from the k-th smallest to the k-th largest of the
    rounds. Each round is above or below the true median as a coin falls, so
    both ends miss it with the binomial chance of k - 1 heads or fewer.
    """
    best = (1, 1 - 2 * 0.5 ** rounds)
    missed = 0
    for k in range(1, rounds // 2 + 1):
        missed += comb(rounds, k - 1)
        confidence = 1 - 2 * missed / 2 ** rounds
        if confidence >= wanted:
            best = (k, confidence)
    return best


def outliers(values):
    """(mild, severe): how many lie more than 1.5 and more than 3 interquartile
    ranges outside of the quartiles. They are counted, and stay (Tukey)."""
    if len(values) < 4:
        return 0, 0
    low, _, high = quantiles(values, n=4, method="inclusive")
    span = high - low

    def outside(times):
        return sum(value < low - times * span or value > high + times * span
                   for value in values)
    severe = outside(3.0)
    return outside(1.5) - severe, severe


def expected_false(confidences):
    """How many comparisons miss the truth, if each interval is what it says."""
    return sum(1 - confidence for confidence in confidences)


class Ratio:
    """Paired ratios, one per round; above 1 means better than the baseline."""

    def __init__(self, pairs):
        self.values = sorted(pairs)
        self.k, self.confidence = order_interval(len(self.values))
        self.median = median(self.values)
        self.low = self.values[self.k - 1]
        self.high = self.values[-self.k]

    def is_noisy(self):
        """For an A/A row: does a pool differ from itself?"""
        return not self.low <= 1 <= self.high or self.high - self.low > 0.10

    def verdict(self, again=None):
        """What may be said, given the A/A row of the same metric (or None).

        If that row is noisy, a difference counts only if it is 1.2x or more
        and its interval lies clear of what the baseline does to itself.
        """
        above, below, least = 1.02, 0.98, 1.0
        if again and again.is_noisy():
            above, below = max(above, again.high), min(below, again.low)
            least = 1.2
        if self.confidence < 0.9:
            return UNCLEAR
        if self.low >= 0.95 and self.high <= 1.05:
            return SAME
        if self.low > above and self.median >= least:
            return FASTER
        if self.high < below and self.median <= 1 / least:
            return SLOWER
        return UNCLEAR

    def __str__(self):
        return "%.2fx [%.2f, %.2f]" % (self.median, self.low, self.high)
