# SPDX-License-Identifier: MIT
"""System calls, context switches and CPU of a job in a running pool: the part
of the cost card that callgrind cannot see."""

import json
import re

from programs import under

SHAPE = ["--producers=2", "--workers=2"]
FEW = 2000  # what is counted with so few is that of starting and ending
MANY = {"perf": 402000, "strace": 12000}
PERF = ["perf", "stat", "-x", ",", "-e",
        "syscalls:sys_enter_futex,raw_syscalls:sys_enter"]
STRACE = ["strace", "-f", "-c"]


def _perf(report):
    found = [re.search(r"^(\d+),,%s" % name, report, re.M)
             for name in ("syscalls:sys_enter_futex", "raw_syscalls:sys_enter")]
    return [int(match[1]) for match in found] if all(found) else None


def _strace(report):
    calls = {line[-1]: int(line[3]) for line in
             (text.split() for text in report.splitlines())
             if len(line) >= 5 and line[0][0].isdigit() and line[3].isdigit()}
    total = calls.pop("total", sum(calls.values()))
    return [calls.get("futex", 0), total]


READ = {"perf": (PERF, _perf), "strace": (STRACE, _strace)}


def per_job(build, pool, method):
    """{} where nothing counts them."""
    if method not in READ:
        return {}
    tool, read = READ[method]
    runs = []
    for jobs in (FEW, MANY[method]):
        report, printed = under(tool, [
            "%s/bench/throughput" % build, "--pool=" + pool,
            "--jobs=%d" % jobs, *SHAPE])
        counted = read(report)
        if counted is None:
            return {}
        runs.append((counted, json.loads(printed)))
    (few, less), (many, more) = runs
    extra = more["jobs_with_warm_up"] - less["jobs_with_warm_up"]
    futex, calls = (max(0, b - a) / extra for a, b in zip(few, many))
    return {"futex_calls": futex, "syscalls": calls}


def undisturbed(run, build, pool):
    """Without anybody who counts: what the process says of itself."""
    result = run(["%s/bench/throughput" % build, "--pool=" + pool,
                  "--jobs=%d" % MANY["perf"], *SHAPE])
    return {"switches": result["voluntary_switches_per_job"]
            + result["involuntary_switches_per_job"],
            "cpu_s_per_million": result["cpu_ns_per_job"] / 1000}
