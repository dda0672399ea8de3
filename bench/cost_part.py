# SPDX-License-Identifier: MIT
"""Part 7: the cost card. What a job costs when nothing disturbs it, counted.

bench/cost runs under callgrind with N and with 2N jobs; the difference over N
is the cost of a job. No clock, so no rounds: it is the same each time.
"""

import glob
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter

import syscalls
from programs import Failed, checked_json, run_json
from rounds import POOLS

JOBS = 10000
BULK = 64
EXPECTED_S = 8
THREADS = ("submit", "worker")  # the first thread, and the pool's
ALLOCATORS = ("malloc", "calloc", "realloc", "aligned_alloc",
              "posix_memalign", "memalign", "reallocarray")
CALLGRIND = ["valgrind", "--tool=callgrind", "--separate-threads=yes",
             "--dump-instr=yes", "--compress-pos=no", "--compress-strings=no"]
LOCKED = re.compile(r"\block\b|\bxchg[bwlq]?\b.*\(")
FENCE = re.compile(r"\bmfence\b|\block or[lq] +\$0x0,.*\(%rsp\)")


class Profile:
    """What one thread did: how often each instruction ran, how often memory
    was asked for."""

    def __init__(self, path):
        self.ran = Counter()  # (object, address): times
        self.allocations = 0
        program = called = ""
        is_callee = False  # the line after calls= is the cost of the callee
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith("ob="):
                    program = line[3:].strip()
                elif line.startswith("cfn="):
                    called = line[4:].strip().split("'")[0]
                elif line.startswith("calls="):
                    is_callee = True
                    if called in ALLOCATORS:
                        self.allocations += int(line[6:].split()[0])
                elif line.startswith("0x"):
                    if not is_callee:
                        address, _, times = line.split()
                        self.ran[program, int(address, 16)] += int(times)
                    is_callee = False


def profiles(command, jobs):
    """Of the submitter and of the worker."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        try:
            done = subprocess.run(
                CALLGRIND + ["--callgrind-out-file=" + path] + command
                + ["--jobs=%d" % jobs], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failed(str(error)) from error
        checked_json(command, done)
        found = sorted(glob.glob(path + "-*"))
        if len(found) != len(THREADS):
            raise Failed("callgrind saw %d threads" % len(found))
        return [Profile(name) for name in found]


def disassemble(program, addresses):
    """{address: text} of the instructions from the first to the last."""
    done = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", "-M", "suffix",
         "--start-address=%d" % min(addresses),
         "--stop-address=%d" % (max(addresses) + 1), program],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        check=True)
    found = re.findall(r"^ *([0-9a-f]+):\t(.*)$", done.stdout, re.M)
    return {int(address, 16): text for address, text in found}


def locked(per_job):
    """(read-modify-writes, full fences) of a job, by what the code says."""
    writes = fences = 0
    for program in {program for program, _ in per_job}:
        text = disassemble(program, [address for owner, address in per_job
                                     if owner == program])
        for (owner, address), times in per_job.items():
            if owner != program:
                continue
            if FENCE.search(text.get(address, "")):
                fences += times
            elif LOCKED.search(text.get(address, "")):
                writes += times
    return writes, fences


def cost_of_a_job(command):
    row = {}
    few, many = profiles(command, JOBS), profiles(command, 2 * JOBS)
    for name, less, more in zip(THREADS, few, many):
        per_job = {where: (times - less.ran[where]) / JOBS
                   for where, times in more.ran.items()
                   if times != less.ran[where]}
        row[name + "_instructions"] = sum(per_job.values())
        row[name + "_locked"], row[name + "_fences"] = locked(per_job)
        row[name + "_mallocs"] = (more.allocations - less.allocations) / JOBS
    return row


def card(build, results, method, rng):
    """One row for each pool, and one for a pool that takes many at once."""
    rows = []
    if not shutil.which("valgrind") or not shutil.which("objdump"):
        return rows
    for pool, batch in [(pool, 1) for pool in POOLS] + [(POOLS[0], BULK)]:
        name = pool + (" %d at a time" % batch if batch > 1 else "")
        command = ["%s/bench/cost" % build, "--pool=" + pool,
                   "--batch=%d" % batch]
        try:
            row = cost_of_a_job(command)
            if batch == 1:
                row.update(syscalls.per_job(build, pool, method))
                row.update(syscalls.undisturbed(
                    lambda argv: run_json(argv, rng), build, pool))
            rows.append(dict(row, name=name, pool=pool, batch=batch))
        except (Failed, subprocess.SubprocessError) as failure:
            results.failures.append("cost, %s: %s" % (name, failure))
    return rows


COUNTED = (  # title, key after submit_ and worker_, digits
    ("instructions", "instructions", 1), ("locked RMW", "locked", 2),
    ("full fences", "fences", 2), ("mallocs", "mallocs", 2))
RUNNING = (("futex calls", "futex_calls", 4), ("system calls", "syscalls", 4),
           ("switches", "switches", 4),
           ("CPU s/million", "cpu_s_per_million", 3))


def cells(row):
    """The texts of a row: counted ones as submit + run."""
    found = [" + ".join(
        "%.*f" % (digits, round(row[thread + "_" + key], digits) + 0.0)
        for thread in THREADS) for _, key, digits in COUNTED]
    return found + ["%.*f" % (digits, row[key]) if key in row else "–"
                    for _, key, digits in RUNNING]


def show(rows):
    print("\nCost of a job. Submit + run under callgrind, one submitter, one "
          "worker, not at once;\ncalls, switches and CPU at 2x2.")
    if not rows:
        print("? (needs valgrind and objdump)")
        return
    form = "%-23s%15s%13s%13s%13s%13s%14s%10s%15s"
    print(form % ("", *(title for title, *_ in COUNTED + RUNNING)))
    for row in rows:
        print(form % (row["name"], *cells(row)))


def cases(_build, _tier):
    return []
