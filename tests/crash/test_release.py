#!/usr/bin/python3
"""Stops the service at each step of a release out of quarantine, starts it again, and counts: the message arrives exactly once.

Whoever asked for it need not ask again once it is noted. The notice of what is held back is stopped too, and arrives once.

Between the stop and the next start the local user moves what arrived and marks it as read, as people do. Needs a build with -Dsteps=true
and root. usage: test_release.py [--all] [--step NAME]...
Without --all each step once, by its own exit or killed from outside by turns.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import trial  # noqa: E402
import held  # noqa: E402
import instance as isolated  # noqa: E402
from test_steps import HOWS, World, world_counts  # noqa: E402

MAILDIR = '/home/alice/Maildir'
# Behind these a release is finished by itself.
NOTED = ('release-intent', 'release-delivered', 'release-noted', 'release-learned', 'release-removed')
# Wrong stops after which the others need not be tried.
ENOUGH = 2
# Of a notice.
DIGEST_STEPS = ('file-written', 'file-renamed', 'file-synced', 'helper-sent', 'helper-copied', 'helper-renamed', 'helper-synced')
ACCOUNT = '[Account]\nAddress=c@example.net\nServer=127.0.0.1\nSecurity=none\nPort=1\nLocalUser=alice\nEnabled=false\n'


class Release:
    """One message after the other: held back, released, stopped at some step, counted."""

    def __init__(self, world):
        self.world, self.number = world, 0

    def begin(self):
        self.number += 1
        self.name = held.hold(self.world.instance, self.number)
        self.sender = 'eve%d@example.net' % self.number
        self.world.forget_steps()
        # The service sees what is put there; here it is read at the start.
        trial.restart(self.world.instance)
        self.world.forget_steps()

    def start(self):
        command = ['gdbus', 'call', '--system', '-d', 'org.postferry1', '-o', '/org/postferry1/quarantine', '-m',
                   'org.postferry1.Quarantine.Release', "['%s']" % self.name, "{'allow-sender': <true>}"]
        return subprocess.Popen(command, env=self.world.instance.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def arrived(self):
        """Paths of the message in the Maildir, whatever became of its name."""
        return [path for path, text in trial.files(MAILDIR).items() if text == held.text(self.number)]

    def is_held(self):
        return self.name + '.meta' in held.names(self.world.instance)

    def read_by_its_user(self):
        for path in self.arrived():
            if path.startswith(MAILDIR + '/new/'):
                os.rename(path, path.replace('/new/', '/cur/') + ':2,S')

    def finish(self):
        """What a person does who was not answered: looks whether it is there, and asks again."""
        end = time.monotonic() + 15
        self.asked = 0
        # What was begun is finished at the start, without anybody.
        while self.is_held() and time.monotonic() < end:
            with open(os.path.join(held.folder(self.world.instance), self.name + '.meta'), encoding='utf-8') as meta:
                begun = re.search(r'^Release=(intent|delivered)$', meta.read(), re.M)
            if begun:
                time.sleep(0.05)
                continue
            self.asked += 1
            answer = self.start()
            answer.wait(60)
            time.sleep(0.05)

    def wrongs(self):
        found, left = self.arrived(), {name for name in held.names(self.world.instance) if name.startswith(self.name)}
        wrongs = []
        if len(found) != 1:
            wrongs.append('%d in the Maildir' % len(found))
        if left:
            wrongs.append('left in quarantine: %s' % left)
        return wrongs

    def count(self):
        self.begin()
        process = self.start()
        process.wait(60)
        isolated.wait_for(lambda: world_counts(self.world)['release-removed'] > 0, 10, 'the removal')
        passed = world_counts(self.world)
        wrongs = self.wrongs()
        if wrongs:
            raise SystemExit('without any stop: %s; %s' % (wrongs, process.stdout.read()))
        return passed

    def stop_at(self, step, number, how):
        world = self.world
        self.begin()
        world.arm('%s:%d%s' % (step, number, '' if how == 'exit' else ':hold'))
        process = self.start()
        isolated.wait_for(lambda: world.has_stopped() or process.poll() is not None, 60, 'the stop')
        stopped = world.has_stopped()
        if stopped and how != 'exit':
            world.kill(how)
        world.disarm()
        process.wait(60)
        self.read_by_its_user()
        in_helper = step.startswith('helper-') and step != 'helper-sent'
        if stopped and how != 'helper' and not (how == 'exit' and in_helper):
            trial.restart(world.instance)
        self.finish()
        if not stopped:
            return None
        forgotten = step in NOTED and how != 'helper' and self.asked > 0
        return self.wrongs() + (['it was to be asked for again'] if forgotten else [])


class Digest:
    """One notice after the other, sent at the service's start."""

    def __init__(self, world):
        self.world, self.number = world, 1000

    def clear(self):
        instance = self.world.instance
        instance.end('service', signal.SIGKILL)
        isolated.wait_for(lambda: not instance.has_owner('org.postferry1'), what='the name to be free')
        for name in held.names(instance):
            os.unlink(os.path.join(held.folder(instance), name))
        for path in trial.files(MAILDIR):
            os.unlink(path)
        if os.path.exists(self.told()):
            os.unlink(self.told())
        self.world.forget_steps()

    def told(self):
        return self.world.instance.path('state', 'quarantine-told')

    def is_told(self):
        if not os.path.exists(self.told()):
            return False
        with open(self.told(), encoding='utf-8') as file:
            return re.search(r'Pending=0\nSent=[1-9]', file.read()) is not None

    def stop_at(self, step, number, how):
        world, instance = self.world, self.world.instance
        self.clear()
        self.number += 1
        held.hold(instance, self.number, age=3600)
        world.arm('%s:%d%s' % (step, number, '' if how == 'exit' else ':hold'))
        try:
            instance.start_service()
        except RuntimeError:
            if not world.has_stopped():
                raise
        isolated.wait_for(lambda: world.has_stopped() or self.is_told(), 60, 'the stop')
        stopped = world.has_stopped()
        if stopped and how != 'exit':
            world.kill(how)
        world.disarm()
        for path in trial.files(MAILDIR):
            if path.startswith(MAILDIR + '/new/'):
                os.rename(path, path.replace('/new/', '/cur/') + ':2,S')
        trial.restart(instance)
        isolated.wait_for(self.is_told, 60, 'the notice')
        trial.restart(instance)
        time.sleep(0.3)
        count = len(trial.files(MAILDIR))
        return ([] if count == 1 else ['%d notices' % count]) if stopped else None


def tell(instance, what, step, number, how, wrongs):
    if wrongs:
        print('FAIL %s %s:%d/%s: %s' % (what, step, number, how, '; '.join(wrongs)), flush=True)
        print(instance.read('mail.log')[-1500:], flush=True)
    return bool(wrongs)


def main():
    isolated.enter()
    parser = argparse.ArgumentParser()
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--step', action='append', default=[])
    options = parser.parse_args()
    total = failed = missed = 0
    with isolated.Instance(polkit=False) as instance:
        world = World(instance, None, 'helper')
        held.write(instance.path('config', 'accounts.d', 'c@example.net.account'), ACCOUNT.encode())
        release = Release(world)
        passed = release.count()
        stops = [(step, number, how) for step, count in sorted(passed.items()) for number in range(1, count + 1) for how in HOWS]
        if not options.all:
            # Each passing once.
            stops = [stop for turn, stop in enumerate(stops) if turn % len(HOWS) == turn // len(HOWS) % len(HOWS)]
        for step, number, how in stops:
            if options.step and step not in options.step:
                continue
            if failed > ENOUGH:
                break
            wrongs = release.stop_at(step, number, how)
            total += 1
            missed += wrongs is None
            failed += tell(instance, 'release', step, number, how, wrongs)
        digest = Digest(world)
        stops = [(step, number, how) for step in DIGEST_STEPS for number in (1, 2) for how in ('exit', 'both')]
        for step, number, how in stops if options.all else stops[::2]:
            if options.step and step not in options.step:
                continue
            if failed > ENOUGH:
                break
            wrongs = digest.stop_at(step, number, how)
            total += 1
            missed += wrongs is None
            failed += tell(instance, 'notice', step, number, how, wrongs)
    print('%d stops (%d were not passed), %d wrong' % (total, missed, failed), flush=True)
    sys.exit(1 if failed or not total or missed > total // 2 else 0)


if __name__ == '__main__':
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    main()
