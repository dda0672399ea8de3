# SPDX-License-Identifier: MIT
"""Keep the few inputs that cover most.

usage: keep.py FUZZER FOUND CORPUS NUMBER

FOUND is a directory that libFuzzer's -merge=1 made. What one input covers is
asked of FUZZER by a merge of that input alone: the control file names features
(FT) and edges of the code (COV).
"""
import hashlib
import os
import re
import subprocess
import sys
import tempfile

CANDIDATES = 150  # the longest: each takes a process
WEIGHT = {'COV': 20, 'FT': 1}


def covers(fuzzer, path):
    with tempfile.TemporaryDirectory() as place:
        control = os.path.join(place, 'control')
        for name in ('into', 'from'):
            os.mkdir(os.path.join(place, name))
        os.symlink(path, os.path.join(place, 'from', 'input'))
        subprocess.run([fuzzer, '-merge=1', '-merge_control_file=' + control,
                        os.path.join(place, 'into'),
                        os.path.join(place, 'from')],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=True)
        with open(control, encoding='latin-1') as lines:
            words = [line.split() for line in lines]
    return {(line[0], feature) for line in words
            if line and line[0] in WEIGHT for feature in line[2:]}


def choose(covered, number):
    seen, chosen = set(), []
    for _ in range(number):
        best = max(covered, key=lambda path: sum(
            WEIGHT[kind] for kind, _ in covered[path] - seen))
        if not covered[best] - seen:
            break
        chosen.append(best)
        seen |= covered[best]
    return chosen


def main():
    fuzzer, found, corpus, number = sys.argv[1:]
    paths = sorted((os.path.join(os.path.abspath(found), name)
                    for name in os.listdir(found)), key=os.path.getsize)
    covered = {path: covers(fuzzer, path) for path in paths[-CANDIDATES:]}
    inputs = []
    for path in choose(covered, int(number)):
        with open(path, 'rb') as file:
            inputs.append(file.read())
    for name in os.listdir(corpus):
        if re.fullmatch('[0-9a-f]{12}', name):  # others were named by hand
            os.unlink(os.path.join(corpus, name))
    for data in inputs:
        name = hashlib.sha1(data).hexdigest()[:12]
        with open(os.path.join(corpus, name), 'wb') as file:
            file.write(data)


main()
