# SPDX-License-Identifier: MIT
"""What machine this is, as far as it changes results."""

import os
import platform
import subprocess
import time
from statistics import median

from programs import Failed, run_json


def _first_line(path, key):
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith(key):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown"


def _compiler():
    try:
        return subprocess.run(["cc", "--version"], stdout=subprocess.PIPE,
                              text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def describe():
    flags = _first_line("/proc/cpuinfo", "flags").split()
    return {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "cpu": _first_line("/proc/cpuinfo", "model name"),
            "num_cpus": len(os.sched_getaffinity(0)),
            "is_virtual": "hypervisor" in flags,
            "kernel": platform.release(),
            "libc": " ".join(platform.libc_ver()),
            "cc": _compiler(),
            "load_avg": list(os.getloadavg()),
            "library_build_type": "release",
            "json_schema_version": 1}


class LineMeter:
    """How far apart the CPUs are, looked at before each round: virtual ones
    move, and only results of equal distances compare."""

    def __init__(self, build, rng):
        self.command, self.rng = ["%s/bench/line" % build], rng
        self.round_trips_ns = []  # None: unknown

    def look(self):
        try:
            result = run_json(self.command, self.rng)
            self.round_trips_ns.append(result["round_trip_ns"])
        except Failed:
            self.round_trips_ns.append(None)

    def __str__(self):
        known = [ns for ns in self.round_trips_ns if ns is not None]
        if not known:
            return "?"
        return "%.0f ns [%.0f, %.0f]" % (median(known), min(known), max(known))


class StealMeter:
    """The share of CPU time that the hypervisor gave to others meanwhile."""

    def __init__(self):
        self.before = self._read()

    @staticmethod
    def _read():
        with open("/proc/stat", encoding="utf-8") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        return ticks[7], sum(ticks)

    def percent(self):
        steal, total = self._read()
        passed = total - self.before[1]
        return 100 * (steal - self.before[0]) / passed if passed else 0.0
