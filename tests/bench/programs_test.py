# SPDX-License-Identifier: MIT
"""Programs that take too long, and a session that is told to stop meanwhile."""

import os
import random
import subprocess
import sys
import time
import unittest

from programs import Failed, NotApplicable, for_pool, run_json

SLEEP = [sys.executable, "-c", "import time; time.sleep(30)"]
WAIT = """
import random, session, signal
from programs import run_json
signal.signal(signal.SIGTERM, session.stop)
run_json(["sh", "-c", "echo $$ > '%s'; exec sleep 30"], random.Random(1))
"""


class Slow(unittest.TestCase):
    def test_ours_that_does_not_end_has_failed(self):
        for option in [], ["--pool=rota"], ["--pool=mutex-queue"]:
            with self.assertRaises(Failed):
                run_json(SLEEP + option, random.Random(1), timeout_s=0.3)

    def test_another_library_that_is_far_from_done_does_not_apply(self):
        with self.assertRaisesRegex(NotApplicable, "not done after"):
            run_json(SLEEP + ["--pool=apr"], random.Random(1), timeout_s=0.6)

    def test_another_library_that_is_wrong_has_failed(self):
        with self.assertRaises(Failed):
            run_json(["false", "--pool=apr"], random.Random(1))

    def test_what_is_measured_ends_with_the_session(self):
        name = "%s/programs-test-%d" % (os.environ["BENCH_BUILD"], os.getpid())
        with subprocess.Popen(
                [sys.executable, "-c", WAIT % name], stderr=subprocess.DEVNULL,
                env=dict(os.environ,
                         PYTHONPATH=os.environ["BENCH_SCRIPTS"])) as process:
            deadline = time.monotonic() + 30
            while not os.path.exists(name) or not os.path.getsize(name):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            with open(name, encoding="utf-8") as file:
                child = int(file.read())
            os.unlink(name)
            process.terminate()
            process.wait(30)
        self.assertFalse(os.path.exists("/proc/%d" % child))


class OwnProgram(unittest.TestCase):
    def test_go_floods_by_its_own_program_and_does_nothing_else(self):
        argv = ["b/bench/throughput", "--jobs=3", "--pool=go-channel"]
        program, *rest = for_pool(argv)
        self.assertEqual(os.path.normpath(program), "b/bench/peers/flood-go")
        self.assertEqual(rest, argv[1:])
        for wrong in (["b/bench/tree", "--pool=go-channel"],
                      argv + ["--time-submit=1"]):
            with self.assertRaises(NotApplicable):
                for_pool(wrong)
        self.assertEqual(for_pool(["x", "--pool=rota"]), ["x", "--pool=rota"])
