# SPDX-License-Identifier: MIT
"""From a plan to results: cards, sizes, rounds, each written to the journal as
soon as it is known, and taken from there if it is known already."""

import random
import time

import cost_part
import host_card
import machine
import rounds
import sizes
import steps
from programs import FutexCounter
from progress import Progress, clock
from results import Results


class Session:
    def __init__(self, arguments, tier, cases, book, has_card, modules):
        self.arguments, self.tier = arguments, tier
        self.cases, self.book = cases, book
        self.has_card = has_card
        self.modules = (steps, *modules)  # which may keep something
        self.results = Results()
        self.cost_card, self.host_card = [], {}
        self.context = {}
        self.began = time.monotonic()
        self.progress = Progress(rounds.expected_s(cases)
                                 + has_card * cost_part.EXPECTED_S
                                 + host_card.EXPECTED_S)
        self.rounds = rounds.Rounds(cases, self.results, arguments.seed,
                                    self.progress)
        self.rng = random.Random(arguments.seed)

    def run(self, guard):
        """True if all rounds are measured, False if the time is up."""
        futexes = FutexCounter()
        self._describe(futexes)
        self._cards(futexes)
        self._prepare(futexes)
        line = machine.LineMeter(self.arguments.build, self.rng)
        is_finished = self._rounds(guard, line)
        self.progress.end()
        return is_finished

    def _once(self, kind, make):
        """What the journal has of this kind, else what make() finds out."""
        if not self.book.of(kind):
            self.book.add(kind, value=make())
        return self.book.of(kind)[-1]["value"]

    def _describe(self, futexes):
        self.context = self._once("context", lambda: dict(
            machine.describe(self.arguments.build, self.arguments.host_name),
            tier=self.tier.name, seed=self.arguments.seed,
            futex_count=futexes.method))
        print("%s, %d CPUs, kernel %s, load %.2f; seed %d; about %s" % (
            self.context["cpu"], self.context["num_cpus"],
            self.context["kernel"], self.context["load_avg"][0],
            self.arguments.seed, clock(self.progress.expected_s)))

    def _cards(self, futexes):
        self.progress.now_at("what this machine can do")
        if self.tier.attempts > 1:  # it takes too long for the short ones
            self.host_card = self._once("host_card", lambda: host_card.measure(
                self.arguments.build, self.rng))
        self.progress.finished(host_card.EXPECTED_S)
        if self.has_card:
            self.progress.now_at("counting instructions")
            self.cost_card = self._once("cost_card", lambda: cost_part.card(
                self.arguments.build, self.results, futexes.method, self.rng))
            self.progress.finished(cost_part.EXPECTED_S)

    def _prepare(self, futexes):
        known = {line["case"]: line for line in self.book.of("prepared")}
        for case in self.cases:
            self.progress.now_at("sizing: " + case.name)
            if case.name in known:
                self._take_sizes(case, known[case.name])
            else:
                self._find_sizes(case, futexes)
            self.progress.finished(case.expected_prepare_s())

    def _take_sizes(self, case, line):
        sizes.restore(case, line["sizes"])
        sizes.tell(self.modules, line["known"])
        for pool, cost in line["untimed"].items():
            self.results.costs[case.name, pool] = cost
        for pool, why in line["absent"].items():
            self.results.absent[case.name, pool] = why
        self.results.failures += line["failures"]

    def _find_sizes(self, case, futexes):
        results = self.results
        described, nr_failures = sizes.before(case), len(results.failures)
        rounds.prepare(case, results, futexes, self.rng)
        self.book.add(
            "prepared", case=case.name, sizes=sizes.learned(case, described),
            known=sizes.known_to(self.modules), untimed=of_case(results.costs, case),
            absent=of_case(results.absent, case),
            failures=results.failures[nr_failures:])

    def _rounds(self, guard, line):
        done = {}
        for attempt in self.book.of("round"):
            self._keep(attempt, done)
        if done:
            self.progress.skip_to(self.rounds.expected_s(max(done) + 1))
        longest = 0.0
        todo = self.rounds.run(done, guard, line, self.tier.attempts)
        while not self._is_time_up(longest):
            attempt = next(todo, None)
            if attempt is None:
                return True
            longest = max(longest, attempt["seconds"])
            self.book.add("round", **attempt)
            self._keep(attempt, {})
        return self.results.rounds_done() == self.rounds.nr_rounds

    def _keep(self, attempt, done):
        self.results.add(attempt)
        done.setdefault(attempt["round"], []).append(attempt["dirty"])

    def _is_time_up(self, next_s):
        """One round is measured at least, else --resume would not end."""
        minutes = self.arguments.minutes
        return bool(minutes and next_s and
                    time.monotonic() - self.began + next_s > 60 * minutes)


def of_case(by_name_and_pool, case):
    return {pool: value for (name, pool), value in by_name_and_pool.items()
            if name == case.name}
