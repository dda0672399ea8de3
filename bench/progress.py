# SPDX-License-Identifier: MIT
"""A progress bar with the time left; plain lines if nobody watches."""

import sys
import time


def clock(seconds):
    return "%d:%02d" % divmod(round(seconds), 60)


class Progress:
    WIDTH = 30

    def __init__(self, expected_s):
        self.expected_s = expected_s
        self.done_s = 0.0  # in the currency of expectations
        self.began = self.started = time.monotonic()
        self.is_terminal = sys.stderr.isatty()
        self.next_line = 0.0

    def left(self):
        """What is still expected, scaled by how expectations turned out."""
        ahead = self.expected_s - self.done_s
        if self.done_s < self.expected_s / 50:
            return ahead
        return ahead * (time.monotonic() - self.began) / self.done_s

    def now_at(self, label):
        share = min(1.0, self.done_s / max(self.expected_s, 1e-9))
        filled = int(share * self.WIDTH)
        line = "[%s%s] %3d %%  %s left  %s" % (
            "#" * filled, "." * (self.WIDTH - filled), share * 100,
            clock(self.left()), label)
        if self.is_terminal:
            print("\r\033[K" + line[:78], end="", file=sys.stderr, flush=True)
        elif share >= self.next_line:
            self.next_line = share + 0.1
            print(line, file=sys.stderr, flush=True)

    def finished(self, expected_s):
        self.done_s += expected_s

    def skip_to(self, left_s):
        """So much is left: the rest was done before, and says nothing of how
        expectations turn out."""
        self.expected_s = left_s
        self.done_s = 0.0
        self.began = time.monotonic()

    def end(self):
        if self.is_terminal:
            print("\r\033[K", end="", file=sys.stderr)
        print("Measured for %s." % clock(time.monotonic() - self.started),
              file=sys.stderr)
