# SPDX-License-Identifier: MIT
"""bench/guard.py: what of the machine makes a round dirty, from a procfs that
the test writes."""

import os
import tempfile
import unittest

import guard

TICK_S = 0.01


class FakeProcfs:
    """user, nice, system, idle, iowait, irq, softirq and steal, in ticks."""

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(os.path.join(folder, "pressure"))
        self.ticks = [1000, 10, 500, 90000, 7, 3, 20, 40]
        self.pressure = (0.0, 1000)
        self.write()

    def write(self):
        files = {
            "stat": "cpu  %s 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n" % " ".join(
                map(str, self.ticks)),
            "pressure/cpu": "some avg10=%.2f avg60=0.00 avg300=0.00 total=%d\n"
                            "full avg10=99.00 avg60=0.00 avg300=0.00 total=0\n"
                            % self.pressure,
            "loadavg": "0.25 0.20 0.10 1/99 123\n"}
        for name, text in files.items():
            with open(os.path.join(self.folder, name), "w",
                      encoding="utf-8") as file:
                file.write(text)


class GuardTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.fake = FakeProcfs(folder.name)
        self.own_s = 5.0
        self.procfs = guard.Procfs(folder.name)
        self.guard = guard.Guard(self.procfs, lambda: self.own_s, TICK_S)

    def judged(self, own_ticks=0, **passed):
        names = "user nice system idle iowait irq softirq steal".split()
        self.guard.start()
        self.own_s += own_ticks * TICK_S
        for name, ticks in passed.items():
            self.fake.ticks[names.index(name)] += ticks
        self.fake.write()
        return self.guard.stop()

    def test_our_own_work_is_clean(self):
        found = self.judged(own_ticks=600, user=400, system=200, idle=400)
        self.assertFalse(found["dirty"])
        self.assertAlmostEqual(found["own_percent"], 60)
        self.assertAlmostEqual(found["foreign_percent"], 0)
        self.assertEqual(found["load"], 0.25)

    def test_six_percent_of_others_are_dirty_and_four_are_not(self):
        found = self.judged(own_ticks=540, user=600, idle=400)
        self.assertAlmostEqual(found["foreign_percent"], 6)
        self.assertTrue(found["dirty"])
        self.assertFalse(self.judged(own_ticks=560, user=600,
                                     idle=400)["dirty"])

    def test_two_percent_stolen_are_dirty_and_one_is_not(self):
        found = self.judged(own_ticks=500, user=500, idle=480, steal=20)
        self.assertAlmostEqual(found["steal_percent"], 2)
        self.assertTrue(found["dirty"])
        self.assertFalse(self.judged(own_ticks=500, user=500, idle=490,
                                     steal=10)["dirty"])

    def test_interrupts_are_nobodys(self):
        self.assertFalse(self.judged(own_ticks=500, user=500, idle=300,
                                     irq=100, softirq=100)["dirty"])

    def test_pressure_is_what_was_added(self):
        self.guard.start()
        self.fake.pressure = (3.0, 4500)
        self.fake.write()
        self.assertEqual(self.guard.stop()["pressure_us"], 3500)

    def test_no_start_under_pressure(self):
        self.fake.pressure = (10.0, 0)
        self.fake.write()
        self.assertIsNone(guard.too_busy(self.procfs))
        self.fake.pressure = (11.0, 0)
        self.fake.write()
        self.assertIn("11 %", guard.too_busy(self.procfs))

    def test_a_kernel_without_pressure_is_fine(self):
        os.remove(os.path.join(self.fake.folder, "pressure", "cpu"))
        self.assertIsNone(guard.too_busy(self.procfs))
        self.assertIsNone(self.judged(idle=10)["pressure_us"])

    def test_this_machine_is_understood(self):
        real = guard.Guard()
        real.start()
        found = real.stop()
        self.assertIn(found["dirty"], (True, False))
        self.assertGreaterEqual(found["steal_percent"], 0)
