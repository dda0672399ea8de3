# SPDX-License-Identifier: MIT
"""The tests of bench/*.py: each test method of *_test.py here, as TAP.

usage: scripts.py DIRECTORY_OF_THE_BUILD DIRECTORY_OF_THE_SCRIPTS [NAME]
"""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class TapResult(unittest.TestResult):
    """A line for each test, and what went wrong before it."""

    skips = 0

    def _line(self, is_ok, test, rest=""):
        doc = test.shortDescription() or test.id().split(".")[-1]
        print("%s %d - %s%s" % ("ok" if is_ok else "not ok", self.testsRun,
                                doc.replace("test_", "").replace("_", " "),
                                rest), flush=True)

    def _wrong(self, test, error):
        for line in self._exc_info_to_string(error, test).splitlines():
            print("# " + line)
        self._line(False, test)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line(True, test)

    def addError(self, test, err):
        super().addError(test, err)
        self._wrong(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._wrong(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line(True, test, " # SKIP " + reason)


def main():
    os.environ["BENCH_BUILD"], os.environ["BENCH_SCRIPTS"] = sys.argv[1:3]
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    sys.path[:0] = [HERE, sys.argv[2]]
    loader = unittest.TestLoader()
    if len(sys.argv) > 3:
        loader.testNamePatterns = ["*%s*" % sys.argv[3]]
    suite = loader.discover(HERE, pattern="*_test.py")
    result = TapResult()
    suite.run(result)
    print("1..%d" % result.testsRun)
    wrong = len(result.errors) + len(result.failures)
    print("# %d passed, %d failed, %d skipped" % (
        result.testsRun - wrong - len(result.skipped), wrong,
        len(result.skipped)))
    return 1 if wrong or loader.errors or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
