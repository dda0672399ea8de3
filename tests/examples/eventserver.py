#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Do epollserver and uvserver answer as they should, and one beside the other?

usage: eventserver.py PROGRAM [WORD]     all cases, or those with WORD in their
                                         name; TAP on stdout
       eventserver.py --left-out WHY
"""
import os
import socket
import subprocess
import sys
import time
import traceback

from peers import LONG, Client, Server

CASES = []


def case(function):
    CASES.append(function)
    return function


def get(path, last=False, method='GET'):
    return ('%s %s HTTP/1.1\r\nHost: test\r\n%s\r\n' % (
        method, path, 'Connection: close\r\n' if last else '')).encode()


def slept(milliseconds, stays=True):
    return 200, 'slept %d ms\n' % milliseconds, stays


FAST = 200, 'a fast page\n', True
BUSY = 503, 'Service Unavailable\n', True


@case
def each_page_is_exactly_what_it_should_be():
    pages = {
        '/': FAST,
        '/prime?n=2': (200, '2 is prime\n', True),
        '/prime?n=91': (200, '91 = 7 x 13\n', True),
        '/prime?n=9': (200, '9 = 3 x 3\n', True),
        '/prime': (200, '1000000007 is prime\n', True),
        '/prime?n=1000000000000000000':
            (200, '1000000000000000000 = 2 x 500000000000000000\n', True),
        '/prime?n=999999000001': (200, '999999000001 is prime\n', True),
        '/prime?n=1000036000099':
            (200, '1000036000099 = 1000003 x 1000033\n', True),
        '/sleep?ms=7': slept(7),
        '/sleep?ms=0': slept(0),
        '/nothing': (404, 'Not Found\n', True),
    }
    for wrong in ('/prime?n=1', '/prime?n=-7', '/prime?n=', '/prime?n=7x',
                  '/prime?m=7', '/prime?n=1000000000000000001',
                  '/prime?n=99999999999999999999999', '/sleep?ms=10001'):
        pages[wrong] = 400, 'Bad Request\n', True
    with Server() as server, Client(server) as client:
        for path, expected in pages.items():
            found = client.send(get(path)).answer()
            assert found == expected, (path, found)


@case
def what_is_no_request_ends_the_connection():
    for request, status in ((b'what?\r\n\r\n', 400),
                            (b'GET / HTTP/1.1\r\n\r\n', 400),
                            (get('/' + 9000 * 'x'), 431),
                            (b'GET / HTTP/2.0\r\nHost: x\r\n\r\n', 505)):
        with Server() as server, Client(server, request) as client:
            found = client.answer()
            assert found[0] == status and not found[2], (request, found)
            assert client.is_closed(), request


@case
def who_wants_no_more_or_sends_a_body_is_answered_and_left():
    with Server() as server:
        for request in (get('/', last=True), b'GET / HTTP/1.0\r\n\r\n',
                        b'POST / HTTP/1.1\r\nHost: x\r\n'
                        b'Content-Length: 2\r\n\r\nab'):
            with Client(server, request) as client:
                assert client.answer() == (200, 'a fast page\n', False)
                assert client.is_closed(), request
        with Client(server, get('/sleep?ms=3', method='HEAD'),
                    get('/', last=True)) as client:
            assert client.answer(has_body=False) == (200, '', True)
            assert client.answer() == (200, 'a fast page\n', False)


@case
def a_request_may_come_in_pieces():
    with Server() as server, Client(server) as client:
        for byte in get('/prime?n=91') + get('/'):
            client.send(bytes([byte]))
            time.sleep(0.001)
        assert client.answer() == (200, '91 = 7 x 13\n', True)
        assert client.answer() == FAST


@case
def a_slow_request_delays_no_fast_one():
    with Server('--workers=1') as server:
        slow = Client(server, get('/sleep?ms=3000'))
        start = time.monotonic()
        with Client(server) as fast:
            for _ in range(200):
                assert fast.send(get('/')).answer() == FAST
        assert not slow.has_answer(), 'the fast ones waited'
        assert slow.answer() == slept(3000)
        assert time.monotonic() - start >= 2.9
        slow.close()


@case
def workers_work_side_by_side():
    with Server('--workers=8') as server:
        start = time.monotonic()
        clients = [Client(server, get('/sleep?ms=1000')) for _ in range(8)]
        for client in clients:
            assert client.answer() == slept(1000)
            client.close()
        took = time.monotonic() - start
        assert 0.9 < took < 4, took
        assert server.end() == (8, 0, 0)


@case
def one_thread_has_all_connections():
    with Server('--workers=3') as server:
        clients = [Client(server) for _ in range(500)]
        for i, client in enumerate(clients):
            client.send(get('/prime?n=%d' % (2 * i + 2) if i % 10 == 0
                            else '/'))
        for i, client in enumerate(clients):
            expected = FAST
            if i % 10 == 0:
                expected = 200, '%d = 2 x %d\n' % (2 * i + 2, i + 1), True
            if i == 0:
                expected = 200, '2 is prime\n', True
            assert client.answer() == expected, i
        own = 'thread' in os.environ['ROTA_SANITIZE']  # it has one, too
        assert server.nr_threads() == 4 + own, server.nr_threads()
        for client in clients:
            client.close()


@case
def one_too_many_is_refused_at_once():
    with Server('--workers=1', '--jobs=3') as server:
        slow = [Client(server, get('/sleep?ms=4000')) for _ in range(3)]
        with Client(server) as other:
            end = time.monotonic() + 2  # until all three have come
            while other.send(get('/sleep?ms=0')).answer() != BUSY:
                assert time.monotonic() < end, 'more than three at a time'
                time.sleep(0.01)
            for _ in range(50):
                assert other.send(get('/prime')).answer() == BUSY
                assert other.send(get('/')).answer() == FAST
            assert not slow[1].has_answer(), 'it was not at once'
            for client in slow:
                assert client.answer() == slept(4000)
                client.close()
            assert other.send(get('/sleep?ms=1')).answer() == slept(1)
        answered, refused, abandoned = server.end()
        assert answered >= 4 and refused >= 51 and not abandoned


@case
def a_client_that_goes_away_takes_its_work_along():
    with Server('--workers=2') as server:
        paths = ['/sleep?ms=10000', '/prime?n=999999999999999989']
        gone = [Client(server, get(paths[i % 2]), get('/'))
                for i in range(40)]
        with Client(server) as other:
            assert other.send(get('/')).answer() == FAST
            time.sleep(0.2)  # some run, the others are in the queue
            for i, client in enumerate(gone):
                (client.reset if i % 4 < 2 else client.close)()
            start = time.monotonic()
            for _ in range(3):
                assert other.send(get('/sleep?ms=1')).answer() == slept(1)
            took = time.monotonic() - start
            assert took < 8, 'they still run: %g s' % took
        answered, refused, abandoned = server.end()
        assert (answered, refused, abandoned) == (3, 0, 40), server.end()


@case
def going_away_at_any_moment_does_no_harm():
    with Server('--workers=2', '--jobs=1000') as server:
        for i in range(600):
            client = Client(server, get('/sleep?ms=%d' % (i % 3)),
                            *(i % 2 * [get('/prime?n=91')]))
            time.sleep(i % 7 * 0.0005)
            (client.reset if i % 5 < 2 else client.close)()
        with Client(server) as client:
            assert client.send(get('/sleep?ms=1')).answer() == slept(1)


@case
def pipelined_requests_are_answered_in_their_order():
    with Server() as server, Client(server) as client:
        client.send(get('/sleep?ms=300'), get('/'))
        assert client.answer() == slept(300)
        assert client.answer() == FAST
        numbers = range(3, 1003, 2)
        client.send(*(get('/prime?n=%d' % (2 * n)) for n in numbers))
        for n in numbers:
            assert client.answer() == (200, '%d = 2 x %d\n' % (2 * n, n), True)


@case
def who_asks_and_does_not_read_must_wait():
    with Server() as server, Client(server) as client:
        before = server.resident_kib()
        client.socket.settimeout(1)
        nr_sent, request = 0, 1000 * get('/')
        try:
            while nr_sent < 1 << 30:
                nr_sent += client.socket.send(request[nr_sent % len(get('/')):])
        except TimeoutError:
            pass
        assert nr_sent < 1 << 30, 'it takes any number of them'
        grown = server.resident_kib() - before
        assert grown < 1 << 12 or 'address' in os.environ['ROTA_SANITIZE'], (
            '%d KiB more' % grown)
        client.socket.settimeout(LONG)
        for _ in range(nr_sent // len(get('/'))):
            assert client.answer() == FAST
        missing = -nr_sent % len(get('/'))
        if missing:
            client.send(get('/')[-missing:])
            assert client.answer() == FAST


@case
def a_signal_lets_all_have_their_answers():
    with Server('--workers=4', '--jobs=100') as server:
        idle = [Client(server) for _ in range(5)]
        half = Client(server, get('/')[:-2])
        asked = [Client(server, get('/sleep?ms=500')) for _ in range(20)]
        two = Client(server, get('/sleep?ms=700'), get('/'))
        server.signal()
        for client in asked:
            status, body, _ = client.answer()
            assert (status, body) == slept(500)[:2]
            assert client.is_closed()
        assert two.answer() == slept(700)
        assert two.answer() == (200, 'a fast page\n', False)
        for client in [two, half, *idle]:
            assert client.is_closed()
        assert server.end() == (21, 0, 0), server.end()
        try:
            Client(server)
            raise AssertionError('somebody listens still')
        except ConnectionRefusedError:
            pass


@case
def a_signal_does_not_wait_for_ever():
    with Server('--workers=1', '--shutdown-ms=300', status=1, errors=(
            'out of time: some connections were cut off\n')) as server:
        slow = [Client(server, get('/sleep?ms=10000')) for _ in range(3)]
        with Client(server) as client:
            assert client.send(get('/')).answer() == FAST
        start = time.monotonic()
        assert server.end() == (0, 0, 3)
        assert time.monotonic() - start < 6
        for client in slow:
            assert client.is_closed()


@case
def a_loop_without_a_free_descriptor_sleeps_and_recovers():
    with Server('--workers=1', files=24) as server:
        clients = [Client(server) for _ in range(60)]
        assert clients[0].send(get('/')).answer() == FAST
        start = server.cpu_seconds()
        time.sleep(1)
        assert server.cpu_seconds() - start < 0.5, 'it spins'
        for client in clients:
            client.close()
        with Client(server) as client:
            assert client.send(get('/sleep?ms=1')).answer() == slept(1)


@case
def an_idle_server_uses_no_time():
    with Server() as server, Client(server) as client:
        assert client.send(get('/sleep?ms=1')).answer() == slept(1)
        time.sleep(0.3)
        start = server.cpu_seconds()
        time.sleep(1)
        assert server.cpu_seconds() - start < 0.05


@case
def what_waits_behind_a_slow_request_uses_no_time():
    with Server('--workers=1') as server:
        with Client(server, get('/sleep?ms=2000'), 400 * get('/')) as client:
            time.sleep(0.3)
            start = server.cpu_seconds()
            time.sleep(1)
            assert server.cpu_seconds() - start < 0.5, 'it spins'
            assert client.answer() == slept(2000)
            for _ in range(400):
                assert client.answer() == FAST


@case
def a_client_gone_behind_a_full_buffer_costs_no_time():
    with Server('--workers=1') as server:
        client = Client(server, get('/sleep?ms=2000'), 400 * get('/'))
        time.sleep(0.3)
        client.reset()
        start = server.cpu_seconds()
        time.sleep(1)
        assert server.cpu_seconds() - start < 0.5, 'it spins'
        answered, refused, abandoned = server.end()
        assert (answered + abandoned, refused) == (1, 0)


@case
def wrong_options_are_explained():
    name = os.path.basename(Server.program)
    with socket.create_server(('127.0.0.1', 0)) as taken:
        used = '127.0.0.1:%d' % taken.getsockname()[1]
        for option, status, said in (
                ('--workers=0', 2, '--workers=0: want a number from 1 to 511'),
                ('--jobs=x', 2, '--jobs=x: want a number from 1 to 1000000'),
                ('--listen=80', 2, '--listen=80: want a numeric ADDR:PORT'),
                ('--listen=127.0.0.1:65536', 2,
                 '--listen=127.0.0.1:65536: want a numeric ADDR:PORT'),
                ('--listen=localhost:0', 2, 'want a numeric ADDR:PORT'),
                ('--listen=1.2.3.4.5:0', 2, 'want a numeric ADDR:PORT'),
                ('--nonsense', 2, "unrecognized option '--nonsense'"),
                ('word', 2, 'word: not an option; see --help'),
                ('--listen=' + used, 1, used + ': Address already in use')):
            done = subprocess.run([Server.program, option], capture_output=True,
                                  text=True, timeout=LONG, check=False)
            assert done.returncode == status, (option, done)
            assert name + ':' in done.stderr and said in done.stderr, done
    done = subprocess.run([Server.program, '--help'], capture_output=True, text=True,
                          timeout=LONG, check=True)
    for option in ('--listen', '--workers', '--jobs', '--shutdown-ms'):
        assert option in done.stdout


def main():
    if sys.argv[1] == '--left-out':
        print('1..0 # SKIP', sys.argv[2])
        return 0
    Server.program = sys.argv[1]
    os.environ.setdefault('ROTA_SANITIZE', 'none')
    word = sys.argv[2] if len(sys.argv) > 2 else ''
    cases = [case for case in CASES if word in case.__name__]
    nr_failed = 0
    for nr, function in enumerate(cases, 1):
        try:
            function()
            print('ok', nr, '-', function.__name__.replace('_', ' '))
        except Exception:  # pylint: disable=broad-except
            nr_failed += 1
            print('# ' + traceback.format_exc().replace('\n', '\n# '))
            print('not ok', nr, '-', function.__name__.replace('_', ' '))
        sys.stdout.flush()
    print('1..%d' % len(cases))
    print('# %d passed, %d failed, 0 skipped' % (len(cases) - nr_failed,
                                                 nr_failed))
    return 1 if nr_failed or not cases else 0


sys.exit(main())
