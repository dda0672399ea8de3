# SPDX-License-Identifier: MIT
"""All that a session leaves: results.json, and what is made of it."""

import json
import math
import os
import re
from statistics import median

import cost_part
import figures
import host_card
import machine
import markdown
import terminal
from case import BASELINE, OURS, pool_of
from page import document
from page.data import Data
from summary import Summary

NUMBERS = {"jobs_per_s": "items_per_second",
           "requests_per_s": "items_per_second"}  # google-benchmark's names
KEPT = ("cpu_ns_per_job", "p50_ns", "p99_ns", "p50_us", "p99_us",
        "switches_per_job", "peak_rss_kib")


def slug(text):
    return re.sub(r"[^A-Za-z0-9.+-]+", "_", text).strip("_")


def row_name(case, variant):
    part = "%s_%s" % (case.scenario, case.part) if case.scenario else case.part
    return "%s/%s/%s" % (slug(variant), part, slug(case.name))


def counters(raw):
    """The flat numbers that compare.py and others may show."""
    found = {name: raw[key] for key, name in NUMBERS.items() if key in raw}
    found.update({key: raw[key] for key in KEPT if key in raw})
    return {key: value for key, value in found.items()
            if isinstance(value, (int, float)) and math.isfinite(value)}


def benchmark_rows(cases, results):
    """The rounds that count, as google-benchmark's compare.py expects them: time is
    the cost that is compared, in ns if it is a time at all."""
    families = {}
    by_name = {case.name: case for case in cases}
    for row in results.last_rows():
        case, raw = by_name[row["case"]], row["raw"]
        cost = case.metrics[0][1](raw) * case.real_time_ns
        if not math.isfinite(cost):
            continue
        name = row_name(case, row["variant"])
        family = families.setdefault(name, len(families))
        yield {"name": name, "run_name": name, "run_type": "iteration",
               "family_index": family, "per_family_instance_index": 0,
               "repetitions": case.nr_rounds_of(row["variant"]),
               "repetition_index": row["round"],
               "iterations": int(raw.get("jobs") or raw.get("requests") or 1),
               "threads": int(raw.get("workers") or 1), "real_time": cost,
               "cpu_time": float(raw.get("cpu_ns_per_job") or cost),
               "time_unit": "ns", **counters(raw),
               "part": case.part, "case": case.name, "pool": row["variant"],
               "attempt": row["attempt"], "raw": raw}


def full_context(session, summary):
    environment = session.results.environment
    context = dict(session.context)
    context["steal_percent"] = mean(environment, "steal_percent")
    context["foreign_percent"] = mean(environment, "foreign_percent")
    context["cache_line_round_trip"] = machine.line_text(
        [entry["cache_line_round_trip_ns"] for entry in environment])
    context["again"] = summary.again_verdict()
    context["rounds"] = session.rounds.nr_rounds
    context["rounds_done"] = session.results.rounds_done()
    return context


def mean(entries, key):
    """Weighed by how long each took."""
    seconds = sum(entry["seconds"] for entry in entries)
    if not seconds:
        return 0.0
    return sum(entry[key] * entry["seconds"] for entry in entries) / seconds


def collect(session, pools):
    """Everything, as one dict for the JSON."""
    cases, results = session.cases, session.results
    summary = Summary(cases, results)
    return {
        "context": full_context(session, summary),
        "benchmarks": list(benchmark_rows(cases, results)),
        "rounds": results.environment,
        "untimed": [dict(cost, case=case, pool=pool)
                    for (case, pool), cost in results.costs.items() if cost],
        "not_applicable": [{"case": case, "pool": pool, "why": why}
                           for (case, pool), why in results.absent.items()],
        "figures": figures.tables(cases, results),
        "notes": [note for case in cases for note in case.notes(results)],
        "pools": pools, "ours": OURS, "baseline": BASELINE,
        "cost_card": session.cost_card, "host_card": session.host_card,
        "efficiency": figures.efficiencies(cases, results, session.host_card),
        "summary": summary.rows, "failures": results.failures,
        "verdict": summary.sentence()}, summary


def trend(found):
    """For github-action-benchmark's customSmallerIsBetter: medians only."""
    rows = {}
    for row in found["benchmarks"]:
        if row["pool"] == pool_of(row["pool"]):
            rows.setdefault(row["name"], []).append(row["real_time"])
    entries = []
    for name, times in rows.items():
        entries.append({"name": name, "unit": "ns", "value": median(times),
                        "range": "%.6g to %.6g" % (min(times), max(times)),
                        "extra": "%d rounds" % len(times)})
    return entries


def write_json(path, value):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, allow_nan=False)
        file.write("\n")
    os.replace(path + ".new", path)


def write_text(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write_and_show(session, pools):
    found, summary = collect(session, pools)
    path = session.arguments.json
    folder = os.path.dirname(os.path.abspath(path))
    write_json(path, found)
    write_json(os.path.join(folder, "trend.json"), trend(found))
    write_text(os.path.join(folder, "REPORT.md"), markdown.report(found))
    write_text(os.path.join(folder, "report.html"),
               document.page(Data(found)))
    host_card.show(session.host_card)
    terminal.show_efficiency(found["efficiency"])
    if session.has_card:
        cost_part.show(session.cost_card)
    if session.cases:
        terminal.show(session.cases, summary, found["figures"],
                      found["context"])
    terminal.conclude(session.results.failures,
                      found["verdict"] if session.cases else None, path)
    print("To look at: %s, REPORT.md" % os.path.join(folder, "report.html"))
