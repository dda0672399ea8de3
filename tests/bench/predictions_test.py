# SPDX-License-Identifier: MIT
"""What becomes of a prediction, by the rows of a summary."""

import unittest

import predictions


def row(case, median, low=None, high=None, metric="jobs/s",
        baseline="mutex-receiver"):
    return {"case": case, "metric": metric, "baseline": baseline,
            "median": median, "low": low or median, "high": high or median}


class Predictions(unittest.TestCase):
    def outcome(self, start, *rows):
        found = [entry for entry in predictions.judge(rows)
                 if entry["prediction"].startswith(start)]
        self.assertEqual(len(found), 1)
        return found[0]["outcome"]

    def test_a_median_in_the_range_holds(self):
        self.assertEqual(self.outcome("empty jobs:", row(
            "empty jobs 4x4", 3), row("empty jobs 1x1", 9)), "held")

    def test_one_interval_out_of_the_range_fails(self):
        self.assertEqual(self.outcome("empty jobs:", row(
            "empty jobs 4x4", 3), row("empty jobs 1x1", 30, 28, 33)), "failed")

    def test_an_interval_across_the_end_is_unclear(self):
        self.assertEqual(self.outcome("empty jobs:", row(
            "empty jobs 4x4", 11, 9, 13)), "unclear")

    def test_what_was_not_measured_is_not_judged(self):
        others = row("empty jobs 1x1", 3, baseline="mutex-queue"), row(
            "1 us jobs 1x1", 3)
        self.assertEqual(self.outcome("empty jobs:", *others), "not measured")
        self.assertEqual(self.outcome("jobs of 100 us"), "not measured")

    def test_growth(self):
        start = "the lead over mutex-receiver"
        small = row("empty jobs 1x1", 4, 3.5, 4.5)
        for high, word in ((row("empty jobs 1x4", 9, 8, 10), "held"),
                           (row("empty jobs 1x4", 2, 1, 3), "failed"),
                           (row("empty jobs 1x4", 5, 4, 6), "unclear")):
            self.assertEqual(self.outcome(start, small, high), word)
        self.assertEqual(self.outcome(start, small), "not measured")

    def test_shrinking(self):
        start = "the lead over mutex-queue shrinks"
        rows = [row(case, value, baseline="mutex-queue") for case, value in (
            ("empty jobs 1x1", 9), ("empty jobs 1x4", 4))]
        self.assertEqual(self.outcome(start, *rows), "held")
