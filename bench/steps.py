# SPDX-License-Identifier: MIT
"""How many steps of work take a microsecond: measured once in a session, by
the first program that works, so that all work is the same work."""

_known = {"steps_per_us": 0}


def per_us():
    return _known["steps_per_us"]


def options():
    """None at first: then the program measures it."""
    return ["--steps-per-us=%d" % per_us()] if per_us() else []


def learn(result):
    if not per_us():
        _known["steps_per_us"] = result["steps_per_us"]


def job_ns(wanted):
    """How long a job of so many nanoseconds is: a whole number of steps."""
    return wanted * per_us() // 1000 * 1000 / per_us()
