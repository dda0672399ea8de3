# SPDX-License-Identifier: MIT
"""Results as the page needs them, from results.json alone."""

import gzip
import json
import re
from statistics import median

from page.style import NR_COLOURS
from page.svg import NR_MARKS

OWN_COLOURS = 3

VERDICT_STYLE = {"faster": "good", "slower": "bad", "same": "tie",
                 "unclear": "tie", "quiet": "tie", "noisy": "bad"}


def load(path):
    """What a session has left, as it is or by gzip."""
    with (gzip.open if path.endswith(".gz") else open)(
            path, "rt", encoding="utf-8") as file:
        return Data(json.load(file))


class Data:
    def __init__(self, found):
        self.found = found
        self.context = found["context"]
        self.ours, self.baseline = found["ours"], found["baseline"]
        self.summary = found["summary"]
        self.pools = {pool["name"]: pool for pool in found["pools"]}
        self.measured = list(dict.fromkeys(
            row["pool"] for table in found["figures"] for row in table["rows"]))
        self.main_pools = [name for name in self.measured
                           if self.kind(name) in ("rota", "baseline")]
        self.peers = [name for name in self.measured
                      if name not in self.main_pools]

    def kind(self, pool):
        return self.pools.get(pool, {}).get("kind", "peer")

    def look(self, pool):
        """(mark, colour): no two pools have the same two, and the first
        colours are those of ours and the baselines."""
        if pool in self.main_pools:
            at = self.main_pools.index(pool)
            return at % NR_MARKS, at % NR_COLOURS
        at = self.peers.index(pool)
        rest = NR_COLOURS - OWN_COLOURS
        return (OWN_COLOURS + at) % NR_MARKS, OWN_COLOURS + at % rest

    def is_again(self, row):
        return row["baseline"].endswith(" again")

    def against(self, baseline):
        return [row for row in self.summary if row["baseline"] == baseline]

    def main_baselines(self):
        return [pool for pool in self.main_pools if pool != self.ours]

    def figure(self, part, title, pool):
        """The median of an absolute figure, or None."""
        for table in self.found["figures"]:
            if table["part"] != part or title not in table["columns"]:
                continue
            at = table["columns"].index(title)
            for row in table["rows"]:
                if row["pool"] == pool and "cells" in row:
                    return row["cells"][at]["value"]
        return None

    def raws(self, part, pool, case=None):
        """What the programs printed, of each round."""
        return [row["raw"] for row in self.found["benchmarks"]
                if row["part"] == part and row["pool"] == pool
                and case in (None, row["case"])]

    def cases(self, part=None):
        """In the order in which the session has them, not of the dice."""
        return list(dict.fromkeys(
            row["case"] for table in self.found["figures"]
            for row in table["rows"] if part in (None, table["part"])))

    def parts(self):
        return list(dict.fromkeys(table["part"] for table in
                                  self.found["figures"]))


PERCENTILE = re.compile(r"^(?:(\w+)_)?p(50|75|90|95|99|999|9999)_(ns|us)$")
SHARES = {"50": 50, "75": 75, "90": 90, "95": 95, "99": 99, "999": 99.9,
          "9999": 99.99}
ENOUGH = {99.9: 10000, 99.99: 100000}  # samples in a round


def percentiles(raws):
    """{what of: {percent: microseconds}}, medians of the rounds. A tail that
    too few samples have is left out."""
    found = {}
    for raw in raws:
        samples = raw.get("jobs") or raw.get("requests") or 0
        for key, value in raw.items():
            match = PERCENTILE.match(key)
            if not match or not isinstance(value, (int, float)):
                continue
            percent = SHARES[match[2]]
            if samples < ENOUGH.get(percent, 0):
                continue
            us = value / (1000 if match[3] == "ns" else 1)
            found.setdefault(match[1] or "", {}).setdefault(
                percent, []).append(us)
    return {name: {percent: median(values)
                   for percent, values in sorted(points.items())}
            for name, points in found.items()}


def ratio_text(row):
    return "%.2fx [%.2f, %.2f]" % (row["median"], row["low"], row["high"])


def short_ratio(value):
    """Two or three digits."""
    if value < 0.1:
        return "%.2g×" % value
    return "%.*f×" % (2 if value < 10 else 1 if value < 100 else 0, value)
