# SPDX-License-Identifier: MIT
"""One thing to compare pools on; the parts derive from it."""

POOLS = ("rota", "mutex-receiver", "mutex-queue")  # ours first
OURS, BASELINE = POOLS[:2]
_AGAIN = " again"
AGAIN = BASELINE + _AGAIN  # the baseline against itself: the noise


def again(pool):
    return pool + _AGAIN


def pool_of(variant):
    return variant.removesuffix(_AGAIN)


class Case:
    """One thing to compare the pools on.

    metrics: (name, cost of one raw result) pairs; less cost is better.
    columns: (title, format, figure of one raw result) of the absolute table,
             where raw["untimed"] is what count_cost() returned.
    own: (metric, cost, name of another case): our pool here against our pool
         there in the same round.
    peers: other libraries may run it; they are not known when it is made, so
           it keeps nothing by pool that it does not make on demand.
    core: one of the few that get the most rounds.
    floors: (title, figure of one raw result, key of the host card in the same
            unit): no pool can be better on this machine.
    """

    part = ""
    scenario = ""  # S1, H2: what it is called in the results' names
    group = ""  # cases that are spoken of together
    metrics = ()
    columns = ()
    own = ()
    floors = ()
    peers = True
    core = False
    prepare_s = None  # of one pool; None: as long as a measurement
    real_time_ns = 1  # unit of the first metric's cost

    def __init__(self, name, variants, nr_rounds, expected_s):
        self.name = name
        self.variants = tuple(variants)
        self.nr_rounds = nr_rounds
        self.expected_s = expected_s  # of one measurement
        self.fewer_rounds = {}  # variant: how many, if fewer than nr_rounds
        self.seed = 1  # see draw()

    def pools(self):
        return [variant for variant in self.variants
                if variant == pool_of(variant)]

    def nr_rounds_of(self, variant):
        return self.fewer_rounds.get(variant, self.nr_rounds)

    def expected_prepare_s(self):
        each = self.expected_s if self.prepare_s is None else self.prepare_s
        return each * len(self.pools())

    def prepare(self, pool, rng):
        """Before the first round, for each pool."""

    def draw(self, rng):
        """Before each round: what all variants get alike in it. Here, a seed for
        when jobs come and how long they take."""
        self.seed = rng.randrange(1 << 16)

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
