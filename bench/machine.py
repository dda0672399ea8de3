# SPDX-License-Identifier: MIT
"""What machine and what build this is, as far as it changes results."""

import glob
import json
import os
import platform
import re
import subprocess
import time
from statistics import median

from programs import Failed, run_json

HERE = os.path.dirname(os.path.abspath(__file__))


def _text(path, default=""):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return default


def _cpuinfo(key):
    found = re.search(r"^%s\s*: (.*)$" % key, _text("/proc/cpuinfo"), re.M)
    return found[1].strip() if found else "unknown"


def _first_line(command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True,
                              check=True).stdout.splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        return "unknown"


def _caches():
    """As google-benchmark writes them."""
    found = []
    for folder in sorted(glob.glob("/sys/devices/system/cpu/cpu0/cache/i*")):
        size = re.match(r"(\d+)K", _text(folder + "/size"))
        if size:
            shared = _text(folder + "/shared_cpu_list")
            found.append({"type": _text(folder + "/type"),
                          "level": int(_text(folder + "/level", "0")),
                          "size": int(size[1]) * 1024,
                          "num_sharing": len(re.findall(r"\d+", shared))})
    return found


def _hypervisor():
    if "hypervisor" not in _cpuinfo("flags").split():
        return "none"
    return (_text("/sys/hypervisor/type")
            or _text("/sys/class/dmi/id/sys_vendor") or "unknown")


def _mitigations():
    folder = "/sys/devices/system/cpu/vulnerabilities"
    return {os.path.basename(path): _text(path)
            for path in sorted(glob.glob(folder + "/*"))
            if _text(path) != "Not affected"}


def _flags(build):
    """What decides the code, of the options of the build."""
    text = _text(os.path.join(build, "meson-info", "intro-buildoptions.json"))
    if not text:
        return "unknown"
    options = {option["name"]: option["value"] for option in json.loads(text)}
    return " ".join("%s=%s" % (name, options[name]) for name in (
        "buildtype", "optimization", "debug", "b_ndebug", "b_lto", "c_std",
        "c_args") if name in options)


def _git():
    """The commit, and whether there is more in the folder."""
    command = ["git", "-C", HERE]
    commit = _first_line(command + ["rev-parse", "--short=12", "HEAD"])
    changed = _first_line(command + ["status", "--porcelain", "-uno"])
    return commit + ("" if changed == "unknown" else " and changes")


def _governor():
    return _text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
                 "none")


def describe(build, host_name="hidden"):
    mhz = _cpuinfo("cpu MHz")
    return {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "host_name": host_name,
            "executable": "bench/run",
            "cpu": _cpuinfo("model name"),
            "num_cpus": len(os.sched_getaffinity(0)),
            "mhz_per_cpu": 0 if mhz == "unknown" else round(float(mhz)),
            "cpu_scaling_enabled": _governor() not in ("none", "performance"),
            "governor": _governor(),
            "caches": _caches(),
            "is_virtual": "hypervisor" in _cpuinfo("flags").split(),
            "hypervisor": _hypervisor(),
            "mitigations": _mitigations(),
            "kernel": platform.release(),
            "libc": " ".join(platform.libc_ver()),
            "cc": _first_line(["cc", "--version"]),
            "flags": _flags(build),
            "git": _git(),
            "load_avg": list(os.getloadavg()),
            "library_build_type": "release",
            "json_schema_version": 1}


class LineMeter:
    """How far apart the CPUs are, looked at before each round: virtual ones
    move, and only results of equal distances compare."""

    def __init__(self, build, rng):
        self.command, self.rng = ["%s/bench/line" % build], rng

    def look(self):
        """Nanoseconds there and back; None: unknown."""
        try:
            return run_json(self.command, self.rng)["round_trip_ns"]
        except Failed:
            return None


def line_text(round_trips_ns):
    known = [ns for ns in round_trips_ns if ns is not None]
    if not known:
        return "?"
    return "%.0f ns [%.0f, %.0f]" % (median(known), min(known), max(known))
