# SPDX-License-Identifier: MIT
"""Part 8: the same server, the same client, only the pool swapped."""

import http.client
import json
import os
import signal
import subprocess

from programs import Failed, padded_environment, run_json
from rounds import AGAIN, POOLS, Case

WORKERS = 4
SLEEP_MS = 50
CONNECTIONS = 16
WARM_UP = 100  # requests, which are also checked
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "server-mix.lua")


class Server:
    """A running rota-server; ended by stop(), which returns what it cost."""

    def __init__(self, program, pool, keep_alive, rng, options=()):
        command = [program, "--pool=" + pool, "--workers=%d" % WORKERS,
                   "--listen=127.0.0.1:0", "--sleep-ms=%d" % SLEEP_MS,
                   *options]
        if keep_alive:
            command.append("--keep-alive")
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            command, env=padded_environment(rng), stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline().strip()
        if not line.startswith("listening on "):
            self.kill()
            raise Failed("the server printed '%s'" % line)
        self.address = line.split()[-1]

    def warm_up(self):
        for _ in range(WARM_UP):
            connection = http.client.HTTPConnection(self.address, timeout=5)
            connection.request("GET", "/", headers={"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            if answer.status != 200 or not body:
                raise Failed("GET / answered %d, %d bytes" % (answer.status,
                                                              len(body)))

    def stop(self):
        """Its own report, CPU microseconds and context switches, all told."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self):
        """The same, of one that was told to end."""
        printed = self.process.stdout.read().strip().splitlines()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.process.stdout.close()
        if self.process.returncode != 0 or not printed:
            raise Failed("the server exited with %d" % self.process.returncode)
        return (json.loads(printed[-1]),
                (usage.ru_utime + usage.ru_stime) * 1e6,
                usage.ru_nvcsw + usage.ru_nivcsw)

    def kill(self):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


class ServerCase(Case):
    part = "server"
    scenario = "H1"
    peers = False  # its own programs know only our pools
    floors = (("CPU us/request", lambda raw: raw["cpu_us_per_request"],
               "loopback_request_cpu_us"),)
    metrics = (("requests/s", lambda raw: 1 / raw["requests_per_s"]),
               ("p99 latency", lambda raw: raw["p99_us"]),
               ("CPU/request", lambda raw: raw["cpu_us_per_request"]),
               ("switches/request", lambda raw: raw["switches_per_request"]))
    columns = (
        ("requests/s", "%.0f", lambda raw: raw["requests_per_s"]),
        ("p50 ms", "%.2f", lambda raw: raw["p50_us"] / 1e3),
        ("p99 ms", "%.2f", lambda raw: raw["p99_us"] / 1e3),
        ("CPU us/request", "%.1f", lambda raw: raw["cpu_us_per_request"]),
        ("switches/request", "%.2f", lambda raw: raw["switches_per_request"]))
    real_time_ns = 1e9

    connections = CONNECTIONS

    def __init__(self, build, tier, percent_sleep, keep_alive=False):
        self.group = "server, keep-alive" if keep_alive else "server"
        name = self.group + (" %d %% /sleep" % percent_sleep
                             if percent_sleep else " /")
        plain = not percent_sleep and not keep_alive
        super().__init__(name, POOLS + (AGAIN,) * plain, tier.rounds,
                         tier.server_s + 0.25)
        self.program = "%s/bench/server/rota-server" % build
        self.percent, self.seconds = percent_sleep, tier.server_s
        self.keep_alive = keep_alive
        if not plain:
            self.floors = ()  # a connection serves several requests

    prepare_s = 0

    def measure(self, pool, rng):
        server = Server(self.program, pool, self.keep_alive, rng)
        try:
            server.warm_up()
            result = run_json(
                ["wrk", "-t1", "-c%d" % self.connections, "-d%ds" % self.seconds,
                 "-s", SCRIPT, "http://%s/" % server.address, "--",
                 str(self.percent)] + ["keep-alive"] * self.keep_alive, rng)
            report, cpu_us, switches = server.stop()
        except OSError as error:
            raise Failed(str(error)) from error
        finally:
            server.kill()
        return self.checked(result, report, cpu_us, switches)

    @staticmethod
    def checked(result, report, cpu_us, switches):
        errors = {name: number for name, number in result.items()
                  if number and (name.endswith("_errors") or name == "timeouts")}
        if errors or not result["requests"]:
            raise Failed("wrk saw %s" % (errors or "no answer"))
        if report["dropped"]:
            raise Failed("the server dropped %d jobs" % report["dropped"])
        requests = result["requests"] + WARM_UP
        return dict(result, server=report,
                    requests_per_s=result["requests"] / result["seconds"],
                    cpu_us_per_request=cpu_us / requests,
                    switches_per_request=switches / requests)


def cases(build, tier):
    found = [ServerCase(build, tier, 0)]
    if tier.name != "quick":
        found.append(ServerCase(build, tier, 0, keep_alive=True))
    if tier.name == "full":
        found.append(ServerCase(build, tier, 10))
    return found
