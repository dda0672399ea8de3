#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many times as fast is blockzip with two workers as with one?

Both run in turn, which goes first changes from round to round; the ratio of
each pair counts. Prints the median and the smallest and largest one, and the
ratio of the fastest runs, which other programs disturb least.
"""
import argparse
import os
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


def seconds(program, level, workers, path):
    start = time.monotonic()
    subprocess.run([program, f'-{level}', f'-p{workers}', path],
                   stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - start


def main():
    options = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    options.add_argument('--rounds', type=int, default=11)
    options.add_argument('--mib', type=int, default=32)
    options.add_argument('--level', type=int, default=6)
    options.add_argument('--at-least', type=float, default=0)
    options.add_argument('blockzip')
    args = options.parse_args()
    ratios, times = [], {1: [], 2: []}
    with tempfile.NamedTemporaryFile() as file:
        file.write(words(args.mib << 20))
        file.flush()
        seconds(args.blockzip, args.level, 2, file.name)
        for nr in range(args.rounds):
            for workers in (1, 2) if nr % 2 else (2, 1):
                times[workers].append(seconds(
                    args.blockzip, args.level, workers, file.name))
            ratios.append(times[1][-1] / times[2][-1])
    median = statistics.median(ratios)
    print('%d MiB, level %d: %.2f s with one worker, %.2f s with two: '
          '%.2fx [%.2f, %.2f], %d rounds, fastest %.2fx; load %.2f' % (
              args.mib, args.level, statistics.median(times[1]),
              statistics.median(times[2]), median, min(ratios), max(ratios),
              args.rounds, min(times[1]) / min(times[2]),
              os.getloadavg()[0]))
    return median < args.at_least


if __name__ == '__main__':
    sys.exit(main())
