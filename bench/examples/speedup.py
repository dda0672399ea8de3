#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many times as fast is blockzip with two workers as with one?

Both run in turn, which goes first changes from round to round; the ratio of
each pair counts. Prints the median and the smallest and largest one. Two
processes with one worker each, at the same time, say what the machine had to
give: if that is less than 2, others used it.
"""
import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time


def words(nr_bytes):
    """Text of some 5000 words, some of them much more frequent."""
    chance = random.Random(2029)
    known = [bytes(chance.choices(b'abcdefghijklmnopqrstuvwxyz',
                                  k=chance.randint(2, 10)))
             for _ in range(5000)]
    weights = [1 / (rank + 1) for rank in range(len(known))]
    part = b' '.join(chance.choices(known, weights, k=1 << 18))
    return (part * (nr_bytes // len(part) + 1))[:nr_bytes]


def seconds(program, level, workers, path, processes=1):
    command = [program, f'-{level}', f'-p{workers}', path]
    start = time.monotonic()
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL)
               for _ in range(processes)]
    if any([process.wait() for process in running]):
        sys.exit('%s failed' % program)
    return time.monotonic() - start


def spread(ratios):
    return '%.2fx [%.2f, %.2f]' % (
        statistics.median(ratios), min(ratios), max(ratios))


def main():
    options = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    options.add_argument('--rounds', type=int, default=11)
    options.add_argument('--mib', type=int, default=32)
    options.add_argument('--level', type=int, default=6)
    options.add_argument('--at-least', type=float, default=0)
    options.add_argument('blockzip')
    args = options.parse_args()
    ratios, limits, times = [], [], {1: [], 2: []}
    with tempfile.NamedTemporaryFile() as file:
        file.write(words(args.mib << 20))
        file.flush()
        seconds(args.blockzip, args.level, 2, file.name)
        for nr in range(args.rounds):
            for workers in (1, 2) if nr % 2 else (2, 1):
                times[workers].append(seconds(
                    args.blockzip, args.level, workers, file.name))
            both = seconds(args.blockzip, args.level, 1, file.name, 2)
            ratios.append(times[1][-1] / times[2][-1])
            limits.append(2 * times[1][-1] / both)
    print('%d MiB, level %d, %d rounds: %.2f s with one worker, %.2f s with '
          'two: %s; two processes %s' % (
              args.mib, args.level, args.rounds, statistics.median(times[1]),
              statistics.median(times[2]), spread(ratios), spread(limits)))
    return statistics.median(ratios) < args.at_least


if __name__ == '__main__':
    sys.exit(main())
