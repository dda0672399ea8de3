#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does the open-loop client see what others see? One point, by hand.

usage: check.py BUILD [ROUNDS]

The same server, connections that are kept, a rate that leaves it mostly idle:
the median latency of our client, of h2load --rps (package nghttp2-client) and of
wrk with one connection, in interleaved rounds. h2load spaces its requests
evenly and wrk waits for each answer: a server that is not busy answers all three
alike, and only there they may be compared.
"""
import os
import random
import subprocess
import sys
import tempfile
from statistics import median

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir))
# pylint: disable=wrong-import-position
from programs import run_json
from server_part import SCRIPT, Server
from stats import Ratio

RATE, CONNECTIONS, SECONDS = 500, 4, 2


def ours(build, address, rng):
    result = run_json(["%s/bench/client/client" % build,
                       "--port=" + address.rsplit(":", 1)[1],
                       "--rate=%d" % RATE, "--keep-alive=1",
                       "--connections=%d" % CONNECTIONS,
                       "--requests=%d" % (RATE * SECONDS)], rng)
    return result["page_p50_us"]


def h2load(_, address, __):
    with tempfile.NamedTemporaryFile("r") as log:
        subprocess.run(
            ["h2load", "--h1", "-t1", "-n%d" % (RATE * SECONDS),
             "-c%d" % CONNECTIONS, "--rps=%d" % (RATE / CONNECTIONS),
             "--log-file=" + log.name, "http://%s/" % address],
            check=True, stdout=subprocess.DEVNULL)
        rows = [line.split() for line in log]
    if any(row[1] != "200" for row in rows):
        raise SystemExit("h2load saw an error")
    return median(int(row[2]) for row in rows)


def wrk(_, address, rng):
    return run_json(["wrk", "-t1", "-c1", "-d%ds" % SECONDS, "-s", SCRIPT,
                     "http://%s/" % address, "--", "0", "keep-alive"],
                    rng)["p50_us"]


def main():
    build = sys.argv[1]
    nr_rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    clients, rng = (ours, h2load, wrk), random.Random(1)
    times = {client: [] for client in clients}
    for _ in range(nr_rounds):
        for client in rng.sample(clients, len(clients)):
            server = Server("%s/bench/server/rota-server" % build, "rota", True,
                            rng)
            try:
                times[client].append(client(build, server.address, rng))
                server.stop()
            finally:
                server.kill()
    for client in clients:
        print("%-7s p50 %.0f us, %s times ours" % (
            client.__name__, median(times[client]),
            Ratio([b / a for a, b in zip(times[ours], times[client])])))


main()
