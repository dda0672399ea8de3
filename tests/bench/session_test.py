# SPDX-License-Identifier: MIT
"""Whole sessions: rounds kept as they are measured, resumed, repeated."""

import os
import re
import subprocess
import time
import unittest

import session
from fake_build import FakeBuildCase


def measured(lines):
    return [(row["round"], row["attempt"]) for row in lines
            if row["kind"] == "round"]


class Parts(unittest.TestCase):
    def test_bench_run_knows_every_part(self):
        with open(os.path.join(os.environ["BENCH_SCRIPTS"], "run"),
                  encoding="utf-8") as file:
            text = file.read()
        known = " ".join(re.findall(r"^parts\+?='([^']*)'", text, re.M))
        self.assertEqual(sorted(known.split()), sorted(session.PARTS))
        usage = text.partition("TXT\n}")[0]
        for name in session.PARTS:
            self.assertRegex(usage, r"\b%s\b" % name)


class Sessions(FakeBuildCase):
    def test_a_session_compares(self):
        text = self.session("--seed=7")
        self.assertIn("Rota beats mutex-receiver on submit of 64 time (9.57x)",
                      text)
        found = self.found()
        row = next(row for row in found["summary"]
                   if row["baseline"] == "mutex-queue")
        self.assertAlmostEqual(row["median"], 50.5 / 10.5)
        self.assertEqual(found["failures"], [])
        self.assertEqual(len(measured(self.lines())), 5)

    def test_a_killed_session_goes_on_where_it_was(self):
        """kill -9 of its own process loses one round at most."""
        process = subprocess.Popen(
            self.command("--rounds=6", "--seed=11"),
            env=dict(os.environ, FAKE_SLOW="0.05"), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not os.path.exists(self.raw) or len(measured(self.lines())) < 2:
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        process.kill()
        process.wait()
        with open(self.raw, "ab") as file:
            file.write(b'{"kind": "round", "rou')  # what the kill cut off
        with open(self.raw, "rb") as file:
            before = file.read().rpartition(b"\n")[0]
        nr_before = before.count(b'"kind": "round"')
        self.assertGreaterEqual(nr_before, 2)
        self.session("--rounds=6", "--resume")
        with open(self.raw, "rb") as file:
            self.assertTrue(file.read().startswith(before + b"\n"))
        lines = self.lines()
        self.assertEqual([lines[0]["seed"]], [11])
        self.assertEqual(measured(lines), [(i, 0) for i in range(6)])
        self.assertEqual(self.found()["context"]["rounds_done"], 6)
        sized = [line["case"] for line in lines if line["kind"] == "prepared"]
        self.assertEqual(len(sized), len(set(sized)))

    def test_the_order_is_the_same_after_resume(self):
        self.session("--seed=3", "--rounds=4")
        whole = self.lines()
        with open(self.raw, encoding="utf-8") as file:
            kept = file.readlines()[:-2]  # two rounds less
        with open(self.raw, "w", encoding="utf-8") as file:
            file.writelines(kept)
        self.session("--resume", "--rounds=4")

        def order(lines):
            return [[(row["case"], row["variant"]) for row in line["rows"]]
                    for line in lines if line["kind"] == "round"]
        self.assertEqual(order(self.lines()), order(whole))

    def test_another_build_is_refused(self):
        self.session("--seed=3")
        self.program("bulk", "#!/bin/sh\nexit 1\n")
        self.assertIn("its build is", self.session("--resume", status=1))

    def test_other_options_are_refused(self):
        self.session("--seed=3")
        self.assertIn("its plan is", self.session("--resume", "--rounds=9",
                                                  status=1))
        self.assertIn("its seed is", self.session("--resume", "--seed=4",
                                                  status=1))

    def test_minutes_stop_it_and_resume_ends_it(self):
        text = self.session("--minutes=0.0001", "--seed=3", status=3)
        self.assertIn("Stopped after 1 of 5 rounds", text)
        self.assertIn("--resume", text)
        self.assertEqual(len(measured(self.lines())), 1)
        self.session("--resume", "--minutes=0.0001", status=3)
        self.assertEqual(len(measured(self.lines())), 2)
        self.session("--resume")
        self.assertEqual(len(measured(self.lines())), 5)

    def test_a_failure_fails_the_session(self):
        self.program("bulk", "#!/bin/sh\necho lost a job >&2; exit 1\n")
        text = self.session("--rounds=1", status=1)
        self.assertIn("lost a job", text)
        self.assertIn("no verdict", text)


class Peers(FakeBuildCase):
    def test_peers_join_and_one_that_cannot_says_why(self):
        text = self.session("--peers=all", "--seed=1")
        self.assertIn("N/A: it has one leg", text)
        found = self.found()
        self.assertEqual(found["failures"], [])
        self.assertIn({"case": "submit 64", "pool": "lame-peer",
                       "why": "it has one leg"}, found["not_applicable"])
        rows = {row["baseline"]: row for row in found["summary"]
                if row["case"] == "submit 64"}
        self.assertEqual(rows["fast-peer"]["verdict"], "slower")
        self.assertNotIn("lame-peer", rows)
        self.assertNotIn("liar", text)

    def test_some_peers(self):
        self.assertNotIn("lame-peer", self.session("--peers=fast-peer"))
        text = self.session("--peers=nobody", status=1)
        self.assertIn("no peer is named 'nobody'", text)

    def test_a_short_session_has_none(self):
        self.assertNotIn("fast-peer", self.session())


class Noise(FakeBuildCase):
    def procfs(self, avg10, steals):
        """A procfs whose every look at stat is followed by more steal."""
        folder = os.path.join(self.folder, "proc")
        os.makedirs(os.path.join(folder, "pressure"))
        with open(os.path.join(folder, "pressure", "cpu"), "w",
                  encoding="utf-8") as file:
            file.write("some avg10=%.2f avg60=0 avg300=0 total=0\n" % avg10)
        steal = 1000 if steals else 0

        def write(ticks):
            with open(os.path.join(folder, "stat"), "w",
                      encoding="utf-8") as file:
                file.write("cpu  0 0 0 %d 0 0 0 %d\n" % (ticks, steal * ticks))
        write(1)
        # The programs move the clock on: each measurement is a look later.
        self.program("line", "#!/bin/sh\necho 0 > /dev/null\n"
                     "echo '{\"round_trip_ns\": 80.5}'\n")
        self.program("bulk", '#!/bin/sh\nn=$(wc -l < %s/ran || echo 1)\n'
                     'printf "cpu  0 0 0 %%d 0 0 0 %%d\\n" "${n}000" '
                     '$((%d * n)) > %s/stat\n' % (self.folder, steal, folder)
                     + self.fake_bulk())
        with open(os.path.join(self.folder, "ran"), "w",
                  encoding="utf-8") as file:
            file.write("x\n")
        return "--proc=" + folder

    def fake_bulk(self):
        with open(os.path.join(self.folder, "bench", "bulk"),
                  encoding="utf-8") as file:
            return file.read().partition("\n")[2]

    def standard(self, *options, **more):
        return self.session("--tier=standard", "--peers=none", "--rounds=1",
                            *options, **more)

    def test_a_long_session_does_not_start_on_a_busy_machine(self):
        proc = self.procfs(50, False)
        self.assertIn("machine is busy", self.standard(proc, status=1))
        self.assertFalse(os.path.exists(self.raw))
        self.standard(proc, "--force")

    def test_a_short_one_only_warns(self):
        self.assertIn("expect wide intervals", self.session(
            self.procfs(50, False)))

    def test_dirty_rounds_are_repeated_twice_and_kept(self):
        text = self.standard(self.procfs(0, True))
        self.assertIn("others disturbed 3", text)
        self.assertEqual(measured(self.lines()), [(0, 0), (0, 1), (0, 2)])
        row = self.found()["summary"][0]
        self.assertEqual((row["attempts"], row["rounds"], row["rounds_clean"]),
                         (3, 1, 0))
        self.assertIsNone(row["median_clean"])

    def test_clean_rounds_are_not_repeated(self):
        self.standard(self.procfs(0, False))
        self.assertEqual(measured(self.lines()), [(0, 0)])
        row = self.found()["summary"][0]
        self.assertEqual(row["median_clean"], row["median_all"])

    def test_a_short_session_repeats_nothing(self):
        self.session(self.procfs(0, True), "--rounds=2")
        self.assertEqual(measured(self.lines()), [(0, 0), (1, 0)])
