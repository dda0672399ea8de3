# SPDX-License-Identifier: MIT
"""Part 12: the server when requests come when they come (bench/client), when
some are slow, when all workers are busy, at a rush, and at its end."""

import http.client
import json
import signal
import subprocess
import time
from statistics import median

from programs import Failed, padded_environment, run_json
from rounds import AGAIN, BASELINE, POOLS, Case
from server_part import SCRIPT, SLEEP_MS, WARM_UP, WORKERS, Server, ServerCase

LOADS = {"quick": (50, 100), "default": (50, 80, 100),
         "full": (10, 25, 50, 80, 90, 95, 100, 110, 120)}
STANDARD_LOADS = (25, 50, 80, 110)
AGAIN_LOAD = 50
KNEE_MS = 10  # the p99 up to which the server keeps up
MIXES = {10: 5, 50: 5}  # slow in 1000: where the sleepers take so many tenths
RUSH = 256
ROUNDS = 10  # at most
CAPACITY_S = 1
_known = {"capacity": 0}


def capacity(program, rng):
    """Requests a second of the baseline in a closed loop: the unit of load,
    measured once, the same for all."""
    if not _known["capacity"]:
        server = Server(program, BASELINE, False, rng)
        try:
            server.warm_up()
            result = run_json(
                ["wrk", "-t1", "-c16", "-d%ds" % CAPACITY_S, "-s",
                 SCRIPT, "http://%s/" % server.address, "--", "0"],
                rng)
            server.stop()
        finally:
            server.kill()
        _known["capacity"] = result["requests"] / result["seconds"]
    return _known["capacity"]


class OpenLoop(Case):
    """Requests for / and, some of them, /sleep, at a rate."""

    part = "http"
    peers = False
    scenario = "H2"
    metrics = (("p50", lambda raw: raw["p50_us"]),
               ("p99", lambda raw: raw["p99_us"]),
               ("CPU/request", lambda raw: raw["cpu_us_per_request"]))
    columns = (
        ("offered/s", "%.0f", lambda raw: raw["offered_per_s"]),
        ("p50 ms", "%.3f", lambda raw: raw["p50_us"] / 1e3),
        ("p99 ms", "%.2f", lambda raw: raw["p99_us"] / 1e3),
        ("CPU us/request", "%.1f", lambda raw: raw["cpu_us_per_request"]),
        ("lag p99 ms", "%.2f", lambda raw: raw["lag_p99_us"] / 1e3))
    real_time_ns = 1e3
    prepare_s = 0.5
    seconds = 0.7
    options = ()

    def __init__(self, build, tier, name, variants):
        super().__init__(name, variants, min(tier.rounds, ROUNDS),
                         self.seconds + 0.35)
        self.group = name
        self.program = "%s/bench/server/rota-server" % build
        self.client = "%s/bench/client/client" % build

    def prepare(self, pool, rng):
        capacity(self.program, rng)

    def rate(self):
        raise NotImplementedError

    def command(self, server):
        rate = self.rate()
        return [self.client, "--port=" + server.address.rsplit(":", 1)[1],
                "--rate=%d" % rate, "--requests=%d" % (rate * self.seconds),
                "--seed=%d" % self.seed, *self.options]

    def ask(self, server, rng):
        """The client's result, the server's report and its CPU time."""
        result = run_json(self.command(server), rng)
        report, cpu_us, _ = server.stop()
        return result, report, cpu_us

    def measure(self, pool, rng):
        server = Server(self.program, pool, False, rng)
        try:
            server.warm_up()
            result, report, cpu_us = self.ask(server, rng)
        except OSError as error:
            raise Failed(str(error)) from error
        finally:
            server.kill()
        if report["dropped"] or report["answered"] != (result["answered"]
                                                       + WARM_UP):
            raise Failed("the server answered %d, dropped %d; answers came: "
                         "%d" % (report["answered"] - WARM_UP,
                                 report["dropped"], result["answered"]))
        return dict(result, server=report, p50_us=result["page_p50_us"],
                    p99_us=result["page_p99_us"],
                    cpu_us_per_request=cpu_us / report["answered"])


class LoadCase(OpenLoop):
    """A share of what the baseline can do in a closed loop."""

    def __init__(self, build, tier, load):
        super().__init__(build, tier, "open loop at %d %%" % load,
                         POOLS + (AGAIN,) * (load == AGAIN_LOAD))
        self.group = "server, open loop"
        self.load = load

    def notes(self, results):
        points = [raw for variant in self.variants
                  for raw in results.by_round(self, variant).values()]
        late = sum(raw["lag_p99_us"] > raw["p99_us"] / 2 for raw in points)
        return ["%s: in %d of %d points the client, which shares the CPUs, was "
                "itself late by more than half of the p99."
                % (self.name, late, len(points))] if late else []

    def rate(self):
        return int(_known["capacity"] * self.load / 100)


class MixCase(OpenLoop):
    """Some ask for /sleep; how do those fare that do not?"""

    scenario = "H3"
    metrics = OpenLoop.metrics[:2]

    def __init__(self, build, tier, slow_per_1000, tenths):
        super().__init__(build, tier, "%g %% of the pages sleep"
                         % (slow_per_1000 / 10), POOLS)
        self.group = "server, some pages sleep"
        self.options = ("--slow-per-1000=%d" % slow_per_1000,)
        sleeping_s = slow_per_1000 / 1000 * SLEEP_MS / 1000
        self.asked = int(WORKERS * tenths / 10 / sleeping_s)

    def rate(self):
        """No more than the CPUs can do beside."""
        return min(self.asked, int(_known["capacity"] / 2))


class BusyCase(OpenLoop):
    """All workers sleep: / waits for the first of them, in any pool that has no
    more threads. A tie, or the harness is wrong."""

    scenario = "H4"
    metrics = OpenLoop.metrics[:1]
    columns = (("p50 ms", "%.3f", lambda raw: raw["p50_us"] / 1e3),)
    TIMES = 5

    def __init__(self, build, tier):
        super().__init__(build, tier, "all workers sleep", POOLS + (AGAIN,))

    prepare_s = 0

    def prepare(self, pool, rng):
        """It needs no rate."""

    @staticmethod
    def get(server, path):
        connection = http.client.HTTPConnection(server.address, timeout=10)
        connection.request("GET", path, headers={"Connection": "close"})
        return connection

    @staticmethod
    def answered(connection):
        answer = connection.getresponse()
        if answer.status != 200 or not answer.read():
            raise Failed("it answered %d" % answer.status)
        connection.close()

    def wait_us(self, server):
        sleepers = [self.get(server, "/sleep") for _ in range(WORKERS)]
        time.sleep(SLEEP_MS / 1000 / 5)
        began = time.monotonic()
        self.answered(self.get(server, "/"))
        waited = time.monotonic() - began
        for sleeper in sleepers:
            self.answered(sleeper)
        return waited * 1e6

    def ask(self, server, rng):
        times = [self.wait_us(server) for _ in range(self.TIMES)]
        report, cpu_us, _ = server.stop()
        asked = self.TIMES * (WORKERS + 1)
        return ({"answered": asked, "offered_per_s": 0,
                 "page_p50_us": median(times), "page_p99_us": max(times),
                 "bound_us": SLEEP_MS * 1000 * 4 / 5}, report, cpu_us)


class RushCase(OpenLoop):
    """So many at once: when does each see the first byte?"""

    scenario = "H5"
    metrics = (("p99 to the first byte", lambda raw: raw["first_byte_p99_us"]),)
    columns = (("first byte p50 ms", "%.1f",
                lambda raw: raw["first_byte_p50_us"] / 1e3),
               ("first byte p99 ms", "%.1f",
                lambda raw: raw["first_byte_p99_us"] / 1e3))
    seconds = 0.05
    prepare_s = 0

    def __init__(self, build, tier):
        super().__init__(build, tier, "%d at once" % RUSH, POOLS)
        self.options = ("--burst=1", "--requests=%d" % RUSH)

    def prepare(self, pool, rng):
        """It needs no rate."""

    def rate(self):
        return 1000


class EndCase(OpenLoop):
    """SIGTERM in the middle of half the load: who was accepted gets an answer,
    the others are refused. How long does it take?"""

    scenario = "H6"
    metrics = (("time to end", lambda raw: raw["end_ms"]),)
    columns = (
        ("time to end ms", "%.2f", lambda raw: raw["end_ms"]),
        ("answered", "%.0f", lambda raw: raw["answered"]),
        ("refused", "%.0f", lambda raw: raw["refused"]),
        ("reset", "%.1f", lambda raw: raw["reset"]),
        ("torn or wrong", "%.0f", lambda raw: raw["torn"] + raw["wrong"]))
    options = ("--server-may-end=1",)

    def __init__(self, build, tier):
        super().__init__(build, tier, "end under load", POOLS)

    def rate(self):
        return int(_known["capacity"] / 2)

    def ask(self, server, rng):
        with subprocess.Popen(
                self.command(server), env=padded_environment(rng),
                stdout=subprocess.PIPE, text=True) as client:
            time.sleep(self.seconds / 2)
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            report, cpu_us, _ = server.ended()
            end_ms = (time.monotonic() - began) * 1000
            printed = client.stdout.read().strip().splitlines()
        if client.returncode != 0 or not printed:
            raise Failed("the client exited with %d" % client.returncode)
        return dict(json.loads(printed[-1]), end_ms=end_ms), report, cpu_us


class KneeNotes(LoadCase):
    """The highest load, which says up to where each pool kept up."""

    def __init__(self, build, tier, load, others):
        super().__init__(build, tier, load)
        self.others = others

    def notes(self, results):
        said = super().notes(results)
        for pool in POOLS:
            kept_up = [case.load for case in (*self.others, self)
                       if self.p99_ms(results, case, pool) < KNEE_MS]
            said.append("%s: p99 below %d ms up to %s." % (
                pool, KNEE_MS, "%d %% of %d requests/s" % (
                    max(kept_up), _known["capacity"])
                if kept_up else "none of these loads"))
        return said

    @staticmethod
    def p99_ms(results, case, pool):
        found = [raw["p99_us"] for raw in results.by_round(case, pool).values()]
        return median(found) / 1e3 if found else float("inf")


class ConnectionsCase(ServerCase):
    """Closed loop: throughput only."""

    part = "http"
    peers = False
    scenario = "H1"

    def __init__(self, build, tier, connections):
        super().__init__(build, tier, 0)
        self.name = "%d connections" % connections
        self.group = "server, closed loop"
        self.connections = connections
        self.variants = POOLS
        self.nr_rounds = min(tier.rounds, ROUNDS)


def cases(build, tier):
    *lower, highest = LOADS.get(tier.name, STANDARD_LOADS)
    loads = [LoadCase(build, tier, load) for load in lower]
    found = loads + [KneeNotes(build, tier, highest, loads)]
    found += [MixCase(build, tier, *mix) for mix in MIXES.items()]
    found += [BusyCase(build, tier), RushCase(build, tier),
              EndCase(build, tier)]
    many = (4, 64, 256) if tier.name == "full" else (4, 256)
    return found + [ConnectionsCase(build, tier, nr) for nr in many]
