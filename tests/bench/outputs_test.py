# SPDX-License-Identifier: MIT
"""What a session leaves: JSON that others' tools read, tables and pages."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
from html.parser import HTMLParser
from xml.etree import ElementTree

from fake_build import FakeBuildCase

COMPARE = "/usr/share/benchmark/compare.py"
DEBIAN_PYTHON = "/usr/bin/python3"  # what Debian's modules are for
CONTEXT = ("date", "host_name", "executable", "num_cpus", "mhz_per_cpu",
           "cpu_scaling_enabled", "caches", "load_avg", "library_build_type",
           "json_schema_version", "kernel", "hypervisor", "mitigations", "cc",
           "flags", "git", "seed", "steal_percent", "again")
ROW = {"name": str, "run_name": str, "run_type": str, "repetitions": int,
       "repetition_index": int, "family_index": int,
       "per_family_instance_index": int, "threads": int, "iterations": int,
       "real_time": float, "cpu_time": float, "time_unit": str}


def can_compare():
    return os.path.exists(COMPARE) and subprocess.run(
        [DEBIAN_PYTHON, "-c", "import scipy, numpy"], check=False,
        stderr=subprocess.DEVNULL).returncode == 0


class Checker(HTMLParser):
    """Elements and what they would load."""

    VOID = ("meta", "br", "hr", "img", "input", "link")

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.loads, self.wrong = [], set(), [], []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.loads += [(tag, name, value) for name, value in attrs
                       if name in ("src", "href", "xlink:href", "action",
                                   "style") or name.startswith("on")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


class Outputs(FakeBuildCase):
    def setUp(self):
        super().setUp()
        self.text = self.session("--peers=all", "--seed=7")

    def file(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def test_json_is_google_benchmarks(self):
        found = self.found()
        for key in CONTEXT:
            self.assertIn(key, found["context"])
        self.assertEqual(found["context"]["json_schema_version"], 1)
        self.assertEqual(found["context"]["host_name"], "hidden")
        self.assertTrue(found["benchmarks"])
        for row in found["benchmarks"]:
            for key, kind in ROW.items():
                self.assertIsInstance(row[key], kind, key)
            self.assertGreater(row["real_time"], 0)
        self.assertIn("rota/bulk/submit_64",
                      {row["name"] for row in found["benchmarks"]})

    @unittest.skipUnless(can_compare(), "no libbenchmark-tools, or no scipy")
    def test_compare_py_reads_it(self):
        done = subprocess.run(
            [DEBIAN_PYTHON, COMPARE, "filters", self.results,
             "^mutex-receiver/", "^rota/"], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("]bulk/submit_64", done.stdout)
        # 100.5 ns to 10.5 ns
        self.assertIn("-0.8955", done.stdout)

    def test_trend_has_medians_only(self):
        entries = json.loads(self.file("trend.json"))
        by_name = {entry["name"]: entry for entry in entries}
        self.assertEqual(len(by_name), len(entries))
        entry = by_name["mutex-queue/bulk/submit_64"]
        self.assertEqual((entry["value"], entry["unit"], entry["extra"]),
                         (50.5, "ns", "5 rounds"))
        self.assertEqual(set(entry), {"name", "unit", "value", "range",
                                      "extra"})

    def test_the_table_says_why_a_cell_is_empty(self):
        text = self.file("REPORT.md")
        self.assertIn("N/A: it has one leg", text)
        self.assertIn("| submit 64 | time | 9.57x [9.57, 9.57] faster |", text)

    def test_the_page_is_whole_and_loads_nothing(self):
        text = self.file("report.html")
        checker = Checker()
        checker.feed(text)
        self.assertEqual((checker.wrong, checker.open), ([], []))
        self.assertEqual(checker.loads, [])
        self.assertFalse(checker.seen & {"script", "link", "img", "iframe",
                                         "object", "embed"})
        self.assertNotRegex(text, r"https?:|url\(|@import")
        ElementTree.fromstring(text.replace("<!DOCTYPE html>", ""))
        self.assertIn("N/A: it has one leg", text)
        self.assertIn("prefers-color-scheme:dark", text)

    def test_the_page_begins_with_a_sentence_a_plot_and_when_not(self):
        text = self.file("report.html")
        places = [text.index(words) for words in (
            "Against mutex-receiver, rota is faster in 1 of 1", "<svg",
            "a pool against itself (A/A)", "submit 64 · time",
            "When it does not matter")]
        self.assertEqual(places, sorted(places))

    def test_the_page_is_made_of_the_json_alone(self):
        out = os.path.join(self.folder, "again.html")
        shutil.rmtree(os.path.join(self.folder, "bench"))
        subprocess.run(
            [sys.executable, "-W", "error",
             os.path.join(os.environ["BENCH_SCRIPTS"], "make_page.py"),
             self.results, out], check=True, timeout=60)
        self.assertEqual(self.file("again.html"), self.file("report.html"))

    def test_the_page_from_compressed_results_is_the_same(self):
        out = os.path.join(self.folder, "packed.html")
        with open(self.results, "rb") as file:
            packed = gzip.compress(file.read())
        with open(self.results + ".gz", "wb") as file:
            file.write(packed)
        subprocess.run(
            [sys.executable, "-B",
             os.path.join(os.environ["BENCH_SCRIPTS"], "make_page.py"),
             self.results + ".gz", out], check=True, timeout=60)
        self.assertEqual(self.file("packed.html"), self.file("report.html"))

    def test_plots_stand_alone(self):
        folder = os.path.join(self.folder, "plots")
        subprocess.run(
            ["bash", os.path.join(os.environ["BENCH_SCRIPTS"], "run"),
             "--plots=" + self.results, "--plots-to=" + folder], check=True,
            timeout=60, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "ratios.svg"),
                  encoding="utf-8") as file:
            text = file.read()
        self.assertTrue(ElementTree.fromstring(text).tag.endswith("svg"))
        self.assertIn("prefers-color-scheme:dark", text)
        self.assertEqual(re.findall(r"https?://[^\"]*", text),
                         ["http://www.w3.org/2000/svg"])

    def test_no_host_name_leaks(self):
        name = os.uname().nodename
        if len(name) < 6:
            self.skipTest("this host's name is a common word")
        for out in ("results.json", "REPORT.md", "report.html"):
            self.assertNotIn(name, self.file(out))
