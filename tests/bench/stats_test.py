# SPDX-License-Identifier: MIT
"""bench/stats.py against known intervals and verdicts."""

import unittest

from stats import (FASTER, SAME, SLOWER, UNCLEAR, Ratio, expected_false,
                   order_interval, outliers)

KNOWN = {9: (2, 96.1), 12: (3, 96.1), 15: (4, 96.5), 20: (6, 95.9),
         30: (10, 95.7)}


class Intervals(unittest.TestCase):
    def test_intervals_are_the_exact_ones(self):
        for rounds, (k, percent) in KNOWN.items():
            found, confidence = order_interval(rounds)
            self.assertEqual(found, k)
            self.assertAlmostEqual(100 * confidence, percent, delta=0.05)

    def test_a_ratio_goes_from_the_kth_smallest_to_the_kth_largest(self):
        ratio = Ratio([value / 10 for value in range(20, 0, -1)])
        self.assertEqual((ratio.low, ratio.high), (0.6, 1.5))
        self.assertAlmostEqual(ratio.median, 1.05)

    def test_a_few_rounds_do_not_pretend(self):
        self.assertEqual(Ratio([9.0] * 4).verdict(), UNCLEAR)


class Verdicts(unittest.TestCase):
    def test_words(self):
        for value, word in ((1.03, SAME), (1.2, FASTER), (0.8, SLOWER),
                            (0.96, SAME)):
            self.assertEqual(Ratio([value] * 9).verdict(), word)
        self.assertEqual(Ratio([0.9, 1.1] * 5).verdict(), UNCLEAR)

    def test_a_noisy_baseline_hides_small_differences(self):
        noisy = Ratio([0.9, 1.1] * 5)
        self.assertTrue(noisy.is_noisy())
        self.assertEqual(Ratio([1.15] * 9).verdict(noisy), UNCLEAR)
        self.assertEqual(Ratio([1.3] * 9).verdict(noisy), FASTER)


class Counts(unittest.TestCase):
    def test_outliers_are_counted_by_tukeys_fences(self):
        even = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7]  # quartiles 0.35 apart
        self.assertEqual(outliers(even), (0, 0))
        self.assertEqual(outliers(even + [2.35]), (1, 0))
        self.assertEqual(outliers(even + [9.0]), (0, 1))
        self.assertEqual(outliers(even + [-9.0, 9.0]), (0, 2))
        self.assertEqual(outliers([1.0, 99.0]), (0, 0))

    def test_false_comparisons_to_expect(self):
        self.assertAlmostEqual(expected_false([0.96] * 50), 2.0)
