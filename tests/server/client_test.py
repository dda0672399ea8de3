#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Does the open-loop client tell the truth about servers, good and bad?

usage: client_test.py CLIENT SERVER      TAP on stdout
"""
import contextlib
import json
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback

CASES = []
PAGE = b'a page\n'
HEAD = b'HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: %s\r\n\r\n'


def case(function):
    CASES.append(function)
    return function


def answer(status=b'200 OK', page=PAGE, connection=b'close', claims=None):
    length = len(page) if claims is None else claims
    return HEAD % (status, length, connection) + page


def client(port, *options):
    """(exit status, result or None, what it complained of)"""
    done = subprocess.run([CLIENT, '--port=%d' % port, *options], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60)
    return (done.returncode, json.loads(done.stdout) if done.stdout else None,
            done.stderr)


@contextlib.contextmanager
def serving(behave):
    """A server that does this with each connection; its port."""
    listener = socket.create_server(('127.0.0.1', 0), backlog=512)
    threads = []

    def serve(connection):
        with connection:
            with contextlib.suppress(OSError):
                behave(connection)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threads.append(threading.Thread(
                    target=serve, args=[listener.accept()[0]]))
                threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join()
        listener.close()
        for thread in threads:
            thread.join()


def always(what):
    def behave(connection):
        if connection.recv(4096):
            connection.sendall(what)
    return behave


def counts(result):
    return [result[name] for name in ('answered', 'refused', 'reset', 'torn',
                                      'wrong')]


@contextlib.contextmanager
def rota_server(*options):
    with subprocess.Popen([SERVER, '--listen=127.0.0.1:0', *options],
                          stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline()
            yield int(line.rsplit(':', 1)[1]), server
        finally:
            server.terminate()


def failure(behave, verdict, *options):
    with serving(behave) as port:
        status, result, said = client(port, '--requests=20', *options)
    assert status == 1 and not result['verified'], result
    assert result[verdict] == 20, result
    assert '20 of 20 requests' in said, said


@case
def each_request_is_answered_with_the_page_on_a_connection_of_its_own():
    for pool in 'rota', 'mutex-receiver':
        with rota_server('--pool=' + pool) as (port, server):
            status, result, said = client(port, '--rate=5000',
                                          '--requests=2000')
            server.terminate()
            report = json.loads(server.stdout.read())
        assert (status, said) == (0, ''), said
        assert counts(result) == [2000, 0, 0, 0, 0]
        assert report['answered'] == 2000 and result['verified']


@case
def kept_connections_are_used_again_and_others_may_close_them():
    asked, connections = [], []

    def two_each(connection):
        connections.append(1)
        for last in False, True:
            asked.append(connection.recv(4096))
            connection.sendall(answer(
                connection=b'close' if last else b'keep-alive'))

    with serving(two_each) as port:
        status, result, _ = client(port, '--keep-alive=1', '--requests=100',
                                   '--connections=4')
    assert status == 0 and counts(result) == [100, 0, 0, 0, 0]
    asked = [one for one in asked if one]  # the last of a connection that stayed
    assert len(asked) == 100 and all(b'keep-alive' in one for one in asked)
    assert 50 <= len(connections) <= 53, len(connections)


@case
def slow_pages_are_counted_apart():
    with rota_server('--sleep-ms=50', '--workers=64') as (port, _):
        status, result, _ = client(port, '--slow-per-1000=100', '--rate=500',
                                   '--requests=500')
    assert status == 0 and 20 < result['slow'] < 100, result
    assert result['slow_p50_us'] >= 50000 > result['page_p50_us'], result


@case
def a_server_that_stalls_once_is_seen_by_all_who_came_meanwhile():
    """It answers at once but for 300 ms in which it does nothing. A client that
    waits for an answer before it asks again would see one long wait."""
    began = time.monotonic()

    def stall(connection):
        into = time.monotonic() - began
        if 0.5 < into < 0.8:
            time.sleep(0.8 - into)
        always(answer())(connection)

    with serving(stall) as port:
        began = time.monotonic()
        status, result, _ = client(port, '--rate=200', '--requests=300')
    assert status == 0
    # 60 of 300 came in the stall, and waited 150 ms on average
    assert result['page_p90_us'] > 75000, result
    assert result['page_max_us'] > 250000, result
    assert result['page_p50_us'] < 75000, result


@case
def what_cannot_be_asked_yet_is_late_and_not_left_out():
    def slowly(connection):
        time.sleep(0.02)
        always(answer())(connection)

    with serving(slowly) as port:
        status, result, _ = client(port, '--rate=10000', '--requests=20',
                                   '--connections=1')
    assert status == 0 and result['answered'] == 20
    assert result['page_max_us'] > 19 * 20000, result
    assert result['lag_p99_us'] > 15 * 20000 and not result['valid'], result


@case
def a_burst_is_all_at_once():
    with rota_server() as (port, _):
        status, result, _ = client(port, '--burst=1', '--requests=200')
    assert status == 0 and result['answered'] == 200
    assert result['first_byte_p99_us'] <= result['page_max_us']


@case
def an_error_page_is_wrong():
    failure(always(answer(b'500 Oops')), 'wrong')


@case
def a_page_that_differs_from_the_first_is_wrong():
    pages = iter([PAGE] * 7 + [b'b page\n'] * 100)
    with serving(lambda connection: always(answer(page=next(pages)))(
            connection)) as port:
        status, result, _ = client(port, '--requests=20', '--rate=50')
    assert status == 1 and counts(result) == [7, 0, 0, 0, 13], result


@case
def what_is_no_answer_is_wrong():
    failure(always(b'SSH-2.0-x\r\n' * 3), 'wrong')


@case
def half_an_answer_is_torn():
    failure(always(answer(claims=100)), 'torn')


@case
def a_connection_that_ends_before_the_answer_is_reset():
    def reset(connection):
        connection.recv(4096)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack('ii', 1, 0))

    failure(reset, 'reset')
    failure(always(b''), 'reset')


@case
def nobody_there_is_refused_and_no_failure_if_the_server_may_end():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
    status, result, _ = client(port, '--requests=10')
    assert status == 1 and counts(result) == [0, 10, 0, 0, 0]
    status, result, _ = client(port, '--requests=10', '--server-may-end=1')
    assert status == 0 and counts(result) == [0, 10, 0, 0, 0]
    with serving(always(answer(claims=100))) as port:
        assert client(port, '--requests=10', '--server-may-end=1')[0] == 1


@case
def the_same_seed_asks_at_the_same_times():
    for keep_alive in '0', '1':
        with rota_server('--sleep-ms=1', '--keep-alive') as (port, _):
            results = [client(port, '--seed=%s' % seed, '--slow-per-1000=500',
                              '--rate=5000', '--requests=200',
                              '--keep-alive=' + keep_alive)[1]
                       for seed in '445']
        for name in 'slow', 'last_due_us':
            first, same, other = (result[name] for result in results)
            assert first == same != other, (name, first, same, other)


@case
def bad_options_are_refused():
    for option in '--port=0', '--port=65536', '--rate=0', '--connections=0':
        done = subprocess.run([CLIENT, option], stderr=subprocess.PIPE,
                              check=False, text=True)
        assert done.returncode == 2 and '--port=1..65535' in done.stderr


def main():
    failed = 0
    for number, function in enumerate(CASES, 1):
        try:
            function()
            print('ok %d - %s' % (number, function.__name__), flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print('not ok %d - %s' % (number, function.__name__), flush=True)
            print('# ' + traceback.format_exc().replace('\n', '\n# '))
    print('1..%d' % len(CASES))
    return 1 if failed else 0


CLIENT, SERVER = sys.argv[1:3]
sys.exit(main())
