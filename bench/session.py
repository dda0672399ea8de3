# SPDX-License-Identifier: MIT
"""A whole benchmark session; started by bench/run, which builds first."""

import argparse
import signal
import sys
import time
from collections import namedtuple

import absorb_part
import bulk_part
import burst_part
import chain_part
import churn_part
import cost_part
import fairness_part
import fan_part
import gaps_part
import graph_part
import guard
import http_part
import journal
import kinds_part
import life_part
import measuring
import memory_part
import metg_part
import mixed_part
import nested_part
import openloop_part
import outputs
import overload_part
import oversubscribed_part
import plan
import pools
import queue_part
import ramp_part
import regions_part
import server_part
import throughput_part
import tree_part
import wake_part

Tier = namedtuple("Tier", "name rounds throughput_s tree_depth tree_s bursts "
                  "metg_s bulk_jobs wake_jobs idle_ms server_s "
                  "other_rounds peer_rounds attempts peers peers_everywhere")
TIERS = {tier.name: tier for tier in (
    Tier("quick", 5, 0.08, 5, 0.05, 200, 0.05, 200000, 1000, 100, 1,
         5, 5, 1, "none", True),
    Tier("default", 6, 0.10, 6, 0.25, 500, 0.10, 300000, 1200, 300, 1,
         6, 6, 1, "none", True),
    Tier("standard", 20, 0.15, 6, 0.35, 1000, 0.08, 400000, 2000, 300, 1,
         6, 6, 3, "all", False),
    Tier("full", 30, 0.30, 6, 0.80, 3000, 0.20, 2000000, 10000, 2000, 3,
         20, 12, 3, "all", False),
)}
PARTS = {"throughput": throughput_part, "tree": tree_part,
         "burst": burst_part, "metg": metg_part, "bulk": bulk_part,
         "wake": wake_part, "cost": cost_part, "server": server_part,
         "kinds": kinds_part,
         "regions": regions_part, "overload": overload_part,
         "openloop": openloop_part, "mixed": mixed_part, "ramp": ramp_part,
         "fan": fan_part, "chain": chain_part, "gaps": gaps_part,
         "http": http_part,
         "fairness": fairness_part, "nested": nested_part,
         "graph": graph_part, "life": life_part, "memory": memory_part,
         "absorb": absorb_part, "churn": churn_part,
         "oversubscribed": oversubscribed_part, "queue": queue_part}
SHORT = ("throughput", "tree", "burst", "metg", "bulk", "wake", "cost",
         "server", "kinds")  # what --quick and the default have time for
LONG = ("regions", "overload", "churn")  # only by name, and with --full
UNFINISHED = 3  # exit status: --minutes stopped it


def part_names(text):
    names = text.split(",")
    for name in names:
        if name != "all" and name not in PARTS:
            raise argparse.ArgumentTypeError("no part '%s'; there are: %s" % (
                name, ", ".join(PARTS)))
    return names


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--tier", choices=TIERS, default="default")
    parser.add_argument("--only", type=part_names, default=["all"])
    parser.add_argument("--json", required=True)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--peers")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--host-name", default="hidden")
    parser.add_argument("--proc", default="/proc")
    return parser.parse_args()


def is_asked_for(name, arguments):
    if "all" not in arguments.only:
        return name in arguments.only
    return {"full": True, "standard": name not in LONG}.get(
        arguments.tier, name in SHORT)


def planned(arguments, tier):
    """All cases, with the variants and the rounds that they get."""
    cases = [case for name, part in PARTS.items()
             if is_asked_for(name, arguments)
             for case in part.cases(arguments.build, tier)]
    plan.give_rounds(cases, tier)
    plan.ensure_again(cases)
    plan.add_peers(cases, pools.chosen(pools.known(arguments.build),
                                       arguments.peers or tier.peers),
                   tier.peer_rounds, tier.peers_everywhere)
    return cases


def open_journal(arguments, cases):
    """The raw file: begun, or taken up again if that is asked for."""
    path = journal.path_beside(arguments.json)
    old_seed = journal.Journal.seed_of(path) if arguments.resume else None
    if arguments.seed is None:
        arguments.seed = (int(time.time()) % 1000000000 if old_seed is None
                          else old_seed)
    book = journal.Journal(path, {
        "tier": arguments.tier, "only": sorted(arguments.only),
        "seed": arguments.seed, "plan": plan.digest(cases),
        "build": journal.build_digest(arguments.build)})
    if old_seed is None:
        if arguments.resume:
            print("There is nothing to resume: this is a new session.")
        book.start()
    else:
        book.resume()
    return book


def refuse_if_busy(procfs, tier, is_forced):
    """Only a long session is worth waiting for a quiet machine."""
    why = guard.too_busy(procfs)
    if not why:
        return
    if tier.attempts > 1 and not is_forced:
        sys.exit("This machine is busy: %s. Wait, or use --force." % why)
    print("This machine is busy (%s): expect wide intervals." % why)


def stop(*_):
    """As an interrupt: the program that measures just now is ended, too."""
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGTERM, stop)
    arguments = read_arguments()
    tier = TIERS[arguments.tier]
    if arguments.rounds:
        tier = tier._replace(rounds=arguments.rounds,
                             other_rounds=arguments.rounds,
                             peer_rounds=arguments.rounds)
    procfs = guard.Procfs(arguments.proc)
    refuse_if_busy(procfs, tier, arguments.force)
    try:
        cases = planned(arguments, tier)
        book = open_journal(arguments, cases)
    except pools.UnknownPool as error:
        sys.exit("bench/run: %s" % error)
    except journal.Refused as refusal:
        sys.exit("bench/run: cannot resume: %s." % refusal)
    has_card = is_asked_for("cost", arguments)
    session = measuring.Session(arguments, tier, cases, book, has_card,
                                PARTS.values())
    is_finished = session.run(guard.Guard(procfs))
    outputs.write_and_show(session, pools.known(arguments.build))
    if not is_finished:
        print("\nStopped after %d of %d rounds, as --minutes says. Go on with "
              "the same options and --resume." % (
                  session.results.rounds_done(), session.rounds.nr_rounds))
        return UNFINISHED
    return 1 if session.results.failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. All finished rounds are kept: the same "
                 "options and --resume go on.")
