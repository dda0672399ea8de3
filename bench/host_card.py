# SPDX-License-Identifier: MIT
"""What this machine can do: the floors below every result."""

from programs import Failed, run_json

EXPECTED_S = 3
# (key of what bench/host prints, words, unit, divisor)
ROWS = (
    ("clock_gettime_ns", "clock_gettime", "ns", 1),
    ("syscall_ns", "system call (getpid)", "ns", 1),
    ("locked_add_ns", "locked increment, nobody else", "ns", 1),
    ("line_one_way_ns", "cache line, one CPU to the other", "ns", 1),
    ("futex_one_cpu_one_way_ns", "futex wake to run, one CPU", "us", 1000),
    ("futex_across_one_way_ns", "futex wake to run, across CPUs", "us", 1000),
    ("eventfd_one_cpu_one_way_ns", "eventfd write to run, one CPU", "us", 1000),
    ("eventfd_across_one_way_ns", "eventfd write to run, across CPUs", "us",
     1000),
    ("sleep_lag_p50_ns", "absolute sleep ends late, p50", "us", 1000),
    ("sleep_lag_p99_ns", "absolute sleep ends late, p99", "us", 1000),
    ("thread_create_join_ns", "pthread create and join", "us", 1000),
    ("loopback_request_cpu_us", "accept, read, write, close: CPU", "us", 1),
)


def measure(build, rng):
    """{key: number}, or {} if the machine will not tell."""
    try:
        card = run_json(["%s/bench/host/host" % build], rng)
        trip = run_json(["%s/bench/line" % build], rng)["round_trip_ns"]
    except Failed:
        return {}
    card["line_one_way_ns"] = None if trip is None else trip / 2
    # Where a woken thread runs is the kernel's choice: the floor is the nearer.
    card["futex_wake_floor_ns"] = min(
        card[key] for key in ("futex_one_cpu_one_way_ns",
                              "futex_across_one_way_ns")
        if card[key] is not None)
    return card


def lines(card):
    """(words, figure with unit) of each row."""
    found = []
    for key, words, unit, divisor in ROWS:
        if card.get(key) is not None:
            found.append((words, "%.4g %s" % (card[key] / divisor, unit)))
    for step in card.get("work_step", []):
        found.append(("step of work on CPU %d" % step["cpu"],
                      "%.3f ns, drift %+.1f %%" % (step["ns"],
                                                   step["drift_percent"])))
    return found


def show(card):
    if card:
        print("\nWhat this machine can do:")
        for words, figure in lines(card):
            print("  %-36s %s" % (words, figure))
