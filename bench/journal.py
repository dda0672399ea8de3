# SPDX-License-Identifier: MIT
"""The raw file of a session: one line of JSON for all that was found out, as
soon as it is. A session that was killed goes on from it."""

import hashlib
import json
import os

VERSION = 1
SUFFIX = ".rounds.jsonl"


class Refused(Exception):
    """This file is not of the session that is asked for."""


def path_beside(results_path):
    return os.path.splitext(results_path)[0] + SUFFIX


def build_digest(build):
    """Of all programs that measure, and of the library."""
    paths = []
    for folder, _, names in os.walk(os.path.join(build, "bench")):
        paths += [os.path.join(folder, name) for name in names]
    paths = [path for path in paths if os.access(path, os.X_OK)]
    runtime = os.path.join(build, "runtime")
    paths += [os.path.join(runtime, name) for name in os.listdir(runtime)
              if name.startswith("librota.so")]
    digest = hashlib.sha256()
    for path in sorted(paths):
        if os.path.isfile(path):
            digest.update(_content(path))
    return digest.hexdigest()[:16]


def _content(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).digest()


class Journal:
    """Lines are whole or are not: each is one write, and synced."""

    def __init__(self, path, header):
        self.path = path
        self.header = dict(header, kind="header", version=VERSION)
        self.lines = []

    def start(self):
        with open(self.path, "w", encoding="utf-8"):
            pass
        self._append(self.header)

    def resume(self):
        """Reads what is there; Refused if it belongs to another session. What
        was only begun to be written goes."""
        with open(self.path, "rb") as file:
            whole, _, _ = file.read().rpartition(b"\n")
        try:
            lines = [json.loads(line) for line in whole.splitlines()]
        except ValueError as error:
            raise Refused("%s is damaged: %s" % (self.path, error)) from error
        if not lines or lines[0].get("kind") != "header":
            raise Refused("%s does not begin as a session" % self.path)
        for key, value in self.header.items():
            if lines[0].get(key) != value:
                raise Refused("its %s is %s, this one's %s" % (
                    key, lines[0].get(key), value))
        with open(self.path, "r+b") as file:
            file.truncate(len(whole) + 1)
        self.lines = lines[1:]

    @staticmethod
    def seed_of(path):
        """Of an unfinished session, or None."""
        try:
            with open(path, encoding="utf-8") as file:
                return json.loads(file.readline())["seed"]
        except (OSError, ValueError, KeyError):
            return None

    def add(self, kind, **fields):
        line = dict(fields, kind=kind)
        self._append(line)
        self.lines.append(line)

    def of(self, kind):
        return [line for line in self.lines if line["kind"] == kind]

    def _append(self, line):
        text = json.dumps(line, allow_nan=False) + "\n"
        with open(self.path, "ab", buffering=0) as file:
            file.write(text.encode())
            os.fsync(file.fileno())
