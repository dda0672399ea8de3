# SPDX-License-Identifier: MIT
"""Builds, and the sources with one bug beside them."""
import json
import os
import re
import shlex
import shutil
import subprocess

from table import ROOT, SETUP, Bad


def call(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding='utf-8', **options)
    if done.returncode:
        raise Bad('%s\n%s' % (' '.join(command)[:200], done.stdout[-3000:]))
    return done.stdout


class Build:
    """A directory of Meson's; what a test is made of, and how."""

    def __init__(self, kind, directory):
        self.directory = os.path.abspath(directory)
        self.commands = {}
        if not os.path.exists(os.path.join(self.directory, 'build.ninja')):
            call(['meson', 'setup', self.directory, ROOT] + SETUP[kind])

    def make(self, targets):
        call(['ninja', '-C', self.directory] + sorted(targets))

    def steps(self, target):
        if target not in self.commands:
            self.commands[target] = [
                shlex.split(line) for line in
                call(['ninja', '-C', self.directory, '-t', 'commands',
                      target]).split('\n') if line.strip()]
        return self.commands[target]

    def tests(self):
        return json.loads(call(['meson', 'introspect', '--tests',
                                self.directory]))


class Tree:
    """The sources with one bug, and its objects."""

    def __init__(self, mutant, place):
        self.mutant, self.place = mutant, place
        for name in ('runtime', 'tests'):
            shutil.copytree(os.path.join(ROOT, name), os.path.join(place, name),
                            ignore=shutil.ignore_patterns('corpus'))
        with open(os.path.join(place, 'runtime', mutant.file), 'w') as file:
            file.write(mutant.mutated())
        # as tests/explore/meson.build copies them: without sys/
        shutil.copytree(os.path.join(place, 'runtime'),
                        os.path.join(place, 'explored'),
                        ignore=shutil.ignore_patterns('sys'))
        self.changed = {}

    def here(self, build, path):
        """The same file in this tree, or None."""
        path = os.path.join(build.directory, path)
        inside = os.path.relpath(path, build.directory)
        if inside.startswith('tests/explore/'):
            copy = os.path.join('explored', os.path.basename(path))
        else:
            copy = os.path.relpath(os.path.realpath(path), ROOT)
        if not copy.startswith(('runtime', 'tests', 'explored')):
            return None
        copy = os.path.join(self.place, copy)
        return copy if os.path.exists(copy) else None

    def includes(self, path, seen):
        """Is the mutated header among what this file includes?"""
        if path in seen or not os.path.exists(path):
            return False
        seen.add(path)
        if os.path.basename(path) == os.path.basename(self.mutant.file):
            return True
        with open(path) as file:
            names = re.findall(r'^#\s*include "([^"]+)"', file.read(), re.M)
        return any(self.includes(os.path.normpath(os.path.join(
            os.path.dirname(path), name)), seen) for name in names)

    def is_affected(self, source):
        name = os.path.basename(source)
        is_test = os.path.relpath(source, self.place).startswith('tests/')
        if not self.mutant.file.endswith('.h'):
            return not is_test and name == os.path.basename(self.mutant.file)
        if self.mutant.includers and not is_test:
            return name in self.mutant.includers
        return self.includes(source, set())

    def compile(self, build, step):
        """The object of this step, made of this tree's sources; or None."""
        source = self.here(build, step[step.index('-c') + 1])
        if not source or not self.is_affected(source):
            return None
        out = os.path.join(self.place, '%d.o' % len(os.listdir(self.place)))
        command, words = [], iter(step)
        for word in words:
            if word == '-MD':
                continue
            if word in ('-MQ', '-MF'):
                next(words)
            elif word in ('-o', '-c'):
                command += [word, out if word == '-o' else source]
                next(words)
            elif word.startswith('-I'):
                command.append('-I' + (self.here(build, word[2:]) or word[2:]))
            else:
                command.append(self.here(build, word) or word
                               if word.endswith('.h') else word)
        call(command, cwd=build.directory)
        return out

    def link(self, build, target):
        steps = build.steps(target)
        final = list(steps[-1])
        added = []
        for step in steps[:-1]:
            if '-c' not in step or '-o' not in step:
                continue
            old = step[step.index('-o') + 1]
            key = (build.directory, old)
            if key not in self.changed:
                self.changed[key] = self.compile(build, step)
            new = self.changed[key]
            if new and old in final:
                final[final.index(old)] = new
            elif new and self.is_in_archive(steps, old, final):
                added.append(self.renamed(build, steps, new, final))
        program = os.path.join(self.place, os.path.basename(target))
        at = final.index('-o')
        final[at:at + 2] = ['-o', program] + added
        call([word.replace('$ORIGIN', os.path.dirname(
            os.path.join(build.directory, target))) for word in final],
             cwd=build.directory)
        return program

    @staticmethod
    def is_in_archive(steps, name, final):
        """Is this object in a static library of the program?"""
        libraries = [word for word in final if word.endswith('.a')]
        for step in steps:
            if step[0].endswith('objcopy') and step[-1] in libraries:
                libraries.append(step[-2])
        made = {word for step in steps for word in step
                if name in step and word.endswith('.a')}
        return bool(made & set(libraries))

    def renamed(self, build, steps, name, final):
        """As tests/fault/meson.build does it with the library."""
        for step in steps:
            if step[0].endswith('objcopy') and step[-1] in final:
                call(step[:-2] + [name, name + '.renamed'], cwd=build.directory)
                return name + '.renamed'
        return name
