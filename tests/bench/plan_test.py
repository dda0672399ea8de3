# SPDX-License-Identifier: MIT
"""Which variants run, how often, and what a resumed case takes back."""

import unittest
from collections import defaultdict

import plan
import sizes
from case import AGAIN, BASELINE, POOLS, Case
from page import svg


def case(part, variants=POOLS, **fields):
    made = Case("%s %d" % (part, len(variants)), variants, 20, 0.1)
    made.part = part
    for key, value in fields.items():
        setattr(made, key, value)
    return made


class Plans(unittest.TestCase):
    def test_each_part_gets_a_row_of_a_pool_against_itself(self):
        cases = [case("a"), case("a"), case("b", POOLS + (AGAIN,)),
                 case("b"), case("c", POOLS[:1]), case("c", POOLS[:1])]
        plan.ensure_again(cases)
        self.assertEqual([case.variants[-1] for case in cases],
                         [AGAIN, POOLS[-1], AGAIN, POOLS[-1], "rota again",
                          "rota"])

    def test_peers_join_where_they_may(self):
        cases = [case("a"), case("b", peers=False), case("c", POOLS[:1])]
        plan.add_peers(cases, ["x", "y"], 9)
        self.assertEqual([case.variants for case in cases],
                         [POOLS + ("x", "y"), POOLS, POOLS[:1]])
        self.assertEqual(cases[0].nr_rounds_of("x"), 9)
        self.assertEqual(cases[0].nr_rounds_of(BASELINE), 20)

    def test_peers_that_are_not_everywhere_are_at_the_core(self):
        cases = [case("a", group="g"), case("b", group="g", core=True),
                 case("c", group="h"), case("d", group="h")]
        plan.add_peers(cases, ["x"], 9, False)
        self.assertEqual(["x" in one.variants for one in cases],
                         [False, True, True, False])

    def test_the_digest_changes_with_what_is_measured(self):
        digests = {plan.digest(cases) for cases in (
            [case("a")], [case("a"), case("b")], [case("a", POOLS[:1])],
            [case("a", nr_rounds=19)])}
        self.assertEqual(len(digests), 4)


class Sizes(unittest.TestCase):
    def test_what_was_learned_comes_back(self):
        first, second = (case("a", jobs={}, trees=defaultdict(int), rate=0,
                              read=len) for _ in range(2))
        before = sizes.before(first)
        first.jobs["rota"] = 12345
        first.trees["rota", 2] = 3
        first.rate = 1.5
        known = sizes.learned(first, before)
        self.assertEqual(set(known), {"jobs", "trees", "rate"})
        sizes.restore(second, known)
        self.assertEqual((second.jobs, second.rate), ({"rota": 12345}, 1.5))
        self.assertEqual(second.trees["rota", 2], 3)
        self.assertEqual(second.trees["another"], 0)

    def test_what_a_module_keeps_comes_back(self):
        import steps
        old = dict(steps._known)
        steps._known["steps_per_us"] = 1234
        known = sizes.known_to([steps, unittest])
        steps._known["steps_per_us"] = 0
        sizes.tell([steps, unittest], known)
        self.assertEqual(steps.per_us(), 1234)
        steps._known.update(old)


class Scales(unittest.TestCase):
    def test_a_logarithmic_axis_has_few_but_enough_numbers(self):
        for low, high in ((0.02, 2000), (0.8, 1.3), (55, 300), (1, 11)):
            ticks = svg.Log(low, high, 0, 100).ticks()
            self.assertTrue(1 <= len(ticks) <= 9, (low, high, ticks))

    def test_places(self):
        scale = svg.Log(1, 100, 0, 200)
        self.assertEqual([scale.at(value) for value in (1, 10, 100, 999)],
                         [0, 100, 200, 200])
        self.assertEqual(svg.Linear(0, 10, 100, 0).at(2.5), 75)
        self.assertEqual(svg.Linear(0, 1, 0, 1).ticks(), [0, .2, .4, .6, .8, 1])
