# SPDX-License-Identifier: MIT
"""Part 9: pages that sleep, where the pool may be told so and where not."""

from concurrent.futures import ThreadPoolExecutor

from programs import Failed, run_json
from rounds import AGAIN, POOLS
from server_part import SCRIPT, Server, ServerCase

CONNECTIONS = 128
MAX_WORKERS = 64
PROBES = 4  # connections that ask for / alone


class RegionsCase(ServerCase):
    """rota has 4 workers and up to 64 threads; the others have 4 workers. A
    second client asks for / alone: what do the sleepers cost the others?"""

    part = "regions"
    metrics = (("requests/s", lambda raw: 1 / raw["requests_per_s"]),
               ("p99 of /", lambda raw: raw["page_p99_us"]))
    columns = (
        ("requests/s", "%.0f", lambda raw: raw["requests_per_s"]),
        ("p50 of / ms", "%.2f", lambda raw: raw["page_p50_us"] / 1e3),
        ("p99 of / ms", "%.2f", lambda raw: raw["page_p99_us"] / 1e3),
        ("CPU us/request", "%.1f", lambda raw: raw["cpu_us_per_request"]))

    def __init__(self, build, tier, percent_sleep, pools, compared_to=None):
        super().__init__(build, tier, percent_sleep)
        self.name = "regions, %d %% /sleep" % percent_sleep
        self.group = "server, declared /sleep"
        self.variants = pools
        if compared_to:
            self.own = (("p99 of /", self.metrics[1][1], compared_to),)

    def ask(self, server, connections, percent, rng):
        return run_json(
            ["wrk", "-t1", "-c%d" % connections, "-d%ds" % self.seconds, "-s",
             SCRIPT, "http://%s/" % server.address, "--", str(percent)], rng)

    def measure(self, pool, rng):
        options = ["--blocking-max=%d" % MAX_WORKERS] if pool == POOLS[0] else []
        server = Server(self.program, pool, False, rng, options)
        try:
            server.warm_up()
            with ThreadPoolExecutor() as clients:
                pages = clients.submit(self.ask, server, PROBES, 0, rng)
                result = self.ask(server, CONNECTIONS, self.percent, rng)
                pages = pages.result()
            report, cpu_us, switches = server.stop()
        except OSError as error:
            raise Failed(str(error)) from error
        finally:
            server.kill()
        raw = self.checked(result, report, cpu_us, switches)
        self.checked(pages, report, cpu_us, switches)
        return dict(raw, page_p50_us=pages["p50_us"],
                    page_p99_us=pages["p99_us"])


def cases(build, tier):
    quiet = RegionsCase(build, tier, 0, POOLS + (AGAIN,))
    return [quiet, RegionsCase(build, tier, 10, POOLS, quiet.name)]
