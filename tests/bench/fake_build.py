# SPDX-License-Identifier: MIT
"""A build whose programs answer at once, to try sessions with."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = """#!/bin/sh
# A benchmark that knows its result: by pool.
for option in "$@"; do
	case $option in --pool=*) pool=${option#*=} ;; esac
done
echo x >> %(folder)s/ran
[ -z "$FAKE_SLOW" ] || sleep $FAKE_SLOW
case $pool in
rota) ns=10 ;;
mutex-queue) ns=50 ;;
fast-peer) ns=5 ;;
lame-peer)
	echo '{"program": "bulk", "pool": "lame-peer", "not_applicable": "it has one leg"}'
	exit 0
	;;
*) ns=100 ;;
esac
echo "{\\"submit_ns_per_job\\": $ns.5, \\"pool_wakes_per_group\\": 0, \\"jobs\\": 64, \\"verified\\": true}"
"""
POOLS = [{"name": name, "kind": kind, "peer": name, "is_default_config": True}
         for name, kind in (("rota", "rota"), ("mutex-receiver", "baseline"),
                            ("mutex-queue", "baseline"), ("fast-peer", "peer"),
                            ("lame-peer", "peer"), ("liar", "broken"))]


def write_program(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)


class FakeBuildCase(unittest.TestCase):
    """Sessions of --only=bulk with programs that measure nothing."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.results = os.path.join(self.folder, "results.json")
        self.raw = os.path.join(self.folder, "results.rounds.jsonl")
        os.makedirs(os.path.join(self.folder, "bench"))
        os.makedirs(os.path.join(self.folder, "runtime"))
        self.program("bulk", PROGRAM % {"folder": self.folder})
        self.program("line", '#!/bin/sh\necho \'{"round_trip_ns": 80.5}\'\n')
        self.program("pools", "#!/bin/sh\necho '%s'\n" % json.dumps(
            {"pools": POOLS}))

    def program(self, name, text):
        write_program(os.path.join(self.folder, "bench", name), text)

    def command(self, *options):
        return [sys.executable, "-W", "error",
                os.path.join(os.environ["BENCH_SCRIPTS"], "session.py"),
                "--build=" + self.folder, "--json=" + self.results,
                "--tier=quick", "--only=bulk", *options]

    def session(self, *options, status=0):
        """What it printed; the exit status is checked."""
        done = subprocess.run(self.command(*options), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=100,
                              check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def found(self):
        with open(self.results, encoding="utf-8") as file:
            return json.load(file, parse_constant=self.fail)

    def lines(self):
        with open(self.raw, encoding="utf-8") as file:
            return [json.loads(line) for line in file]
