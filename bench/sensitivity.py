# SPDX-License-Identifier: MIT
"""How small a difference does the method find on this machine, today?

Rota is measured against itself with N percent more to do for each job (the
pools slower-N, which only the programs of the tests know), by the same rules
as in a session: fresh processes, interleaved rounds, paired ratios and their
exact interval, and the pool without delay against itself as the A/A row.
Reported are the verdicts on time and on CPU time per job, and the smallest
effect that was called slower.

By hand: bench/sensitivity.py --build=build/tests, after
meson compile -C build test-selftest-throughput
Exit status, by time: 0 the largest effect was found, 1 it was not, 77 it was
not but the A/A row is noisy: nothing can be said.
"""

import argparse
import os
import random
import sys

from programs import Failed, run_json
from stats import SLOWER, Ratio

PLAIN, AGAIN = "slower-0", "slower-0 again"
FIRST_JOBS = 20000  # until a run has shown what a job costs
SKIPPED = 77
METRICS = (("time", lambda raw: 1e9 / raw["jobs_per_s"]),
           ("CPU time", lambda raw: raw["cpu_ns_per_job"]))
TIME = METRICS[0][1]


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True,
                        help="where test-selftest-throughput is")
    parser.add_argument("--effects", default="20,10,5,2",
                        help="percent, the largest first")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0.1,
                        help="of one measurement")
    parser.add_argument("--job-ns", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


class Subject:
    """The program, one submitter and one worker: the delay is on its way."""

    def __init__(self, arguments):
        self.command = [
            os.path.join(arguments.build, "test-selftest-throughput"),
            "--producers=1", "--workers=1", "--job-ns=%d" % arguments.job_ns]
        self.rng = random.Random(arguments.seed)
        self.jobs = FIRST_JOBS
        if arguments.job_ns:
            self.command.append("--steps-per-us=%d"
                                % self.measure(PLAIN)["steps_per_us"])
        cost_ns = min(TIME(self.measure(PLAIN)) for _ in range(9))
        self.jobs = int(arguments.seconds * 1e9 / cost_ns) + 1
        os.environ["BENCH_JOB_COST_NS"] = "%.3f" % cost_ns
        print("A job costs %.1f ns; %d jobs a measurement."
              % (cost_ns, self.jobs))

    def measure(self, variant):
        pool = variant.removesuffix(" again")
        return run_json(self.command + [
            "--pool=" + pool, "--jobs=%d" % self.jobs,
            "--seed=%d" % self.rng.randrange(1 << 16)], self.rng)

    def rounds(self, variants, nr_rounds):
        """{variant: what was measured, a round after the other}."""
        results = {variant: [] for variant in variants}
        for _ in range(nr_rounds):
            for variant in self.rng.sample(variants, len(variants)):
                results[variant].append(self.measure(variant))
        return results


def judge(results, cost, effects):
    """Says each verdict; (was the A/A row noisy, the effects found)."""
    def ratio(variant):
        return Ratio([cost(plain) / cost(other) for plain, other
                      in zip(results[PLAIN], results[variant])])
    again = ratio(AGAIN)
    print("  %-12s %-20s %s" % ("A/A", again,
                                "noisy" if again.is_noisy() else "quiet"))
    found = []
    for percent in effects:
        seen = ratio("slower-%d" % percent)
        verdict = seen.verdict(again)
        print("  %-12s %-20s %s (it is %.2fx)" % (
            "%d %% slower" % percent, seen, verdict, 100 / (100 + percent)))
        if verdict == SLOWER:
            found.append(percent)
    return again.is_noisy(), found


def main():
    arguments = read_arguments()
    effects = [int(text) for text in arguments.effects.split(",")]
    subject = Subject(arguments)
    results = subject.rounds(
        [PLAIN, AGAIN] + ["slower-%d" % percent for percent in effects],
        arguments.rounds)
    status = None
    for name, cost in METRICS:
        print("By %s, in %d rounds:" % (name, arguments.rounds))
        is_noisy, found = judge(results, cost, effects)
        print("  The smallest effect found: %s" % (
            "%d %%" % min(found) if found else "none"))
        if status is None:
            missed = SKIPPED if is_noisy else 1
            status = 0 if max(effects) in found else missed
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(str(failure))
