#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Does streamworker lose no job, whatever is killed?

usage: streamworker.py STREAMWORKER [WORD...]   TAP; with words, only cases that
                                                have one in their name

A case is a function whose name is the sentence it proves. Each has a stream of
its own in one redis-server that the test starts, and kills only what it has
started itself.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True  # before what is found beside this file
from redis_server import LONG, Server  # noqa: E402
from stream_queue import Queue, Worker, until  # noqa: E402

CASES = []


def case(function):
    CASES.append(function)
    return function


@case
def each_job_is_run_and_acknowledged(queue):
    queue.put_some(200, 2)
    with Worker(queue, 'a', address='127.0.0.1:%d' % queue.server.port) as a:
        queue.finish()
        queue.put_some(20, 2)  # by now it waits
        queue.finish()
        a.terminate()
        a.end()
    queue.each_ran_once()


@case
def none_is_lost_by_20_kills_of_the_same_worker(queue):
    nr_held = 0
    for _ in range(20):
        queue.put_some(20, 20)
        before = queue.nr_results()
        with Worker(queue, 'a', '-p', '2', '-d', '1000') as a:
            until(lambda: queue.nr_results() > before, 'work goes on')
            time.sleep(queue.chance.uniform(0, 0.1))
            a.kill()
            assert a.process.returncode == -signal.SIGKILL
        nr_held += bool(queue.pending())
    assert queue.nr_results() < len(queue.jobs), 'all was done before the end'
    assert nr_held >= 10, 'few kills hit a job: %d' % nr_held
    with Worker(queue, 'a', '-p', '2', '-d', '1000') as a:
        queue.finish()
        a.terminate()
        a.end()
    begun, ran = (sum(times > 1 for times in queue.runs(what).values())
                  for what in ('begins', 'ran'))
    assert begun, 'no job began twice'
    print('# %d jobs, 20 kills, %d in the middle of jobs: none lost, %d began '
          'twice or more, %d of them ran to the end twice or more'
          % (len(queue.jobs), nr_held, begun, ran))


@case
def another_worker_takes_over(queue):
    with Worker(queue, 'b', '-p', '2', '-l', '300') as b:
        with Worker(queue, 'a', '-p', '2', '-l', '300') as a:
            queue.put_some(200, 30)
            until(lambda: {who for _, who, _, _ in queue.pending()} ==
                  {'a', 'b'}, 'both work')
            a.kill()
        assert 'a' in {who for _, who, _, _ in queue.pending()}
        queue.finish()
        b.terminate()
        b.end()


@case
def a_worker_that_lives_keeps_a_long_job(queue):
    with Worker(queue, 'a', '-l', '200') as a, \
            Worker(queue, 'b', '-l', '200') as b:
        for _ in range(4):
            queue.put('100 1500', 25)
        queue.finish()
        for worker in (a, b):
            worker.terminate()
            worker.end()
    queue.each_ran_once()


@case
def a_job_that_runs_twice_does_no_harm(queue):
    entry = queue.put('1000 1000', 168)
    with Worker(queue, 'a', '-l', '200') as a, \
            Worker(queue, 'b', '-l', '200') as b:
        until(lambda: queue.runs('begins'), 'it begins')
        first = a if queue.pending()[0][1] == 'a' else b
        first.process.send_signal(signal.SIGSTOP)
        queue.finish()
        assert queue.runs() == {entry: 1}
        first.process.send_signal(signal.SIGCONT)
        until(lambda: queue.runs() == {entry: 2}, 'the other one ends')
        for worker in (a, b):
            worker.terminate()
            worker.end()
    queue.finish()


@case
def a_job_is_not_acknowledged_before_it_has_run(queue):
    entry = queue.put('1000 2000', 168)
    for _ in range(2):
        with Worker(queue, 'a') as a:
            until(queue.pending, 'it is taken')
            time.sleep(0.3)
            assert not queue.nr_results() and len(queue.pending()) == 1
            a.kill()
    with Worker(queue, 'a') as a:
        queue.finish()
    assert queue.runs() == {entry: 1}


@case
def it_takes_no_more_than_its_places(queue):
    queue.put_some(60, 20)
    seen = set()

    def is_done():
        seen.add(len(queue.pending()))
        return queue.nr_results() >= len(queue.jobs)

    with Worker(queue, 'a', '-p', '2', '-n', '3'):
        until(is_done, 'all results')
        queue.finish()
    assert max(seen) == 3, seen


@case
def a_signal_lets_it_finish_what_it_has(queue):
    queue.put_some(200, 30)
    for sent in (signal.SIGTERM, signal.SIGINT):
        before = queue.nr_results()
        with Worker(queue, 'a', '-p', '2', '-n', '8') as a:
            until(lambda: queue.nr_results() > before, 'work goes on')
            assert queue.pending()
            a.process.send_signal(sent)
            a.end()
        assert not queue.pending() and queue.nr_results() < len(queue.jobs)
    with Worker(queue, 'b', '-p', '8') as b:
        queue.finish()
        b.terminate()
        b.end()
    queue.each_ran_once()


@case
def what_a_second_signal_drops_is_not_acknowledged(queue):
    for _ in range(8):
        queue.put('100 300', 25)
    with Worker(queue, 'a', '-p', '1', '-n', '8') as a:
        until(lambda: len(queue.pending()) == 8, 'all are taken')
        a.process.send_signal(signal.SIGTERM)
        a.process.send_signal(signal.SIGINT)  # two of a kind may become one
        a.end(1, 'jobs are left pending')
    nr_left = len(queue.pending())
    assert 0 < nr_left < 8 and nr_left + queue.nr_results() == 8, nr_left
    with Worker(queue, 'a', '-p', '4'):
        queue.finish()
    queue.each_ran_once()


@case
def what_kills_its_worker_dies_alone(queue):
    queue.put_some(10, 30)
    poison = queue.put('abort')
    queue.put_some(10, 30)
    nr_kills = 0
    while not queue.dead():
        with Worker(queue, 'a', '-p', '2', '-n', '6', '-d', '4') as a:
            until(lambda: queue.dead() or a.process.poll() is not None,
                  'the end of either')
            if not queue.dead():
                a.end(-signal.SIGABRT)
                nr_kills += 1
                assert nr_kills <= 4, 'it is tried too often'
                continue
            queue.finish()
            a.terminate()
            a.end(0, poison + ': delivered 4 times')
    assert nr_kills == 4, 'given up too early'
    assert queue.dead() == [
        {'entry': poison, 'deliveries': '4', 'job': 'abort'}]


@case
def what_was_delivered_twice_in_vain_runs_alone(queue):
    entries = [queue.put('100 200', 25) for _ in range(6)]
    queue.redis('XGROUP', 'CREATE', queue.key, 'workers', 0)
    queue.redis('XREADGROUP', 'GROUP', 'workers', 'a', 'COUNT', 3,
                'STREAMS', queue.key, '>')
    queue.redis('XCLAIM', queue.key, 'workers', 'a', 0, entries[1])
    assert [times for *_, times in queue.pending()] == [1, 2, 1]
    with Worker(queue, 'a', '-p', '8', '-n', '8'):
        queue.finish()
    told = queue.told()
    at = told.index((entries[1], 'begins'))
    assert told[:at + 2] == [(entries[0], 'begins'), (entries[0], 'ran'),
                             (entries[1], 'begins'), (entries[1], 'ran')], told
    assert {did for _, did in told[at + 2:at + 4]} == {'begins'}, told


@case
def what_always_fails_dies_too(queue):
    texts = ['x', '', '-1', '1 2 3', '100000001', '1 2x', '+5',
             '1000000000', '99999999999999999999', '5 3600001', ' 5', '5\n']
    bad = {queue.put(text): text for text in texts}
    bad[queue.redis('XADD', queue.key, '*', 'other', 1)] = None
    queue.put_some(20, 5)
    with Worker(queue, 'a', '-l', '50', '-d', '2') as a:
        until(lambda: len(queue.dead()) >= len(bad), 'they are dead')
        queue.finish()
        a.terminate()
        a.end(0, ': failed')
    assert {entry['entry']: entry.get('job') for entry in queue.dead()} == bad


@case
def lost_connections_are_made_again(queue):
    nr_cut = 0
    with Worker(queue, 'a', '-p', '2', '-d', '1000', '-l', '300') as a:
        for _ in range(10):
            queue.put_some(20, 20)
            before = queue.nr_results()
            until(lambda: queue.nr_results() > before, 'work goes on')
            nr_cut += queue.redis('CLIENT', 'KILL', 'TYPE', 'normal')
        queue.finish()
        a.terminate()
        a.end(0, 'streamworker: redis: ')
    assert nr_cut == 20, nr_cut
    queue.each_ran_once()  # what it has in hand it does not take again


@case
def redis_may_go_away_and_come_back(queue):
    with Worker(queue, 'a', '-p', '2', '-n', '2', '-l', '60000') as a:
        for _ in range(4):
            queue.put('1000 1000', 168)
        until(lambda: len(queue.pending()) == 2, 'they are taken')
        queue.server.save_and_stop()
        until(lambda: len(queue.runs()) == 2, 'jobs go on')
        queue.server.start()
        queue.finish()
        queue.server.save_and_stop()
        until(lambda: 'redis: ' in a.errors(), 'it notices')
        a.terminate()
        a.end(0, 'redis: ')
        queue.server.start()
    queue.each_ran_once()


@case
def what_redis_never_heard_of_is_an_error(queue):
    queue.put('1000 1000', 168)
    with Worker(queue, 'a') as a:
        until(queue.pending, 'it is taken')
        queue.server.save_and_stop()
        a.terminate()
        a.end(1, '1 jobs are left pending')
    queue.server.start()
    assert len(queue.pending()) == 1
    with Worker(queue, 'a'):
        queue.finish()


def says(status, text, *arguments):
    done = subprocess.run([Worker.binary, *arguments], capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=LONG)
    said = done.stderr.decode()
    assert done.returncode == status and said.startswith(text), \
        (arguments, done.returncode, said)


@case
def mistakes_are_told(queue):
    path = queue.server.path
    for arguments in (), ('',), ('a', 'b'):
        says(2, 'usage: streamworker', *arguments)
    says(2, Worker.binary + ': invalid option', '-x', 'a')
    says(2, Worker.binary + ': option requires an argument', '-p')
    for option in '-p', '-n', '-l', '-d':
        for value in '0', '-1', 'x', '1x', '', '99999999999999999999':
            says(2, 'streamworker: %s %s: not a number from 1 to '
                 % (option, value), option, value, 'a')
    says(2, 'streamworker: nowhere: neither', '-s', 'nowhere', 'a')
    says(1, 'streamworker: %s.not: No such file' % path, '-s', path + '.not',
         'a')
    says(1, 'streamworker: 127.0.0.1:1: Connection refused',
         '-s', '127.0.0.1:1', 'a')
    queue.redis('RPUSH', queue.key, 1)
    says(1, 'streamworker: %s: WRONGTYPE' % path,
         '-s', path, '-k', queue.key, 'a')
    queue.redis('DEL', queue.key)
    for suffix, kind in ('results', 'hash'), ('dead', 'stream'):
        key = queue.key + ':' + suffix
        queue.redis('RPUSH', key, 1)
        says(1, 'streamworker: %s: %s is a list, not a %s' % (path, key, kind),
             '-s', path, '-k', queue.key, 'a')
        queue.redis('DEL', key)


def run(number, function, server):
    start = time.monotonic()
    try:
        if not server.redis:  # a case that failed has left it so
            server.start()
        function(Queue(server, function.__name__))
    except Exception:
        print('not ok %d - %s' % (number, function.__name__))
        print('# ' + traceback.format_exc().strip().replace('\n', '\n# '),
              flush=True)
        return False
    print('ok %d - %s # %d ms' % (number, function.__name__, 1000 * (
        time.monotonic() - start)), flush=True)
    return True


def main():
    if len(sys.argv) < 2:
        print('1..0 # SKIP no streamworker: apt install libhiredis-dev, '
              'then configure anew')
        return
    if not shutil.which('redis-server'):
        print('1..0 # SKIP no redis-server: apt install redis-server')
        return
    Worker.binary = os.path.abspath(sys.argv[1])
    todo = [function for function in CASES
            if not sys.argv[2:] or
            any(word in function.__name__ for word in sys.argv[2:])]
    print('1..%d' % len(todo), flush=True)
    # so that what was started is killed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    directory = tempfile.mkdtemp()
    server = Server(directory)
    try:
        results = [run(number, function, server)
                   for number, function in enumerate(todo, 1)]
    finally:
        server.kill()
        shutil.rmtree(directory)
    sys.exit(not all(results))


if __name__ == '__main__':
    main()
