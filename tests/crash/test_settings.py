#!/usr/bin/python3
"""The service stops at each step of writing settings and secrets: what was there before is there, or what was to be, never anything else.

Accounts' files and the keyring; at every passing of every step of an `add`, `set`, `password` and `remove`. The service starts again each
time, reads all it has, and the same command done once more does it. Needs a build with -Dsteps=true; no root.
"""

import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import harness  # noqa: E402
import hostile  # noqa: E402
import instance as isolated  # noqa: E402
from harness import equal, true  # noqa: E402

STEPS = ('file-write', 'file-written', 'file-renamed', 'file-synced', 'file-unlinked')
CONF = '[Log]\nTarget=file:{log}\n[Local]\nMailbox={folder}/Maildir\n[Filter]\nRspamdUrl=off\nClamdSocket=off\n'
ADDRESS, OTHER = 'w@example.net', 'other@example.net'


class OldPassword(hostile.Pop3):
    """Lets in who knows one of the passwords, and notes which."""

    def do_pass(self, line, argument):
        self.password = argument
        line.send('+OK\r\n' if argument in ('secret', 'changed') else '-ERR [AUTH] no\r\n')


class Kit:
    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='postferry-')
        self.steps = os.path.join(self.folder, 'steps')
        os.mkdir(self.steps)
        self.forget()
        self.instance = isolated.Instance(folder=self.folder, session=True)
        self.instance.configure(CONF.replace('{folder}', self.folder))
        self.instance.service_environment['PF_STEP_FOLDER'] = self.steps
        self.instance.__enter__()
        self.server = OldPassword([])
        equal(self.add(OTHER).returncode, 0)
        return self

    def __exit__(self, *exception):
        if exception[0] is not None:
            print(self.instance.read('service.log')[-3000:])
        self.instance.__exit__()
        self.server.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def forget(self):
        for name in ('stop', 'stopped'):
            if os.path.exists(os.path.join(self.steps, name)):
                os.unlink(os.path.join(self.steps, name))
        with open(os.path.join(self.steps, 'counts'), 'w', encoding='ascii'):
            pass

    def passed(self):
        """How often each step was passed since it was forgotten."""
        with open(os.path.join(self.steps, 'counts'), encoding='ascii') as file:
            lines = file.read().split()
        return {step: lines.count(step) for step in STEPS}

    # --- What is done ---------------------------------------------------------------------------------------------

    def add(self, address=ADDRESS):
        return self.instance.cli('add', address, 'Protocol=pop3', 'Security=none', 'Server=127.0.0.1', 'Port=%d' % self.server.port,
                                 'Enabled=false', '--no-test', '--password-file', self.instance.secret_file('secret'))

    def set(self):
        return self.instance.cli('set', ADDRESS, 'Interval=777', 'Note=a change')

    def password(self):
        return self.instance.cli('password', ADDRESS, '--password-file', self.instance.secret_file('changed'))

    def remove(self):
        return self.instance.cli('remove', ADDRESS, '--yes')

    # --- What is there --------------------------------------------------------------------------------------------

    def look(self):
        """(is it there, interval, note, password that it logs in with); the other account is what it was."""
        accounts = {account['address']: account for account in json.loads(self.instance.cli('list', '--json').stdout)}
        equal((accounts[OTHER]['interval'], accounts[OTHER]['problem']), (900, None), 'the account that nobody touched')
        equal(self.instance.cli('check', OTHER).returncode, 0)
        equal(self.server.password, 'secret')
        account = accounts.get(ADDRESS)
        if account is None:
            return (False,)
        true(account['problem'] is None or account['problem']['code'] == 'no-secret', account['problem'])
        self.server.password = None
        self.instance.cli('check', ADDRESS)
        return True, account['interval'], account['note'], self.server.password


def stop_everywhere(kit, prepare, action, before, after):
    """`before` and `after`: what there is without and with `action`. Between them may be an account without its secret: an `add` stores it
    last, a `remove` forgets it first, so that no secret is left of an account that is not there."""
    prepare()
    kit.forget()
    equal(action().returncode, 0)
    passed = kit.passed()
    equal(kit.look(), after)
    stops = [(step, number + 1) for step in STEPS for number in range(passed[step])]
    true(stops, 'no step was passed: is this a build with -Dsteps=true?')
    for step, number in stops:
        where = '%s at %s:%d' % (action.__name__, step, number)
        kit.remove()
        prepare()
        kit.forget()
        with open(os.path.join(kit.steps, 'stop'), 'w', encoding='ascii') as file:
            file.write('%s:%d' % (step, number))
        action()
        true(os.path.exists(os.path.join(kit.steps, 'stopped')), where + ': it did not stop')
        kit.forget()
        kit.instance.restart_service()
        found = kit.look()
        between = OLD[:3] + (None,) if action in (kit.add, kit.remove) else before
        true(found in (before, between, after), '%s: %r' % (where, found))
        if found != after:
            if action == kit.add and found[0]:
                kit.remove()
            equal(action().returncode, 0, where + ', once more')
            equal(kit.look(), after, where + ', once more')
    print('     %s: %d stops' % (action.__name__, len(stops)), flush=True)
    kit.remove()


GONE, OLD = (False,), (True, 900, '', 'secret')


def has_steps():
    """A build that cannot stop says nothing."""
    with Kit() as kit:
        if not any(kit.passed().values()):
            raise harness.Skip('a build with -Dsteps=true is needed')


def test_adding():
    has_steps()
    with Kit() as kit:
        stop_everywhere(kit, lambda: None, kit.add, GONE, OLD)


def test_changing():
    has_steps()
    with Kit() as kit:
        stop_everywhere(kit, kit.add, kit.set, OLD, (True, 777, 'a change', 'secret'))


def test_changing_the_password():
    has_steps()
    with Kit() as kit:
        stop_everywhere(kit, kit.add, kit.password, OLD, (True, 900, '', 'changed'))


def test_removing():
    has_steps()
    with Kit() as kit:
        stop_everywhere(kit, kit.add, kit.remove, OLD, GONE)


if __name__ == '__main__':
    harness.run_tests(globals())
