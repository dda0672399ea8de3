# SPDX-License-Identifier: MIT
"""Workers, and the stream that they work on, for streamworker.py."""
import os
import random
import signal
import subprocess
import tempfile
import time

from redis_server import LONG, die_with_us

SEED = 2029
LIMIT = 20000  # jobs count primes below at most that


def until(is_true, what, seconds=LONG):
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, 'waited too long: ' + what
        time.sleep(0.005)


def count_primes():
    """How many are below each number."""
    below, nr, composite = [0], 0, bytearray(LIMIT)
    for i in range(LIMIT):
        if i >= 2 and not composite[i]:
            nr += 1
            composite[i * i::i] = b'\1' * len(composite[i * i::i])
        below.append(nr)
    return below


PRIMES = count_primes()


class Worker:
    """One process; leaving the with block kills it."""
    binary = None

    def __init__(self, queue, name, *options, address=None):
        self.log = open(queue.log, 'ab')
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [self.binary, '-v', '-s', address or queue.server.path,
             '-k', queue.key, *options, name],
            cwd=queue.server.directory,  # for a core, if it makes one
            preexec_fn=die_with_us,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.stderr)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.log.close()
        self.stderr.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def errors(self):
        self.stderr.seek(0)
        return self.stderr.read().decode()

    def end(self, status=0, errors=''):
        got = self.process.wait(LONG)
        said = self.errors()
        assert got == status and (errors in said if errors else not said), \
            (got, said)


class Queue:
    """The stream of one case: what was put in, and what came of it."""

    def __init__(self, server, key):
        self.server = server
        self.key = key
        self.log = os.path.join(server.directory, key)
        self.jobs = {}
        self.chance = random.Random(SEED)

    def redis(self, *words):
        return self.server.redis(*words)

    def put(self, text, result=None):
        entry = self.redis('XADD', self.key, '*', 'job', text)
        if result is not None:
            self.jobs[entry] = result
        return entry

    def put_some(self, nr, wait_ms):
        for _ in range(nr):
            below = self.chance.randrange(LIMIT)
            self.put('%d %d' % (below, self.chance.randrange(wait_ms + 1)),
                     PRIMES[below])

    def results(self):
        flat = self.redis('HGETALL', self.key + ':results')
        return {i: int(value) for i, value in zip(flat[::2], flat[1::2])}

    def nr_results(self):
        return self.redis('HLEN', self.key + ':results')

    def pending(self):
        """ID, consumer, idle time and deliveries of each."""
        try:
            return self.redis('XPENDING', self.key, 'workers', '-', '+', 10000)
        except RuntimeError:
            return []  # there is no group yet

    def dead(self):
        return [dict(zip(fields[::2], fields[1::2])) for _, fields in
                self.redis('XRANGE', self.key + ':dead', '-', '+')]

    def told(self):
        """What the workers said, in its order: ID, and `begins` or `ran`."""
        with open(self.log, encoding='ascii') as log:
            return [tuple(line.split()) for line in log]

    def runs(self, what='ran'):
        """How often each did so."""
        did = [entry for entry, does in self.told() if does == what]
        return {entry: did.count(entry) for entry in did}

    def finish(self):
        """All results are there and right, and nothing is pending."""
        until(lambda: self.nr_results() >= len(self.jobs), 'all results')
        until(lambda: not self.pending(), 'nothing pending')
        assert self.results() == self.jobs

    def each_ran_once(self):
        runs = self.runs()
        assert runs == dict.fromkeys(self.jobs, 1), \
            [entry for entry in self.jobs if runs.get(entry) != 1]
