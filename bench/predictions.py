# SPDX-License-Identifier: MIT
"""What was expected before the first run, and what became of it.

None of these lines was changed after a measurement; those that failed stay.
"""

import re
from collections import namedtuple

from case import BASELINE, POOLS

QUEUE = POOLS[2]
SAME = (0.95, 1.05)
HELD, FAILED, OPEN, UNMEASURED = "held", "failed", "unclear", "not measured"

# case: a regular expression; low, high: of the ratio, baseline over rota
Prediction = namedtuple("Prediction", "text case metric baseline low high")
PREDICTIONS = (
    Prediction("empty jobs: 2 to 10 times mutex-receiver",
               r"^empty jobs", "jobs/s", BASELINE, 2, 10),
    Prediction("jobs of 1 us: 1.3 to 3 times mutex-receiver",
               r"^1 us jobs", "jobs/s", BASELINE, 1.3, 3),
    Prediction("jobs of 100 us: the same",
               r"^100 us jobs", "jobs/s", BASELINE, *SAME),
    Prediction("wake from idle: the same p50, for it is the kernel's",
               r"^wake-up$", "p50 latency", BASELINE, *SAME),
    Prediction("wake from idle costs no more CPU than with mutex-queue",
               r"^wake-up$", "CPU per job", QUEUE, 0.95, 100),
    Prediction("10 % of the requests sleep: the same, all workers sleep",
               r"^server 10 % /sleep$", "requests/s", BASELINE, *SAME),
    Prediction("a web server's fast page: the same, at most 1.05 times",
               r"^server /$", "requests/s", BASELINE, *SAME),
)
# The ratio at the second shape is above (or below) that at the first.
Growth = namedtuple("Growth", "text metric baseline small large sign")
GROWTHS = (
    Growth("the lead over mutex-receiver grows with the workers",
           "jobs/s", BASELINE, "empty jobs 1x1", "empty jobs 1x4", 1),
    Growth("the lead over mutex-queue shrinks with the workers",
           "jobs/s", QUEUE, "empty jobs 1x1", "empty jobs 1x4", -1),
)


def _outcome(rows, low, high):
    """Held if all medians are in the range, failed if a whole interval is out
    of it."""
    if not rows:
        return UNMEASURED
    if all(low <= row["median"] <= high for row in rows):
        return HELD
    if any(row["low"] > high or row["high"] < low for row in rows):
        return FAILED
    return OPEN


def _text(rows):
    if not rows:
        return ""
    if len(rows) == 1:
        return "%.2fx [%.2f, %.2f]" % tuple(
            rows[0][key] for key in ("median", "low", "high"))
    medians = [row["median"] for row in rows]
    return "%.2fx to %.2fx" % (min(medians), max(medians))


def _range(low, high):
    return "%gx or more" % low if high >= 100 else "%gx to %gx" % (low, high)


def judge(summary):
    """One dict for each prediction, from the rows of the summary."""
    found = []
    for wanted in PREDICTIONS:
        rows = [row for row in summary if row["metric"] == wanted.metric
                and row["baseline"] == wanted.baseline
                and re.search(wanted.case, row["case"])]
        found.append({"prediction": wanted.text,
                      "expected": _range(wanted.low, wanted.high),
                      "measured": _text(rows),
                      "outcome": _outcome(rows, wanted.low, wanted.high)})
    for wanted in GROWTHS:
        small, large = (next(
            (row for row in summary if row["metric"] == wanted.metric
             and row["baseline"] == wanted.baseline and row["case"] == case),
            None) for case in (wanted.small, wanted.large))
        found.append({"prediction": wanted.text,
                      "expected": "%s %s than %s" % (
                          wanted.large, "higher" if wanted.sign > 0
                          else "lower", wanted.small),
                      **_grown(small, large, wanted.sign)})
    return found


def _grown(small, large, sign):
    if not small or not large:
        return {"measured": "", "outcome": UNMEASURED}
    measured = "%s, then %s" % (_text([small]), _text([large]))
    if sign < 0:
        small, large = large, small
    if large["low"] > small["high"]:
        outcome = HELD
    else:
        outcome = FAILED if large["high"] < small["low"] else OPEN
    return {"measured": measured, "outcome": outcome}
