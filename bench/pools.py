# SPDX-License-Identifier: MIT
"""Which pools this build has: ours, the baselines, and other libraries."""

import json
import os
import subprocess

from case import POOLS
from programs import GO_POOL, flood_go

PEER_KINDS = ("peer", "harness")


class UnknownPool(Exception):
    """No pool has this name."""


def known(build):
    """What BUILD/bench/pools says of each; without it, only our three."""
    program = os.path.join(build, "bench", "pools")
    if not os.access(program, os.X_OK):
        return [{"name": name, "kind": "rota" if name == POOLS[0]
                 else "baseline"} for name in POOLS]
    done = subprocess.run([program], stdout=subprocess.PIPE, text=True,
                          check=True, timeout=60)
    pools = json.loads(done.stdout)["pools"]
    if os.access(flood_go(build), os.X_OK):
        pools.append({
            "name": GO_POOL, "kind": "peer", "peer": "Go",
            "is_default_config": True, "limits": [],
            "order": "of all submits", "bound": "4096 jobs",
            "note": "goroutines that receive functions from one channel; a "
                    "program of its own"})
    return pools


def chosen(pools, asked):
    """The names of those that join: asked is all, none, or names."""
    names = [pool["name"] for pool in pools if pool["kind"] in PEER_KINDS]
    if asked == "all":
        return names
    if asked == "none":
        return []
    others = [pool["name"] for pool in pools if pool["name"] not in POOLS]
    wanted = asked.split(",")
    for name in wanted:
        if name not in others:
            raise UnknownPool("no peer is named '%s'; there are: %s" % (
                name, ", ".join(others) or "none in this build"))
    return [name for name in others if name in wanted]
