# SPDX-License-Identifier: MIT
"""A redis-server of the test's own, and a client for it in a few lines."""
import ctypes
import os
import signal
import socket
import subprocess
import time

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
LONG = 20  # seconds: what should happen at once has failed by then


def die_with_us():
    """In a new process: nothing is left behind by a test that is killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Redis:
    """One connection that speaks RESP 2."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LONG)
        self.socket.connect(path)
        self.file = self.socket.makefile('rb')

    def close(self):
        self.file.close()
        self.socket.close()

    def read(self):
        line = self.file.readline()
        if not line.endswith(b'\r\n'):
            raise ConnectionError('redis is gone')
        kind, rest = line[:1], line[1:-2]
        if kind == b'-':
            raise RuntimeError(rest.decode())
        if kind == b'+':
            return rest.decode()
        if kind == b':':
            return int(rest)
        if int(rest) < 0:
            return None
        if kind == b'$':
            return self.file.read(int(rest) + 2)[:-2].decode()
        return [self.read() for _ in range(int(rest))]

    def __call__(self, *words):
        words = [str(word).encode() for word in words]
        self.socket.sendall(b'*%d\r\n' % len(words) + b''.join(
            b'$%d\r\n%s\r\n' % (len(word), word) for word in words))
        return self.read()


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """On a socket in a directory and on a loopback port. It writes to its
    directory only when it is told to."""

    def __init__(self, directory):
        self.directory = directory
        self.path = os.path.join(directory, 'redis.sock')
        self.port = free_port()
        self.process = self.redis = None
        self.start()

    def start(self):
        """Again on the same port, and with what was saved."""
        self.process = subprocess.Popen(
            ['redis-server', '--bind', '127.0.0.1', '--port', str(self.port),
             '--unixsocket', self.path, '--dir', self.directory,
             '--save', '', '--appendonly', 'no',
             '--logfile', os.path.join(self.directory, 'log')],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=die_with_us)
        end = time.monotonic() + LONG
        while not self.redis:
            try:
                self.redis = Redis(self.path)
                self.redis('PING')
            except OSError:
                assert self.process.poll() is None, 'redis-server has ended'
                assert time.monotonic() < end, 'redis-server does not listen'
                time.sleep(0.01)

    def save_and_stop(self):
        try:
            self.redis('SHUTDOWN', 'SAVE')
        except ConnectionError:
            pass
        assert self.process.wait(LONG) == 0
        self.redis.close()
        self.redis = None

    def kill(self):
        if self.redis:
            self.redis.close()
            self.redis = None
        self.process.kill()
        self.process.wait()
