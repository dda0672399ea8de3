# SPDX-License-Identifier: MIT
"""Did others disturb a round? Judged by what the kernel says of the machine,
never by what was measured."""

import os
import resource

STEAL_MAX = 1.0  # percent of what all CPUs can give
FOREIGN_MAX = 5.0
PRESSURE_MAX = 10.0  # percent of the last 10 s, before a session begins


def own_cpu_s():
    """Of this process and of all children that it has waited for."""
    used = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        used += usage.ru_utime + usage.ru_stime
    return used


class Procfs:
    """What procfs says, from its root on."""

    def __init__(self, root="/proc"):
        self.root = root

    def _lines(self, name):
        try:
            with open(os.path.join(self.root, name), encoding="utf-8") as file:
                return file.read().splitlines()
        except OSError:
            return []

    def ticks(self):
        """Of all CPUs since the start: busy in programs, stolen, all told.
        Interrupts are counted apart by the kernel, and are not in rusage
        either, so they are neither ours nor foreign."""
        fields = [int(word) for word in self._lines("stat")[0].split()[1:9]]
        user, nice, system, _idle, _iowait, _irq, _softirq, steal = fields
        return user + nice + system, steal, sum(fields)

    def pressure(self):
        """(percent of the last 10 s, microseconds ever) in which something
        waited for a CPU, or None."""
        for line in self._lines("pressure/cpu"):
            if line.startswith("some "):
                words = dict(word.split("=") for word in line.split()[1:])
                return float(words["avg10"]), int(words["total"])
        return None

    def load(self):
        lines = self._lines("loadavg")
        return float(lines[0].split()[0]) if lines else None


class Guard:
    """From start() to stop(): one attempt at a round."""

    def __init__(self, procfs=None, own=own_cpu_s,
                 tick_s=1 / os.sysconf("SC_CLK_TCK")):
        self.procfs = procfs or Procfs()
        self.own, self.tick_s = own, tick_s
        self.before = None

    def _now(self):
        return self.procfs.ticks(), self.own(), self.procfs.pressure()

    def start(self):
        self.before = self._now()

    def stop(self):
        """What went on, and whether it spoils the round."""
        then, own_then, pressure_then = self.before
        now, own_now, pressure_now = self._now()
        busy, steal, passed = (a - b for a, b in zip(now, then))
        passed = max(passed, 1)
        own = (own_now - own_then) / self.tick_s
        found = {"steal_percent": 100 * steal / passed,
                 "foreign_percent": 100 * (busy - own) / passed,
                 "own_percent": 100 * own / passed,
                 "load": self.procfs.load(), "pressure_us": None}
        if pressure_then and pressure_now:
            found["pressure_us"] = pressure_now[1] - pressure_then[1]
        found["dirty"] = (found["steal_percent"] > STEAL_MAX
                          or found["foreign_percent"] > FOREIGN_MAX)
        return found


def too_busy(procfs):
    """Why a session should not start now, or None."""
    pressure = procfs.pressure()
    if pressure and pressure[0] > PRESSURE_MAX:
        return ("in the last 10 s something waited for a CPU for %.0f %% of "
                "the time, more than %.0f %%" % (pressure[0], PRESSURE_MAX))
    return None
