# SPDX-License-Identifier: MIT
"""A whole benchmark session; started by bench/run, which builds first."""

import argparse
import json
import random
import sys
import time
from collections import namedtuple

import bulk_part
import burst_part
import chain_part
import cost_part
import fan_part
import gaps_part
import kinds_part
import machine
import metg_part
import mixed_part
import openloop_part
import overload_part
import ramp_part
import regions_part
import report
import rounds
import server_part
import throughput_part
import tree_part
import wake_part
from programs import FutexCounter
from progress import Progress, clock

Tier = namedtuple("Tier", "name rounds throughput_s tree_depth tree_s bursts "
                  "metg_s bulk_jobs wake_jobs idle_ms server_s")
TIERS = {tier.name: tier for tier in (
    Tier("quick", 5, 0.08, 5, 0.05, 200, 0.05, 200000, 1000, 100, 1),
    Tier("default", 6, 0.12, 6, 0.35, 600, 0.10, 300000, 1200, 300, 1),
    Tier("full", 20, 0.30, 6, 0.80, 3000, 0.20, 2000000, 10000, 2000, 3),
)}
PARTS = {"throughput": throughput_part, "tree": tree_part,
         "burst": burst_part, "metg": metg_part, "bulk": bulk_part,
         "wake": wake_part, "cost": cost_part, "server": server_part,
         "kinds": kinds_part,
         "regions": regions_part, "overload": overload_part,
         "openloop": openloop_part, "mixed": mixed_part, "ramp": ramp_part,
         "fan": fan_part, "chain": chain_part, "gaps": gaps_part}
LONG = ("regions", "overload", "openloop", "mixed", "ramp", "fan", "chain",
        "gaps")  # only by name, and with --full


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--tier", choices=TIERS, default="default")
    parser.add_argument("--only", choices=("all", *PARTS), default="all")
    parser.add_argument("--json", required=True)
    parser.add_argument("--seed", type=int,
                        default=int(time.time()) % 1000000000)
    return parser.parse_args()


def is_asked_for(name, arguments):
    if arguments.only == "all":
        return arguments.tier == "full" or name not in LONG
    return arguments.only == name


def benchmark_rows(results):
    """The raw rounds, named as google-benchmark's compare.py expects them."""
    for row in results.rows:
        case, raw = row["case"], row["raw"]
        cost = case.metrics[0][1](raw) * case.real_time_ns
        name = "%s/%s" % (row["variant"], case.name)
        yield {"name": name, "run_name": name, "run_type": "iteration",
               "repetitions": case.nr_rounds,
               "repetition_index": row["round"], "iterations": 1,
               "threads": 1, "real_time": cost, "cpu_time": cost,
               "time_unit": "ns", "part": case.part, "pool": row["variant"],
               "raw": raw}


def write_json(path, context, results, summary, line, card):
    costs = [dict(cost, case=case, pool=pool)
             for (case, pool), cost in results.costs.items() if cost]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"context": context,
                   "benchmarks": list(benchmark_rows(results)),
                   "rounds": [{"round": index, "cache_line_round_trip_ns": ns}
                              for index, ns in enumerate(line.round_trips_ns)],
                   "untimed": costs, "cost_card": card, "summary": summary.rows,
                   "failures": results.failures,
                   "verdict": summary.sentence()}, file, indent=1)
        file.write("\n")


def main():
    arguments = read_arguments()
    tier = TIERS[arguments.tier]
    rng = random.Random(arguments.seed)
    cases = [case for name, part in PARTS.items()
             if is_asked_for(name, arguments)
             for case in part.cases(arguments.build, tier)]
    futexes = FutexCounter()
    context = machine.describe()
    context.update(tier=tier.name, seed=arguments.seed,
                   futex_count=futexes.method)
    has_card = arguments.only in ("all", "cost")
    progress = Progress(rounds.expected_s(cases)
                        + has_card * cost_part.EXPECTED_S)
    print("%s, %d CPUs, kernel %s, load %.2f; seed %d; about %s" % (
        context["cpu"], context["num_cpus"], context["kernel"],
        context["load_avg"][0], arguments.seed, clock(progress.expected_s)))
    if context["load_avg"][0] > context["num_cpus"] / 4:
        print("This machine is busy with other things: expect wide intervals.")
    results = rounds.Results()
    steal = machine.StealMeter()
    line = machine.LineMeter(arguments.build, rng)
    card = []
    if has_card:
        progress.now_at("counting instructions")
        card = cost_part.card(arguments.build, results)
        progress.finished(cost_part.EXPECTED_S)
    rounds.prepare(cases, results, futexes, rng, progress)
    rounds.run_rounds(cases, results, rng, progress, line.look)
    progress.end()
    context["steal_percent"] = steal.percent()
    context["cache_line_round_trip"] = str(line)

    summary = report.Summary(cases, results)
    write_json(arguments.json, context, results, summary, line, card)
    if has_card:
        cost_part.show(card)
    if cases:
        report.show(cases, results, summary, context)
    report.conclude(results, summary if cases else None, arguments.json)
    return 1 if results.failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nInterrupted: nothing was written.")
