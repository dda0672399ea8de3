# SPDX-License-Identifier: MIT
"""Part 9: pages that sleep, where the pool may be told so and where not."""

from concurrent.futures import ThreadPoolExecutor

from programs import Failed, run_json
from rounds import AGAIN, POOLS
from server_part import SCRIPT, Server, ServerCase

CONNECTIONS = 128
MAX_WORKERS = 64
PROBES = 4  # connections that ask for / alone
SLEEPERS = 40  # fewer than MAX_WORKERS: each has its thread


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
            self.own = (("p99 of /", self.metrics[-1][1], compared_to),)

    def ask(self, server, connections, percent, rng):
        return run_json(
            ["wrk", "-t1", "-c%d" % connections, "-d%ds" % self.seconds, "-s",
             SCRIPT, "http://%s/" % server.address, "--", str(percent)], rng)

    def clients(self, server, rng):
        """What the crowd asks for, and what who asks for / alone sees."""
        with ThreadPoolExecutor() as threads:
            pages = threads.submit(self.ask, server, PROBES, 0, rng)
            return (self.ask(server, CONNECTIONS, self.percent, rng),
                    pages.result())

    def measure(self, pool, rng):
        options = ["--blocking-max=%d" % MAX_WORKERS] if pool == POOLS[0] else []
        server = Server(self.program, pool, False, rng, options)
        try:
            server.warm_up()
            result, pages = self.clients(server, rng)
            report, cpu_us, switches = server.stop()
        except OSError as error:
            raise Failed(str(error)) from error
        finally:
            server.kill()
        raw = self.checked(result, report, cpu_us, switches)
        self.checked(pages, report, cpu_us, switches)
        return dict(raw, page_p50_us=pages["p50_us"],
                    page_p99_us=pages["p99_us"])


class SleepersCase(RegionsCase):
    """40 clients ask all the time for /sleep, or there are none. Do the others
    notice?"""

    metrics = RegionsCase.metrics[1:]
    columns = RegionsCase.columns[1:3]

    def __init__(self, build, tier, sleepers, pools, compared_to=None):
        super().__init__(build, tier, 100, pools, compared_to)
        self.name = "beside %d sleepers" % sleepers
        self.sleepers = sleepers

    def clients(self, server, rng):
        if not self.sleepers:
            pages = self.ask(server, PROBES, 0, rng)
            return pages, pages
        with ThreadPoolExecutor() as threads:
            pages = threads.submit(self.ask, server, PROBES, 0, rng)
            return (self.ask(server, self.sleepers, 100, rng),
                    pages.result())


def cases(build, tier):
    quiet = RegionsCase(build, tier, 0, POOLS + (AGAIN,))
    alone = SleepersCase(build, tier, 0, POOLS[:1])
    return [quiet, RegionsCase(build, tier, 10, POOLS, quiet.name),
            alone, SleepersCase(build, tier, SLEEPERS, POOLS, alone.name)]
