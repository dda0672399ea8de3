# SPDX-License-Identifier: MIT
"""What tests/mutants/list says, and how a test is run."""
import os
import re
import signal
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TRIES = 3  # of a test that needs luck: stress and points
STRESS_MS = '1500'
SETUP = {
    'plain': ['-Dbuildtype=release', '-Db_ndebug=false'],
    'asan': ['-Dbuildtype=release', '-Db_ndebug=false',
             '-Db_sanitize=address,undefined', '-Db_lundef=false'],
    'tsan': ['-Dbuildtype=release', '-Db_ndebug=false',
             '-Db_sanitize=thread', '-Db_lundef=false'],
}
ENVIRONMENT = {
    'ASAN_OPTIONS': 'detect_leaks=1:detect_stack_use_after_return=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
    'TSAN_OPTIONS': 'halt_on_error=1:second_deadlock_stack=1',
    'ROTA_STRESS_MS': STRESS_MS,
}
CHANNELS = ('ring', 'measured')


class Bad(Exception):
    """The list, or what it says of the sources, is not right."""


class Test:
    """What a `by` line names: [BUILD] SUITE/PROGRAM [CASE]"""

    def __init__(self, text):
        words = text.split()
        self.text = text
        self.build = words.pop(0) if words[0] in SETUP else 'plain'
        self.suite, self.program = words.pop(0).split('/')
        self.case = words.pop(0) if words else None
        if words:
            raise Bad('what is this: ' + text)
        self.channel = None
        for channel in CHANNELS:
            if self.suite.endswith('-' + channel):
                self.suite = self.suite[:-len(channel) - 1]
                self.channel = channel
        self.is_explorer = self.suite == 'explore'
        self.tries = TRIES if self.suite in ('stress', 'points') else 1

    def target(self):
        place = {'explore': 'explore/', 'points': 'stress/',
                 'fault': 'fault/'}.get(self.suite, '')
        if self.suite == 'stress' and self.program in (
                'crowd', 'signals', 'tickets'):
            place = 'stress/'
        return 'tests/%stest-%s-%s' % (place, self.suite, self.program)

    def run(self, program, limit):
        """None: nothing is wrong. Else what is."""
        arguments = [self.case] if self.case else []
        if self.is_explorer:  # it says ok if there is a failure, and no crash
            arguments.insert(0, '--mutant')
        environment = dict(os.environ, **ENVIRONMENT)
        if self.channel:
            environment['ROTA_TEST_CHANNEL'] = self.channel
        child = subprocess.Popen(
            [program] + arguments, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, encoding='utf-8', errors='replace')
        try:
            output, _ = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            output = None
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        if output is None:
            child.communicate()
            return 'it hangs'
        if self.is_explorer:
            if child.returncode and 'no case catches it' not in output:
                raise Bad(output)
            return None if child.returncode else failure_in(output) or 'failed'
        if child.returncode == 77 or ' # SKIP' in output:
            return None
        if child.returncode == 0:
            return None
        return failure_in(output) or (
            'signal %d' % -child.returncode if child.returncode < 0
            else 'exit code %d' % child.returncode)


def failure_in(output):
    for pattern in (r'SUMMARY: \w+: (.+)', r'# \S*?([^/\s]+: failed: .+)',
                    r'# failed: (.+)', r'runtime error: (.+)',
                    r'(Assertion .+)'):
        found = re.search(pattern, output)
        if found:
            text = re.sub(r'/\S*/', '', found.group(1))
            return text if len(text) < 90 else text[:87] + '...'
    return None


class Mutant:
    """A paragraph of the list."""

    def __init__(self, lines):
        self.name, self.file = lines[0].split()
        self.tests, self.hunks, self.includers = [], [], None
        self.why = self.equivalent = None
        after, last = None, None
        for line in lines[1:]:
            word, _, text = line.partition('\t')
            if word == '-':
                if last != '-':
                    self.hunks.append([after, [], []])
                    after = None
                self.hunks[-1][1].append(text.strip())
            elif word == '+':
                self.hunks[-1][2].append(text)
            elif word == 'after':
                after = text
            elif word == 'in':
                self.includers = text.split()
            elif word == 'by':
                self.tests.append(Test(text))
            elif word in ('why', 'equivalent'):
                setattr(self, word, text)
            elif word == '' and last in ('why', 'equivalent'):
                setattr(self, last, getattr(self, last) + ' ' + text)
                word = last
            else:
                raise Bad('%s: what is this: %s' % (self.name, line))
            last = word
        if not self.hunks or not self.why or \
                bool(self.tests) == bool(self.equivalent):
            raise Bad(self.name + ' lacks something')

    def mutated(self):
        with open(os.path.join(ROOT, 'runtime', self.file)) as file:
            text = file.read()
        for after, old, new in self.hunks:
            start = 0
            if after:
                if text.count(after) != 1:
                    raise Bad('the mutant no longer applies: %d times "%s"' % (
                        text.count(after), after))
                start = text.index(after)
            pattern = re.compile(
                r'\s*\n\s*'.join(re.escape(line) for line in old))
            found = pattern.findall(text, start)
            if not found or (len(found) > 1 and not after):
                raise Bad('the mutant no longer applies: %d times "%s"' % (
                    len(found), old[0]))
            at = pattern.search(text, start)
            text = text[:at.start()] + '\n'.join(new) + text[at.end():]
        return text


def read_list():
    mutants = []
    place = os.path.join(HERE, 'list')
    for name in sorted(os.listdir(place)):
        with open(os.path.join(place, name)) as file:
            text = re.sub('^#.*\n', '', file.read(), flags=re.M)
        for paragraph in re.split('\n\n+', text.strip('\n')):
            mutants.append(Mutant(paragraph.split('\n')))
    names = [mutant.name for mutant in mutants]
    if len(set(names)) != len(names):
        raise Bad('two mutants have the same name')
    return mutants
