#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The session's part of the web server, each case once with little to do: what
the client and the server print is what the part reads.

usage: http_part_test.py BUILD, with the scripts in PYTHONPATH; TAP on stdout
"""
import random
import shutil
import sys
import traceback
from collections import namedtuple

import http_part

Tier = namedtuple('Tier', 'name rounds server_s')
SCENARIOS = {'H1', 'H2', 'H3', 'H4', 'H5', 'H6'}


class Results:
    """What notes() may ask for."""

    def __init__(self):
        self.raw = {}

    def by_round(self, case, variant):
        return dict(enumerate(self.raw.get((case, variant), [])))


def measure(case, results):
    rng = random.Random(1)
    case.draw(rng)
    for pool in case.pools()[:2]:
        case.prepare(pool, rng)
        raw = case.measure(pool, rng)
        results.raw.setdefault((case, pool), []).append(raw)
        for name, cost in case.metrics:
            assert cost(raw) > 0, name
        for title, form, read in case.columns:
            assert form % read(raw), title
    if case.scenario == 'H4':
        # nobody is served before the first sleeper is done, or much later
        assert raw['bound_us'] <= raw['p50_us'] < 10 * raw['bound_us'], raw
    if case.scenario == 'H6':
        assert raw['answered'] and raw['refused'] and not raw['torn'], raw
    if case.scenario == 'H3':
        assert raw['slow'] and raw['slow_p50_us'] > 50000, raw


class Late:
    """Results of a client that was late by so much of a p99 of 100 us."""

    def __init__(self, lag_us):
        self.raw = {'p99_us': 100, 'lag_p99_us': lag_us}

    def by_round(self, _case, _variant):
        return {0: self.raw}


def late_notes(found, lag_us):
    return [note for case in found if isinstance(case, http_part.LoadCase)
            for note in case.notes(Late(lag_us)) if 'late by' in note]


def main():
    build, results, failed, number = sys.argv[1], Results(), 0, 0
    http_part._known['capacity'] = 4000  # pylint: disable=protected-access
    http_part.OpenLoop.seconds = 0.3
    found = http_part.cases(build, Tier('standard', 1, 1))
    for case in found:
        number += 1
        if case.scenario == 'H1' and not shutil.which('wrk'):
            print('ok %d - %s # SKIP no wrk' % (number, case.name))
            continue
        try:
            measure(case, results)
            print('ok %d - %s' % (number, case.name), flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print('not ok %d - %s' % (number, case.name), flush=True)
            print('# ' + traceback.format_exc().replace('\n', '\n# '))
    notes = [note for case in found for note in case.notes(results)
             if 'p99 below' in note]
    for text, is_true in (
            ('all six scenarios are there',
             {case.scenario for case in found} == SCENARIOS),
            ('names differ', len({case.name for case in found}) == len(found)),
            ('the knee is said of each pool', len(notes) == 3),
            ('a client that is late is told of', late_notes(found, 51)
             and not late_notes(found, 49))):
        number += 1
        failed += not is_true
        print('%sok %d - %s' % ('' if is_true else 'not ', number, text))
    print('1..%d' % number)
    return 1 if failed else 0


sys.exit(main())
