# SPDX-License-Identifier: MIT
"""The two sides of what eventserver.py tests."""
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import tempfile

LONG = 20  # seconds: what does not end has failed by then


class Server:
    """One process; it must end well, and say how many were answered."""

    program = ''

    def __init__(self, *options, files=None, status=0, errors=''):
        self.expected = status, errors
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [self.program, '--listen=127.0.0.1:0', *options],
            stdout=subprocess.PIPE, stderr=self.stderr,
            preexec_fn=lambda: files and resource.setrlimit(
                resource.RLIMIT_NOFILE, (files, files)))
        line = ''
        if select.select([self.process.stdout], [], [], LONG)[0]:
            line = self.process.stdout.readline().decode()
        found = re.fullmatch(r'listening on 127\.0\.0\.1:(\d+)\n', line)
        assert found, line
        self.port = int(found.group(1))
        self.report = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.end()
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.stderr.close()

    def signal(self):
        self.process.send_signal(signal.SIGTERM)

    def end(self):
        """(answered, refused, abandoned) slow requests"""
        if self.report:
            return self.report
        if self.process.poll() is None:
            self.signal()
        said = self.process.communicate(timeout=LONG)[0].decode()
        self.stderr.seek(0)
        errors = self.stderr.read().decode()
        assert (self.process.returncode, errors) == self.expected, (
            self.process.returncode, errors)
        found = re.fullmatch(r'slow requests: (\d+) answered, (\d+) refused, '
                             r'(\d+) abandoned\n', said)
        assert found, said
        self.report = tuple(int(number) for number in found.groups())
        return self.report

    def cpu_seconds(self):
        with open('/proc/%d/stat' % self.process.pid, encoding='ascii') as file:
            fields = file.read().rsplit(') ', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def resident_kib(self):
        with open('/proc/%d/status' % self.process.pid, encoding='ascii') as file:
            return int(re.search(r'VmRSS:\s+(\d+)', file.read()).group(1))

    def nr_threads(self):
        return len(os.listdir('/proc/%d/task' % self.process.pid))


class Client:
    def __init__(self, server, *requests):
        self.socket = socket.create_connection(('127.0.0.1', server.port),
                                               timeout=LONG)
        self.data = b''
        self.send(*requests)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    def send(self, *requests):
        if requests:
            self.socket.sendall(b''.join(requests))
        return self

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack('ii', 1, 0))
        self.socket.close()

    def more(self):
        data = self.socket.recv(65536)
        self.data += data
        return data

    def answer(self, has_body=True):
        """(status, body, whether the connection stays)"""
        while b'\r\n\r\n' not in self.data:
            assert self.more(), 'no answer: %r' % self.data
        head, self.data = self.data.split(b'\r\n\r\n', 1)
        length = int(re.search(rb'Content-Length: (\d+)', head).group(1))
        while has_body and len(self.data) < length:
            assert self.more(), 'half an answer'
        body = self.data[:length] if has_body else b''
        self.data = self.data[len(body):]
        return (int(head.split()[1]), body.decode(),
                b'Connection: keep-alive' in head)

    def is_closed(self):
        try:
            return not self.data and not self.more()
        except ConnectionResetError:
            return True

    def has_answer(self):
        return bool(self.data or select.select([self.socket], [], [], 0)[0])
