#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Does rota-server keep its promises to real clients, on each pool?

usage: server_test.py SERVER [POOL...]      all cases, TAP on stdout
       server_test.py SERVER POOL --only=WORD   those with WORD in their name

A case is a function whose name is the sentence it proves. It starts servers of
its own. Every server must end well: nothing on stderr, balanced counters.
"""
import http.client
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

LONG = 10  # seconds: what should happen at once has failed by then
GET = b'GET %s HTTP/1.1\r\nHost: test\r\n\r\n'
LAST_GET = b'GET %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n'
ROOT = GET % b'/'
LAST_ROOT = LAST_GET % b'/'
SLEEP = GET % b'/sleep'
LAST_SLEEP = LAST_GET % b'/sleep'
POOLS = ['rota', 'mutex-receiver', 'mutex-queue']
CASES = []


class Skip(Exception):
    pass


def case(function):
    CASES.append(function)
    return function


def until(is_true, what, seconds=LONG):
    """Waits for it, and returns it."""
    end = time.monotonic() + seconds
    while True:
        value = is_true()
        if value:
            return value
        assert time.monotonic() < end, 'waited too long: ' + what
        time.sleep(0.01)


class Server:
    """One process; leaving the with block stops it and checks its end."""

    binary = None

    def __init__(self, pool, *options, max_files=None, leaves_threads=False):
        self.stderr = tempfile.TemporaryFile()
        self.ended = False
        environment = dict(os.environ)
        if leaves_threads:  # they run on while the process exits
            environment['TSAN_OPTIONS'] = ' '.join(
                [environment.get('TSAN_OPTIONS', ''), 'report_thread_leaks=0'])

        def limit():
            if max_files:
                resource.setrlimit(resource.RLIMIT_NOFILE,
                                   (max_files, max_files))

        self.process = subprocess.Popen(
            [self.binary, '--pool=' + pool, '--listen=127.0.0.1:0', *options],
            stdout=subprocess.PIPE, stderr=self.stderr, preexec_fn=limit,
            env=environment)
        try:
            ready, _, _ = select.select([self.process.stdout], [], [], LONG)
            line = self.process.stdout.readline().decode() if ready else ''
            found = re.fullmatch(r'listening on 127\.0\.0\.1:(\d+)\n', line)
            assert found, 'not listening: %r %r' % (line, self.errors())
        except BaseException:
            self.kill()
            raise
        self.port = int(found.group(1))
        self.url = 'http://127.0.0.1:%d' % self.port

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None and not self.ended:
                self.signal()
                self.end()
        finally:
            self.kill()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.stderr.close()

    def errors(self):
        self.stderr.seek(0)
        return self.stderr.read().decode()

    def signal(self):
        self.process.send_signal(signal.SIGTERM)

    def end(self, status=0):
        """Waits for the process, checks and returns its report."""
        self.ended = True
        got = self.process.wait(LONG)
        errors = self.errors()
        assert got == status and not errors, (got, errors)
        report = self.process.stdout.read()
        assert report.count(b'\n') == 1, report
        report = json.loads(report)
        assert balanced(report), report
        if status == 0:
            assert report['queued'] == report['running'] == 0, report
            assert report['connections'] == report['dropped'] == 0, report
        return report

    def connect(self):
        return socket.create_connection(('127.0.0.1', self.port), LONG)

    def send(self, data):
        client = self.connect()
        client.sendall(data)
        return client

    def ask(self, data=LAST_ROOT):
        """One connection, up to its end: status, headers, body."""
        with self.send(data) as client:
            return parse(read_all(client))

    def ask_many(self, data):
        with self.send(data) as client:
            return split_answers(read_all(client))

    def stats(self):
        return json.loads(self.ask(LAST_GET % b'/stats')[2])

    def nr_threads(self):
        return len(os.listdir('/proc/%d/task' % self.process.pid))

    def nr_sockets(self):
        """How many the process has open, its listener included."""
        folder = '/proc/%d/fd' % self.process.pid
        nr = 0
        for name in os.listdir(folder):
            try:
                nr += os.readlink(folder + '/' + name).startswith('socket:')
            except FileNotFoundError:
                pass
        return nr

    def wait_for_clients(self, nr):
        until(lambda: self.nr_sockets() == nr + 1, '%d clients' % nr)

    def cpu_seconds(self):
        with open('/proc/%d/stat' % self.process.pid) as file:
            fields = file.read().rsplit(')', 1)[1].split()
        return sum(map(int, fields[11:13])) / os.sysconf('SC_CLK_TCK')


def balanced(counts):
    return counts['submitted'] == sum(
        counts[name] for name in ('ran', 'dropped', 'queued', 'running'))


def read_all(client):
    data = b''
    while True:
        piece = client.recv(65536)
        if not piece:
            return data
        data += piece


def parse(answer):
    head, separator, body = answer.partition(b'\r\n\r\n')
    assert separator, answer
    line, *fields = head.decode().split('\r\n')
    headers = dict(field.split(': ', 1) for field in fields)
    assert line.startswith('HTTP/1.1 '), line
    return int(line.split()[1]), headers, body


def split_answers(data):
    answers = []
    while data:
        status, headers, rest = parse(data)
        length = int(headers['Content-Length'])
        assert len(rest) >= length, data
        answers.append((status, headers, rest[:length]))
        data = rest[length:]
    return answers


def assert_closes(client, seconds=LONG):
    """Either way: in peace, or by a reset."""
    client.settimeout(seconds)
    try:
        assert read_all(client) == b''
    except ConnectionError:
        pass


def curl(url):
    return subprocess.Popen(['curl', '-sS', '--max-time', str(LONG), url],
                            stdout=subprocess.PIPE)


# Pages

@case
def front_page_names_its_pool(pool):
    with Server(pool) as server:
        status, headers, body = server.ask()
        assert status == 200
        assert headers['Content-Type'].startswith('text/html')
        assert int(headers['Content-Length']) == len(body)
        assert headers['Connection'] == 'close'
        assert b'the %s pool' % pool.encode() in body
        assert server.ask(GET % b'/?query')[0] == 200
        assert server.ask(GET % b'http://test/')[0] == 200


@case
def unknown_page_is_404(pool):
    with Server(pool) as server:
        for path in b'/nope', b'/sleepy', b'//', b'/' + 1000 * b'a':
            status, headers, body = server.ask(GET % path)
            assert status == 404 and b'<h1>Not Found</h1>' in body
            assert int(headers['Content-Length']) == len(body)


@case
def other_methods_are_405(pool):
    with Server(pool) as server:
        for head in (b'POST / HTTP/1.1\r\nContent-Length: 5\r\n',
                     b'DELETE /nope HTTP/1.1\r\n',
                     b'OPTIONS * HTTP/1.1\r\n',
                     b'CONNECT test:1 HTTP/1.1\r\n'):
            status, headers, _ = server.ask(head + b'Host: a\r\n\r\nhello')
            assert status == 405 and headers['Allow'] == 'GET, HEAD'


@case
def head_is_get_without_body(pool):
    with Server(pool) as server:
        for path in b'/', b'/nope':
            got = server.ask(GET % path)
            status, headers, body = server.ask(
                (GET % path).replace(b'GET', b'HEAD'))
            assert status == got[0] and body == b''
            assert headers['Content-Length'] == got[1]['Content-Length']


@case
def stats_are_json_and_balance(pool):
    with Server(pool, '--workers=3') as server:
        for _ in range(5):
            server.ask()
        status, headers, _ = server.ask(GET % b'/stats')
        assert status == 200
        assert headers['Content-Type'] == 'application/json'
        # An answer can be read before its job is counted.
        stats = until(lambda: (lambda s: balanced(s) and s['running'] == 1 and
                               s)(server.stats()), 'balance')
        assert stats['pool'] == pool and stats['workers'] == 3
        assert stats['ran'] >= 6 and stats['queued'] == stats['dropped'] == 0


# Concurrency

@case
def fast_page_does_not_wait_for_a_sleeper(pool):
    with Server(pool, '--workers=2', '--sleep-ms=1000') as server:
        sleeper = curl(server.url + '/sleep')
        server.wait_for_clients(1)
        start = time.monotonic()
        page, _ = curl(server.url + '/').communicate(timeout=LONG)
        assert time.monotonic() - start < 0.8 and b'Hello!' in page
        assert sleeper.poll() is None
        page, _ = sleeper.communicate(timeout=LONG)
        assert sleeper.returncode == 0 and b'Good morning!' in page


@case
def no_more_requests_run_than_workers(pool):
    with Server(pool, '--workers=2', '--sleep-ms=300') as server:
        start = time.monotonic()
        clients = [server.send(SLEEP) for _ in range(3)]
        assert all(parse(read_all(c))[0] == 200 for c in clients)
        assert time.monotonic() - start >= 0.6  # two rounds


# Keep-alive

@case
def declared_sleepers_bring_threads_which_end_at_the_limit(pool):
    if pool != 'rota':
        raise Skip('no blocking regions')
    with Server(pool, '--workers=2', '--blocking-max=6',
                '--sleep-ms=1000') as server:
        start = time.monotonic()
        clients = [server.send(LAST_SLEEP) for _ in range(8)]
        until(lambda: server.nr_threads() == 1 + 6, 'six threads', 0.9)
        for client in clients:
            assert parse(read_all(client))[0] == 200
            assert server.nr_threads() <= 1 + 6
        assert time.monotonic() - start < 2.9  # two by two: 4 s


@case
def undeclared_sleepers_bring_no_thread(pool):
    with Server(pool, '--workers=2', '--sleep-ms=100') as server:
        clients = [server.send(LAST_SLEEP) for _ in range(6)]
        for client in clients:
            assert server.nr_threads() == 1 + 2
            assert parse(read_all(client))[0] == 200


@case
def fast_page_passes_declared_sleepers(pool):
    if pool != 'rota':
        raise Skip('no blocking regions')
    with Server(pool, '--workers=1', '--blocking-max=4',
                '--sleep-ms=1000') as server:
        start = time.monotonic()
        clients = [server.send(LAST_SLEEP) for _ in range(3)]
        time.sleep(0.1)
        assert server.ask(LAST_ROOT)[0] == 200
        assert time.monotonic() - start < 0.9
        for client in clients:
            assert parse(read_all(client))[0] == 200


@case
def many_requests_use_one_connection(pool):
    with Server(pool, '--keep-alive') as server:
        client = http.client.HTTPConnection('127.0.0.1', server.port,
                                            timeout=LONG)
        for i in range(200):
            client.request('GET' if i % 3 else 'HEAD', '/' if i % 2 else '/x')
            answer = client.getresponse()
            answer.read()
            assert answer.status == (200 if i % 2 else 404)
            assert answer.headers['Connection'] == 'keep-alive'
        client.close()
        report = until(lambda: (lambda s: s['connections'] == 1 and s)(
            server.stats()), 'close')
        assert report['answered'] >= 200


@case
def client_decides_how_long_to_keep(pool):
    with Server(pool, '--keep-alive') as server:
        answers = server.ask_many(ROOT + LAST_ROOT + ROOT)
        assert [a[1]['Connection'] for a in answers] == ['keep-alive', 'close']
        answers = server.ask_many(b'GET / HTTP/1.0\r\n\r\n')
        assert answers[0][1]['Connection'] == 'close'
        old = b'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'
        answers = server.ask_many(old + LAST_ROOT)
        assert len(answers) == 2


@case
def pipelined_requests_are_answered_in_order(pool):
    paths = [b'/', b'/nope'] * 100
    data = b''.join(GET % path for path in paths) + LAST_SLEEP
    want = [200, 404] * 100 + [200]
    with Server(pool, '--keep-alive', '--sleep-ms=20') as server:
        got = server.ask_many(data)
        assert [a[0] for a in got] == want
        with server.connect() as client:  # in pieces that fit nothing
            for start in range(0, len(data), 97):
                client.sendall(data[start:start + 97])
            got = split_answers(read_all(client))
        assert [a[0] for a in got] == want


@case
def idle_connections_cost_no_worker_and_end(pool):
    with Server(pool, '--keep-alive', '--workers=1',
                '--read-timeout-ms=400') as server:
        clients = [server.connect() for _ in range(40)]
        for client in clients[:20]:
            client.sendall(ROOT)
            assert client.recv(65536)
        server.wait_for_clients(40)
        assert server.ask()[0] == 200
        for client in clients:
            assert_closes(client)
            client.close()


# Slow, broken and hostile clients

@case
def slow_request_is_408_and_others_are_served(pool):
    for options, nr_slow in (['--workers=2'], 1), (
            ['--workers=1', '--keep-alive'], 5):
        with Server(pool, '--read-timeout-ms=500', *options) as server:
            start = time.monotonic()
            slow = [server.connect() for _ in range(nr_slow)]
            assert server.ask()[0] == 200
            assert time.monotonic() - start < 0.45, 'held up'
            answered = []
            for byte in b'GET /' + 1000 * b'x':
                for client in slow:
                    client.sendall(bytes([byte]))
                answered, _, _ = select.select(slow, [], [], 0.05)
                if answered or time.monotonic() - start > LONG:
                    break
            for client in slow:
                assert parse(read_all(client))[0] == 408
                client.close()
            assert 0.5 <= time.monotonic() - start < 3


@case
def oversized_head_is_431(pool):
    fields = b''.join(b'X-%d: %s\r\n' % (i, 80 * b'x') for i in range(1000))
    for options in [], ['--keep-alive']:
        with Server(pool, *options) as server:
            for data in (b'GET / HTTP/1.1\r\n' + fields[:9000],
                         b'GET /' + 9000 * b'x', 9000 * b'\r\n'):
                status, headers, _ = server.ask(data)
                assert status == 431 and headers['Connection'] == 'close'
            fits = b'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: '
            fits += (8192 - len(fits) - 4) * b'x' + b'\r\n\r\n'
            assert server.ask(fits)[0] == 200
            assert server.ask(fits.replace(b'xx', b'xxx', 1))[0] == 431


@case
def malformed_request_is_400(pool):
    for options in [], ['--keep-alive']:
        with Server(pool, *options) as server:
            for data in (b'hello\r\n\r\n', b'\x16\x03\x01\x02\x00',
                         b'GET / HTTP/1.1\r\n\r\n',  # no Host
                         b'GET / HTTP/1.1\r\nHostess: a\r\n\r\n',
                         b'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
                         b'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n'
                         b'Transfer-Encoding: chunked\r\n\r\n',
                         b'GET / HTTP/x\r\n\r\n'):
                status, headers, _ = server.ask(data)
                assert status == 400, (data, status)
                assert headers['Connection'] == 'close'
            assert server.ask(b'GET / HTTP/3.0\r\nHost: a\r\n\r\n')[0] == 505


@case
def body_of_a_get_is_no_second_request(pool):
    data = (b'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n'
            % len(ROOT)) + ROOT
    with Server(pool, '--keep-alive') as server:
        assert len(server.ask_many(data)) == 1


@case
def half_closed_client_gets_its_answer(pool):
    for options in [], ['--keep-alive']:
        with Server(pool, '--sleep-ms=50', *options) as server:
            for request in ROOT, SLEEP, (ROOT + SLEEP if options else ROOT):
                with server.send(request) as client:
                    client.shutdown(socket.SHUT_WR)
                    answers = split_answers(read_all(client))
                assert len(answers) == request.count(b'GET')
                assert {a[0] for a in answers} == {200}


@case
def vanishing_clients_do_no_harm(pool):
    for options in [], ['--keep-alive']:
        with Server(pool, '--sleep-ms=100', '--workers=2',
                    *options) as server:
            for data in b'', b'G', ROOT, SLEEP, 20 * ROOT:
                server.send(data).close()
                client = server.send(data)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack('ii', 1, 0))
                client.close()  # by a reset
            until(lambda: server.nr_sockets() == 1, 'all are closed')
            assert server.ask()[0] == 200


@case
def client_that_does_not_read_holds_no_worker(pool):
    with Server(pool, '--keep-alive', '--workers=1',
                '--read-timeout-ms=500') as server:
        client = server.connect()
        client.settimeout(0.2)
        try:
            for _ in range(2000):
                client.send(1000 * ROOT)
            raise AssertionError('took 2 million requests unread')
        except socket.timeout:
            pass
        assert server.ask()[0] == 200
        until(lambda: server.nr_sockets() == 1, 'closed for not reading')
        client.close()


# What can be seen

def start_measured(pool, *options):
    try:
        return Server(pool, '--measure', *options)
    except AssertionError as error:
        if 'the %s pool cannot' % pool in str(error):
            raise Skip('this pool cannot measure')
        raise


NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
SAMPLE = re.compile(r'(%s)(?:\{(.*)\})? (\S+)' % NAME)
LABEL = re.compile(r'(%s)="((?:[^"\\\n]|\\[\\"n])*)"' % NAME)
NUMBER = re.compile(r'-?[0-9]+(\.[0-9]+)?')


def parse_metrics(text):
    """{family: (type, {(sample, labels): number})}; asserts what the format
    wants: HELP, then TYPE, then the samples of one family after the other."""
    families = {}
    name = kind = None
    assert text.endswith('\n')
    for line in text[:-1].split('\n'):
        if line.startswith('# HELP '):
            name, words = line[7:].split(' ', 1)
            assert re.fullmatch(NAME, name) and words, line
            assert name not in families, line
            kind = None
        elif line.startswith('# TYPE '):
            assert kind is None and line[7:].split(' ')[0] == name, line
            kind = line[7:].split(' ')[1]
            assert kind in ('counter', 'gauge', 'histogram'), line
            assert (kind == 'counter') == name.endswith('_total'), line
            families[name] = (kind, {})
        else:
            found = SAMPLE.fullmatch(line)
            assert found and kind, line
            sample, labels, value = found.groups()
            assert NUMBER.fullmatch(value), line
            pairs = LABEL.findall(labels or '')
            assert ','.join('%s="%s"' % p for p in pairs) == (labels or '')
            ends = ['_bucket', '_sum', '_count']
            assert sample in ([name + end for end in ends]
                              if kind == 'histogram' else [name]), line
            key = (sample, tuple(pairs))
            assert key not in families[name][1], line
            families[name][1][key] = float(value)
    assert all(samples for _, samples in families.values())
    return families


def check_histogram(name, samples):
    """Returns its count; the bounds and the counts must rise to +Inf."""
    buckets = [(float(labels[0][1]), value)
               for (sample, labels), value in samples.items()
               if sample == name + '_bucket']
    assert len(buckets) > 20 and buckets[-1][0] == float('inf')
    assert all(a[0] < b[0] and a[1] <= b[1]
               for a, b in zip(buckets, buckets[1:]))
    count = samples[name + '_count', ()]
    assert count == buckets[-1][1]
    total = samples[name + '_sum', ()]
    least = sum((b[1] - a[1]) * a[0]
                for a, b in zip(buckets, buckets[1:]))
    assert least <= total + 1e-6 * count
    return count


@case
def metrics_are_what_prometheus_reads_and_agree_with_stats(pool):
    with Server(pool) as server:
        for _ in range(20):
            server.ask()
        status, headers, body = server.ask(LAST_GET % b'/metrics')
        assert status == 200
        assert headers['Content-Type'].startswith('text/plain; version=0.0.4')
        families = parse_metrics(body.decode())
        assert families['pool_info'][1][
            'pool_info', (('pool', pool),)] == 1

        def value(name, *labels):
            return families[name][1][name, labels]
        assert value('server_requests_total') == 20
        assert value('pool_jobs_submitted_total') == sum(
            value(*of) for of in (
                ('pool_jobs_total', ('outcome', 'ran')),
                ('pool_jobs_total', ('outcome', 'dropped')),
                ('pool_jobs_queued',), ('pool_jobs_running',)))
        assert 20 <= value('pool_jobs_submitted_total') <= 21
        assert 'pool_queue_wait_seconds' not in families


@case
def measured_histograms_count_each_job(pool):
    with start_measured(pool, '--sleep-ms=50', '--workers=3') as server:
        for _ in range(30):
            server.ask()
        server.ask(LAST_SLEEP)
        until(lambda: server.stats()['run']['count'] >= 31, 'all have run')
        before = server.stats()
        families = parse_metrics(
            server.ask(LAST_GET % b'/metrics')[2].decode())
        for name in 'pool_queue_wait_seconds', 'pool_run_seconds':
            kind, samples = families[name]
            assert kind == 'histogram'
            assert before['ran'] <= check_histogram(name, samples)
        assert families['pool_run_seconds'][1][
            'pool_run_seconds_sum', ()] >= 0.05
        by_worker = families['pool_worker_jobs_total'][1]
        assert len(by_worker) == 3
        assert before['ran'] <= sum(by_worker.values())
        assert families['pool_rescues_total'][1][
            'pool_rescues_total', ()] == 0
        for times in before['wait'], before['run']:
            assert sum(times['buckets']) == times['count'] >= 31
        assert before['run']['max_ns'] >= 50e6
        assert [w['state'] for w in before['worker']].count('running') >= 1
        assert sum(w['ran'] for w in before['worker']) <= before['ran']


@case
def measured_pool_shows_its_blocked_workers(pool):
    with start_measured(pool, '--sleep-ms=1500', '--workers=1',
                        '--blocking-max=3') as server:
        client = server.send(LAST_SLEEP)
        until(lambda: 'blocked' in [w['state']
                                    for w in server.stats()['worker']],
              'it blocks')
        families = parse_metrics(
            server.ask(LAST_GET % b'/metrics')[2].decode())
        states = families['pool_worker_states'][1]
        assert sum(states.values()) == 3
        assert states['pool_worker_states', (('state', 'blocked'),)] == 1
        assert parse(read_all(client))[0] == 200  # one worker, and answered
        client.close()


@case
def waiting_jobs_show_their_age(pool):
    with start_measured(pool, '--sleep-ms=200', '--workers=1') as server:
        clients = [server.send(LAST_SLEEP) for _ in range(2)]
        server.wait_for_clients(2)
        stats = server.stats()  # waits for both
        assert stats['wait']['max_ns'] >= 150e6, stats['wait']
        assert stats['oldest_wait_ns'] == 0  # it is no more in the queue
        for client in clients:
            client.close()


@case
def live_page_needs_nothing_from_elsewhere(pool):
    with Server(pool) as server:
        status, headers, body = server.ask(LAST_GET % b'/live')
        page = body.decode()
        assert status == 200 and headers['Content-Type'].startswith('text/html')
        assert page.startswith('<!DOCTYPE html>') and page.endswith('</html>\n')
        assert not re.search(r'https?:|@import|<script src|<link[^>]*css', page)
        head = server.ask(b'HEAD' + (LAST_GET % b'/live')[3:])
        assert head[1]['Content-Length'] == str(len(body)) and not head[2]


@case
def large_pages_mix_with_small_ones_on_one_connection(pool):
    with Server(pool, '--keep-alive') as server:
        answers = server.ask_many(
            20 * ((GET % b'/live') + ROOT + (GET % b'/metrics')) + LAST_ROOT)
        assert [a[0] for a in answers] == 61 * [200]
        assert len({a[2] for a in answers[::3][:20]}) == 1
        assert len({a[2] for a in answers[1::3]}) == 1


@case
def browser_shows_the_live_page(pool):
    browser = shutil.which('chromium')
    if not browser:
        raise Skip('no chromium')
    with Server(pool, '--workers=3',
                *(['--measure'] if pool == 'rota' else [])) as server, \
            tempfile.TemporaryDirectory() as profile:
        for _ in range(50):
            server.ask()
        done = subprocess.run(
            [browser, '--headless=new', '--no-sandbox', '--disable-gpu',
             '--user-data-dir=' + profile, '--virtual-time-budget=5000',
             '--dump-dom', server.url + '/live'],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        page = done.stdout.decode()
        shown = dict(re.findall(r'id="([\w-]+)"[^>]*>([^<]+)<', page))
        assert shown['pool'] == pool and shown['nr-workers'] == '3', shown
        assert shown['state'] == 'live', shown
        ran = re.search(r'<dt>ran</dt><dd class="">(\d+)</dd>', page)
        assert ran and int(ran.group(1)) >= 50, page[-3000:]
        if pool == 'rota':
            assert len(re.findall(r'<div class="worker [a-z]+"', page)) == 3
            assert page.count('<rect') > 10 and 'p99' in shown['wait-note']


# Overload

@case
def too_many_open_files_pauses_and_recovers(pool):
    with Server(pool, '--keep-alive', max_files=24) as server:
        clients = [server.connect() for _ in range(40)]
        time.sleep(0.2)
        before = server.cpu_seconds()
        time.sleep(0.3)
        assert server.cpu_seconds() - before < 0.15, 'busy loop'
        for client in clients[:30]:
            client.close()
        clients[39].sendall(ROOT)  # was in the backlog
        assert b'Hello!' in clients[39].recv(65536)
        for client in clients[30:]:
            client.close()
        assert server.stats()['accept_pauses'] > 0


@case
def full_pool_is_503(pool):
    for options in [], ['--keep-alive']:
        options = ['--workers=1', '--capacity=1', '--sleep-ms=400', *options]
        try:
            server = Server(pool, *options)
        except AssertionError as error:
            if 'has no bound' in str(error):
                raise Skip('this pool has no bound')
            raise
        with server:
            start = time.monotonic()
            clients = [server.send(LAST_SLEEP) for _ in range(6)]
            refused, _, _ = select.select(clients, [], [], LONG)
            assert time.monotonic() - start < 0.35, 'acceptor was blocked'
            assert parse(read_all(refused[0]))[0] == 503
            statuses = [503] + [parse(read_all(client))[0]
                                for client in clients if client != refused[0]]
            assert set(statuses) == {200, 503}
            for client in clients:
                client.close()
            server.signal()
            report = server.end()
            assert report['refused'] == statuses.count(503)
            assert report['answered'] == statuses.count(200)


# The end

@case
def sigterm_finishes_what_runs_and_is_queued(pool):
    with Server(pool, '--workers=2', '--sleep-ms=400') as server:
        assert server.ask()[0] == 200
        clients = [server.send(SLEEP) for _ in range(4)]
        server.wait_for_clients(4)
        server.signal()
        looks = []
        until(lambda: looks.append(1) or is_refused(server),
              'no new connections')
        assert server.process.poll() is None
        assert [parse(read_all(c))[0] for c in clients] == 4 * [200]
        report = server.end()
        assert report['answered'] == 5, report
        # all looks but the last were connections without a request
        assert 5 <= report['ran'] < 5 + len(looks), report


def is_refused(server):
    try:
        server.connect().close()
        return False
    except (ConnectionRefusedError, ConnectionResetError):
        return True


@case
def sigint_does_not_wait_for_idle_clients(pool):
    for options in [], ['--keep-alive']:
        with Server(pool, '--workers=2', '--sleep-ms=400', *options) as server:
            idle = [server.connect() for _ in range(5)]
            busy = server.send(SLEEP)
            server.wait_for_clients(6)
            start = time.monotonic()
            server.process.send_signal(signal.SIGINT)
            status, headers, _ = parse(read_all(busy))
            assert status == 200 and headers['Connection'] == 'close'
            server.end()
            assert time.monotonic() - start < 4
            for client in idle:
                assert_closes(client)
                client.close()


@case
def whom_the_kernel_has_accepted_by_then_gets_an_answer(pool):
    for options in [], ['--keep-alive']:
        with Server(pool, *options) as server:
            server.process.send_signal(signal.SIGSTOP)
            clients = [server.send(LAST_ROOT) for _ in range(300)]
            server.signal()
            server.process.send_signal(signal.SIGCONT)
            for client in clients:
                with client:
                    assert parse(read_all(client))[0] == 200
            assert server.end()['answered'] == 300


@case
def shutdown_deadline_ends_it_with_1(pool):
    with Server(pool, '--sleep-ms=20000', '--shutdown-ms=200',
                leaves_threads=True) as server:
        client = server.send(SLEEP)
        until(lambda: server.stats()['running'] == 2, 'it sleeps')
        start = time.monotonic()
        server.signal()
        report = server.end(1)
        assert 0.2 <= time.monotonic() - start < 5
        assert report['running'] == 1
        client.close()


@case
def second_signal_ends_it_at_once_with_1(pool):
    with Server(pool, '--sleep-ms=20000', leaves_threads=True) as server:
        client = server.send(SLEEP)
        server.wait_for_clients(1)
        server.signal()
        until(lambda: is_refused(server), 'the first one is heard')
        server.signal()
        assert server.process.wait(LONG) == 1 and not server.errors()
        server.ended = True
        client.close()


@case
def bad_options_exit_2_with_a_message(pool):
    for option in ('--pool=nope', '--pool=inline', '--workers=0',
                   '--workers=', '--workers=1x', '--workers=-1',
                   '--workers=99999999999999999999',
                   '--listen=nowhere', '--listen=127.0.0.1:65536',
                   '--listen=nowhere:80', '--sleep-ms=x', '--capacity=-1',
                   '--read-timeout-ms=0', '--shutdown-ms=1e3', '--nope',
                   '--workers', 'word', *(
                       [] if pool == 'rota' else ['--measure'])):
        done = subprocess.run([Server.binary, '--pool=' + pool, option],
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=LONG)
        assert done.returncode == 2, option
        assert done.stderr.count(b'\n') == 1 and not done.stdout, option
    done = subprocess.run([Server.binary, '--help'], capture_output=True,
                          timeout=LONG)
    assert done.returncode == 0 and pool.encode() in done.stdout


def run(number, function, pool):
    name = '%s: %s' % (pool, function.__name__)
    start = time.monotonic()
    try:
        function(pool)
        print('ok %d - %s' % (number, name), end='')
    except Skip as reason:
        print('ok %d - %s # SKIP %s' % (number, name, reason))
        return True
    except Exception:
        print('not ok %d - %s' % (number, name))
        print('# ' + traceback.format_exc().strip().replace('\n', '\n# '),
              flush=True)
        return False
    print(' # %d ms' % (1000 * (time.monotonic() - start)), flush=True)
    return True


def main():
    words = [a[len('--only='):] for a in sys.argv if a.startswith('--only=')]
    args = [a for a in sys.argv[1:] if not a.startswith('--')]
    if not args:
        sys.exit(__doc__)
    Server.binary = args[0]
    todo = [(function, pool) for pool in args[1:] or POOLS
            for function in CASES
            if all(word in function.__name__ for word in words)]
    print('1..%d' % len(todo), flush=True)
    results = [run(number, *what) for number, what in enumerate(todo, 1)]
    sys.exit(not all(results))


if __name__ == '__main__':
    main()
