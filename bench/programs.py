# SPDX-License-Identifier: MIT
"""Runs the measuring programs, each time as a fresh process."""

import json
import os
import re
import subprocess
import tempfile

from case import POOLS


class Failed(Exception):
    """A measurement that is wrong, crashed or did not end."""


class NotApplicable(Exception):
    """The pool cannot do what the program asks for; the text says why."""


# A pool in Go is a program of its own: a call from C to Go costs more than a job.
GO_POOL = "go-channel"
GO_OPTIONS = {"--pool", "--producers", "--workers", "--jobs", "--job-ns",
              "--steps-per-us", "--seed"}


def flood_go(build):
    return os.path.join(build, "bench", "peers", "flood-go")


def for_pool(argv):
    """The same measurement by the program that has this pool."""
    program, *options = argv
    if "--pool=" + GO_POOL not in options:
        return argv
    if (os.path.basename(program) != "throughput"
            or {option.split("=")[0] for option in options} - GO_OPTIONS):
        raise NotApplicable("it is a program of its own, which measures "
                            "throughput")
    return [flood_go(os.path.join(os.path.dirname(program), os.pardir)),
            *options]


def padded_environment(rng):
    """A process's memory layout depends on its environment's size; vary it."""
    return dict(os.environ, BENCH_PADDING="x" * rng.randrange(4096))


def checked_json(argv, done):
    """The last line of a program that has ended; Failed if it is not happy."""
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        raise Failed("exit %d: %s: %s" % (done.returncode, " ".join(argv),
                                          done.stderr.strip()))
    result = json.loads(lines[-1])
    if "not_applicable" in result:
        raise NotApplicable(result["not_applicable"])
    return result


def run_json(argv, rng, timeout_s=120):
    """Run a program that prints a line of JSON; Failed if it is not happy.

    A measurement is sized by what ours or the baseline need: another library
    that is far from done after a minute is told from one that is wrong.
    """
    argv = for_pool(argv)
    pool = next((option[7:] for option in argv if option[:7] == "--pool="), "")
    is_other = pool not in ("", *POOLS)
    if is_other:
        timeout_s /= 2
    try:
        done = subprocess.run(argv, env=padded_environment(rng),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=timeout_s, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        if is_other and not isinstance(error, OSError):
            raise NotApplicable("it was not done after %d s"
                                % timeout_s) from error
        raise Failed(str(error)) from error
    return checked_json(argv, done)


def under(tool, argv):
    """The report of a tool that counts, and what the program printed."""
    with tempfile.NamedTemporaryFile("r") as report:
        try:
            done = subprocess.run(tool + ["-o", report.name] + argv,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True,
                                  timeout=120, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise Failed(str(error)) from error
        return report.read(), done.stdout


class FutexCounter:
    """Counts futex system calls from outside, by what the machine offers."""

    def __init__(self):
        self.method = "unknown"
        for method, look in (("perf", self._perf), ("strace", self._strace)):
            try:
                if look(["true"]) is not None:
                    self.method, self._look = method, look
                    return
            except Failed:
                continue

    def count(self, argv):
        """(calls, what the program printed), or None if it is unknown."""
        argv = for_pool(argv)
        counted = None if self.method == "unknown" else self._look(argv)
        if counted and '"not_applicable"' in counted[1]:
            raise NotApplicable(json.loads(counted[1])["not_applicable"])
        return counted

    def _perf(self, argv):
        report, printed = under(
            ["perf", "stat", "-x", ",", "-e", "syscalls:sys_enter_futex"], argv)
        found = re.search(r"^(\d+),,syscalls:sys_enter_futex", report, re.M)
        return (int(found[1]), printed) if found else None

    def _strace(self, argv):
        report, printed = under(
            ["strace", "-f", "-c", "-e", "trace=futex"], argv)
        found = re.search(r"^\s*\S+\s+\S+\s+\S+\s+(\d+).*\bfutex$", report, re.M)
        return (int(found[1]) if found else 0, printed)
