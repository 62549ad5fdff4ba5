#!/usr/bin/python3
"""Stops the service at each step of a message's way, and at each passing of it, starts it again, and counts the mail.

With the helper every message is there exactly once, with LMTP at least once (what is there twice bears one X-Postferry-Id), and
a further check changes nothing. With filters (a real Rspamd and a real clamd) what they find goes to the same place, once, even
though they would judge otherwise after the stop. Needs a build with -Dsteps=true and root.
usage: test_steps.py [--all [--seconds N]] [--scenario WORD]... [--step NAME]...
Without --all a selection: each step once, the rest by turns (--all takes an hour; with
--seconds as many as fit, by chance, for each target). A scenario is PROTOCOL/REMOVE/TARGET (helper, lmtp, or filters: the helper
with scanners before it), a stop STEP:N/HOW where HOW is
`exit` (the process ends itself) or whom SIGKILL ends from outside while it stands there: daemon, helper, both, supervisor.
"""

import argparse
import collections
import contextlib
import os
import random
import re
import signal
import sqlite3
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import trial  # noqa: E402
import scanners  # noqa: E402
import instance as isolated  # noqa: E402
from dovecot import Dovecot  # noqa: E402

HOWS = ['exit', 'daemon', 'helper', 'both', 'supervisor']
REMOVES = ['never', 'after-delivery', 'after-days']
CONF = '[Log]\nTarget=file:{log}\n[Limits]\nMinimumFreeDisk=1M\n[Delivery]\nTarget=%s\n'
DAYS = 15 * 86400 * 1000000
ID = re.compile(rb'^X-Postferry-Id: (\S+)', re.M)
PLAIN = ['small-1', 'small-2', 'large']
LOOP = 'loop'
JUNK, VIRUS = 'junk', 'virus'
OFF = '[Filter]\nRspamdUrl=off\nClamdSocket=off\n'
FILTERS = '[Filter]\nRspamdUrl=%s\nRspamdControllerUrl=off\nClamdSocket=unix:%s\n'
# After the stop the filter would deliver what it found.
LENIENT = 'OnSpam=deliver\nOnVirus=deliver\n'
# Steps at which a verdict is about to be, or was just, carried out.
JUDGED = {'intent-done', 'helper-renamed', 'helper-synced', 'quarantine-named', 'quarantine-synced', 'effect-done', 'delivered', 'delivered-done'}


def mail(target):
    """Two small messages, one that does not fit into memory, and one that comes in a loop and goes into quarantine."""
    texts = {name: trial.message(name, 1200000 if name == 'large' else 2000) for name in PLAIN}
    texts[LOOP] = b'Received: from a by b; Mon, 03 Nov 2025 10:00:00 +0000\n' * 120 + trial.message(LOOP)
    if target == 'filters':
        texts[JUNK] = b'X-Test-Score: 8\n' + trial.message(JUNK)
        texts[VIRUS] = trial.message(VIRUS) + scanners.EICAR + b'\n'
    return texts


class Scenario:
    """One account's way: protocol, what is removed, where it is delivered."""

    def __init__(self, world, protocol, remove, target):
        self.world, self.protocol, self.remove, self.target = world, protocol, remove, target
        self.name = '%s/%s/%s' % (protocol, remove, target)
        self.serial = 0
        self.passed = {}

    def cli(self, *arguments):
        return self.world.instance.cli(*arguments)

    # --- Before -------------------------------------------------------------------------------------------------------

    def begin(self):
        world = self.world
        self.serial += 1
        self.folder = '%s-%s-%s-%d' % (self.protocol, self.remove, self.target, self.serial)
        self.address = self.folder + '@example.net'
        self.texts = mail(self.target)
        world.provider.clear('carol')
        trial.put(world.provider, 'carol', self.texts.values())
        world.provider.clear('dave')
        settings = ['Protocol=' + self.protocol, 'Security=tls', 'Server=127.0.0.1', 'UserName=carol', 'Push=false', 'Enabled=false',
                    'Port=%d' % world.provider.ports[self.protocol + 's'], 'Remove=' + self.remove,
                    'Certificate=' + world.provider.certificate, 'LocalUser=' + ('dave' if self.target == 'lmtp' else 'alice')]
        if self.target != 'lmtp':
            settings.append('TargetFolder=' + self.folder)
        answer = self.cli('add', self.address, *settings, '--no-test', '--password-file', world.instance.secret_file())
        if answer.returncode != 0:
            raise SystemExit(answer.stdout + answer.stderr)
        if self.remove == 'after-days':
            # What is delivered today is due in two weeks: the journal is set back while nobody has it open.
            self.cli('check', self.address)
            world.instance.end('service')
            with sqlite3.connect(world.instance.path('state', 'journal.db')) as journal:
                journal.execute('UPDATE message SET time = time - ?', (DAYS,))
                journal.execute('UPDATE folder SET listed = listed - ?, due = max(due - ?, 0)', (DAYS, DAYS))
            journal.close()
            world.instance.start_service()
        world.forget_steps()

    def count(self):
        """What is passed by a check that nobody stops: {step: how often}."""
        self.begin()
        self.cli('check', self.address)
        self.passed = world_counts(self.world)
        wrongs = self.wrongs(self.look())
        if wrongs:
            raise SystemExit('%s, undisturbed: %s' % (self.name, '; '.join(wrongs)))
        self.end()
        return self.passed

    # --- After --------------------------------------------------------------------------------------------------------

    def maildir(self):
        if self.target == 'lmtp':
            return trial.files(self.world.provider.mailbox('dave'))
        return {**trial.files('/home/alice/Maildir', '.' + self.folder), **trial.files('/home/alice/Maildir', '.Junk')}

    def look(self):
        quarantine = self.world.instance.path('state', 'quarantine')
        held = sorted(os.listdir(quarantine)) if os.path.isdir(quarantine) else []
        return {'files': self.maildir(), 'left': self.world.provider.left('carol'), 'held': held}

    def wrongs(self, state, stopped=False):
        """What is not as it should be."""
        filtered = self.target == 'filters'
        # What was not begun before the stop is judged anew: junk or not, a virus or not, it is in one place.
        loose = stopped and any(b'X-Trial: virus' in text for text in state['files'].values())
        wanted = {name: self.texts[name] for name in PLAIN + ([JUNK] if filtered else []) + ([VIRUS] if loose else [])}
        lost, doubled, strange = trial.tell(wanted, map(plain, state['files'].values()), self.target == 'lmtp')
        found = []
        misplaced = [path for path, text in state['files'].items() if ('/.Junk/' in path) != (b'X-Trial: junk' in text)]
        if misplaced and not stopped:
            found.append('in the wrong folder: %s' % misplaced)
        if lost or strange:
            found.append('%d lost, %d strange' % (lost, strange))
        if doubled and self.target != 'lmtp':
            found.append('%d doubled' % doubled)
        if doubled:
            ids = collections.Counter(ID.search(text).group(1) for text in state['files'].values())
            if len(ids) != len(PLAIN):
                found.append('doubles under other ids: %s' % ids)
            self.world.doubled += doubled
        if [name[-4:] for name in state['held']] != ['.eml', 'meta'] * (2 if filtered and not loose else 1):
            found.append('quarantine: %s' % state['held'])
        left = 0 if self.remove != 'never' else len(self.texts)
        if state['left'] != left:
            found.append('%d left at the provider, wanted %d' % (state['left'], left))
        return found

    def end(self):
        quarantine = self.world.instance.path('state', 'quarantine')
        for name in os.listdir(quarantine):
            os.unlink(os.path.join(quarantine, name))
        for path in self.maildir() if self.target != 'lmtp' else []:
            os.unlink(path)
        self.cli('remove', self.address, '--yes')

    # --- One stop -----------------------------------------------------------------------------------------------------

    def stop_at(self, step, number, how):
        """One check that is stopped; None when nothing came by, else what was wrong afterwards."""
        world = self.world
        self.begin()
        world.arm('%s:%d%s' % (step, number, '' if how == 'exit' else ':hold'))
        check = trial.start_cli(world.instance, 'check', self.address)
        isolated.wait_for(lambda: world.has_stopped() or check.poll() is not None, 60, 'the stop')
        stopped = world.has_stopped()
        if stopped and how != 'exit':
            world.kill(how)
        world.disarm()
        try:
            check.wait(60)
        except trial.subprocess.TimeoutExpired:
            check.kill()
            return ['the check hangs after the stop']
        in_helper = step.startswith('helper-') and step != 'helper-sent'
        if stopped and how != 'helper' and not (how == 'exit' and in_helper):
            world.judge_otherwise(True)
            trial.restart(world.instance)
        answer = self.cli('check', self.address)
        state = self.look()
        wrongs = self.wrongs(state, stopped)
        again = self.cli('check', self.address)
        if self.look() != state:
            wrongs.append('a further check changed something')
        if (answer.returncode, again.returncode) != (0, 0):
            wrongs.append('the checks exit %d, %d: %s' % (answer.returncode, again.returncode, answer.stdout + answer.stderr))
        self.end()
        world.judge_otherwise(False)
        return wrongs if stopped else None


@contextlib.contextmanager
def scanners_for(target):
    """The lines of postferry.conf that have the filter ask them, '' where there are none."""
    if target != 'filters':
        yield ''
        return
    folders = [tempfile.mkdtemp(prefix='postferry-scan-') for _ in range(2)]
    with scanners.Rspamd(folders[0]) as rspamd, scanners.Clamd(folders[1]) as clamd:
        yield FILTERS % (rspamd.url, clamd.path)


class World:
    """The instance, its provider, and the folder through which steps are stopped."""

    def __init__(self, instance, provider, target, filters=''):
        self.instance, self.provider = instance, provider
        self.doubled = 0
        self.steps = instance.path('steps')
        os.mkdir(self.steps)
        os.chmod(self.steps, 0o777)
        instance.service_environment['PF_STEP_FOLDER'] = self.steps
        self.filters = filters
        self.configuration = CONF % ('lmtp:127.0.0.1:%d' % provider.ports['lmtp'] if target == 'lmtp' else 'local')
        instance.configure(self.configuration + (filters or OFF))
        self.forget_steps()
        trial.restart(instance)

    def judge_otherwise(self, otherwise):
        """Takes effect when the service is started, or reads its settings again."""
        if self.filters:
            self.instance.configure(self.configuration + self.filters + (LENIENT if otherwise else ''))
            if not otherwise:
                self.instance.gdbus('call', '-d', 'org.postferry1', '-o', '/org/postferry1/Manager', '-m', 'org.postferry1.Manager.Reload')

    def forget_steps(self):
        path = os.path.join(self.steps, 'counts')
        with open(path, 'w', encoding='ascii'):
            pass
        os.chmod(path, 0o666)
        self.disarm()

    def arm(self, stop):
        path = os.path.join(self.steps, 'stop')
        with open(path + '.new', 'w', encoding='ascii') as file:
            file.write(stop)
        os.chmod(path + '.new', 0o644)
        os.rename(path + '.new', path)

    def disarm(self):
        for name in ('stop', 'stopped'):
            try:
                os.unlink(os.path.join(self.steps, name))
            except FileNotFoundError:
                pass

    def has_stopped(self):
        return os.path.exists(os.path.join(self.steps, 'stopped'))

    def kill(self, how):
        """SIGKILL to `how`; whoever stands and was not meant goes on."""
        found = trial.processes(self.instance)
        everybody = found['both']
        isolated.wait_for(lambda: any(trial.status_of(pid)[1] == 'T' for pid in everybody), what='a stopped process')
        trial.kill(found[how])
        for pid in everybody:
            if pid not in found[how] and trial.status_of(pid)[1] == 'T':
                os.kill(pid, signal.SIGCONT)


def world_counts(world):
    with open(os.path.join(world.steps, 'counts'), encoding='ascii') as file:
        return collections.Counter(file.read().split())


# --- Which --------------------------------------------------------------------------------------------------------------------

def stops_of(scenario):
    return [(step, number, how) for step, count in sorted(scenario.count().items()) for number in range(1, count + 1) for how in HOWS
            if scenario.target != 'lmtp' or how != 'helper']


def plain(text):
    """A message without the scanners' lines."""
    return re.sub(rb'^(X-Spam|X-Virus)[^\n]*\n(?:[ \t][^\n]*\n)*', b'', text, flags=re.M)


def select(plans, known):
    """Each step that no other selection had, by its own exit or killed from outside by turns, the scenarios by turns too."""
    steps = sorted({stop[0] for _, stops in plans for stop in stops} - known)
    chosen = []
    for turn, step in enumerate(steps):
        having = [(scenario, [stop for stop in stops if stop[0] == step and (stop[2] == 'exit') == (turn % 2 == 0)])
                  for scenario, stops in plans]
        having = [(scenario, stops) for scenario, stops in having if stops]
        scenario, stops = having[turn % len(having)]
        chosen.append((scenario, stops[(7 * turn) % len(stops)]))
    known.update(steps)
    return chosen


def run(world, scenarios, everything, steps, known, seconds):
    plans = [(scenario, stops_of(scenario)) for scenario in scenarios]
    if everything:
        chosen = [(scenario, stop) for scenario, stops in plans for stop in stops]
    else:
        if world.filters:
            plans = [(scenario, [stop for stop in stops if stop[0] in JUDGED]) for scenario, stops in plans]
        chosen = select(plans, set() if world.filters else known)
        if world.filters:  # where the place of what was found is sure to be chosen already
            chosen += [(plans[0][0], stop) for stop in plans[0][1] if stop[0] in ('helper-synced', 'effect-done') and stop[2] == 'supervisor']
    failed = missed = 0
    tally = collections.Counter()
    end = time.monotonic() + seconds if seconds else None
    if seconds:
        random.shuffle(chosen)
    for scenario, (step, number, how) in chosen:
        if steps and step not in steps:
            continue
        if end is not None and time.monotonic() > end:
            break
        wrongs = scenario.stop_at(step, number, how)
        tally[scenario.name] += 1
        missed += wrongs is None
        if wrongs:
            failed += 1
            print('FAIL %s %s:%d/%s: %s' % (scenario.name, step, number, how, '; '.join(wrongs)), flush=True)
            print(world.instance.read('mail.log')[-1500:], flush=True)
    for name, count in tally.items():
        print('%s: %d stops of %d' % (name, count, sum(1 for scenario, _ in chosen if scenario.name == name)), flush=True)
    return sum(tally.values()), failed, missed


def main():
    isolated.enter()
    parser = argparse.ArgumentParser()
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--scenario', action='append', default=[])
    parser.add_argument('--step', action='append', default=[])
    parser.add_argument('--seconds', type=int, default=0)
    options = parser.parse_args()
    total = failed = missed = doubled = 0
    known = set()
    start = time.monotonic()
    for target in ('helper', 'lmtp', 'filters'):
        with isolated.Instance(polkit=False) as instance, Dovecot(instance.path('provider')) as provider, scanners_for(target) as filters:
            world = World(instance, provider, target, filters)
            scenarios = [Scenario(world, protocol, remove, target) for remove in REMOVES for protocol in ('pop3', 'imap')]
            scenarios = [one for one in scenarios if all(word in one.name.split('/') for word in options.scenario)]
            if filters and not options.all:
                scenarios = [one for one in scenarios if (one.protocol, one.remove) in (('imap', 'never'), ('pop3', 'after-delivery'))]
            done = run(world, scenarios, options.all, options.step, known, options.seconds)
            total, failed, missed, doubled = total + done[0], failed + done[1], missed + done[2], doubled + world.doubled
    print('%d stops (%d were not passed), %d wrong; LMTP: %d delivered twice under one id; %d s'
          % (total, missed, failed, doubled, time.monotonic() - start), flush=True)
    sys.exit(1 if failed or not total else 0)


if __name__ == '__main__':
    main()
