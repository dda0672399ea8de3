# SPDX-License-Identifier: MIT
"""Which cases a session has, and which variants run them."""

import hashlib

from case import AGAIN, BASELINE, OURS, again


def ensure_again(cases):
    """Each part needs one row that says what no difference looks like."""
    for part in dict.fromkeys(case.part for case in cases):
        mine = [case for case in cases if case.part == part]
        if any(AGAIN in case.variants for case in mine):
            continue
        pool = BASELINE if any(BASELINE in case.variants
                               for case in mine) else OURS
        first = next((case for case in mine if pool in case.variants), None)
        if first and again(pool) not in first.variants:
            first.variants += (again(pool),)


def add_peers(cases, names, nr_rounds, is_everywhere=True):
    """The other libraries, in as many rounds as they get. If not everywhere,
    they run what is at the core, and the first case of each other group."""
    have = {case.group for case in cases if case.core}
    for case in cases:
        if not case.peers or BASELINE not in case.variants:
            continue
        if not (is_everywhere or case.core) and case.group in have:
            continue
        have.add(case.group)
        case.variants += tuple(name for name in names
                               if name not in case.variants)
        for name in names:
            case.fewer_rounds[name] = min(nr_rounds, case.nr_rounds)


def give_rounds(cases, tier):
    """Those that are not at the core get fewer, where the tier says so."""
    for case in cases:
        if not case.core:
            case.nr_rounds = min(case.nr_rounds, tier.other_rounds)


def digest(cases):
    """Changes with all that decides what a session measures."""
    text = repr([(case.name, case.variants, case.nr_rounds, case.expected_s,
                  case.fewer_rounds) for case in cases])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
