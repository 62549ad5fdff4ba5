#!/usr/bin/python3
"""polkit asks on the terminal that `postferry` runs on: a real polkitd, real PAM, users of our own. Run by root."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'servers'))

import harness  # noqa: E402
import instance as isolated  # noqa: E402
import terminal  # noqa: E402
from harness import equal, true  # noqa: E402

# polkit's helper is setuid and so looks for the bus here alone.
WELL_KNOWN = '/run/dbus'


class World(isolated.Instance):
    """Two users with passwords, an account each."""

    def __enter__(self):
        super().__enter__()
        os.makedirs(WELL_KNOWN, exist_ok=True)
        subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', WELL_KNOWN], check=True)
        os.symlink(self.path('bus'), os.path.join(WELL_KNOWN, 'system_bus_socket'))
        subprocess.run(['chpasswd'], input='alice:alices own\nbob:bobs own\n', text=True, check=True)
        for user in self.users:
            answer = self.cli('add', user + '@example.net', 'Server=localhost', 'LocalUser=' + user, 'Enabled=false', '--no-test')
            equal(answer.returncode, 0, answer.stderr)
        return self

    def __exit__(self, *exception):
        subprocess.run(['umount', WELL_KNOWN], check=False)
        super().__exit__(*exception)

    def person(self, user, *arguments, script=()):
        program = os.path.join(self.build, 'cli-client', 'postferry')
        environment = dict(self.environment(), LC_ALL='C.UTF-8', TERM='xterm')
        return terminal.run(['runuser', '-u', user, '--', program, '--no-pager'] + list(arguments), environment, script)

    def account(self, address):
        return json.loads(self.cli('show', address, '--json').stdout)


def test_own_password_is_asked_on_the_terminal():
    with World() as world:
        shown, status, restored = world.person('alice', 'set', 'alice@example.net', 'Note=hers', script=[('Password: ', 'alices own\n')])
        equal((status, restored, world.account('alice@example.net')['note']), (0, True, 'hers'), shown)
        true('AUTHENTICATING FOR org.postferry1.manage-own' in shown and 'alices own' not in shown, shown)


def test_wrong_password_changes_nothing():
    with World() as world:
        shown, status, restored = world.person('alice', 'set', 'alice@example.net', 'Note=x', script=[('Password: ', 'wrong\n')])
        equal((status, restored, world.account('alice@example.net')['note']), (6, True, ''), shown)


def test_interrupted_question_restores_the_terminal():
    # Safety: without pf_terminal_remember() in agent.c the shell would stay without echo.
    with World() as world:
        shown, status, restored = world.person('alice', 'set', 'alice@example.net', 'Note=x', script=[('Password: ', '\x03')])
        equal((status, restored, world.account('alice@example.net')['note']), (130, True, ''), shown)


def test_one_question_for_a_whole_command():
    with World() as world:
        shown, status, _ = world.person('alice', 'add', 'new@example.net', 'Server=localhost', 'Port=1', script=[
            ('[alice]: ', '\n'), ('Password: ', 'alices own\n'), ('Password of new@example.net: ', 'x\n')])
        equal(status, 8, shown)
        equal(shown.count('AUTHENTICATING'), 1, shown)


def test_the_accounts_password_opens_a_change_of_server():
    with World() as world:
        shown, status, _ = world.person('alice', 'set', 'alice@example.net', 'Server=other', script=[
            ('Password of alice@example.net: ', 'mail\n'), ('Password: ', 'alices own\n')])
        equal((status, world.account('alice@example.net')['server']), (0, 'other'), shown)
        true('manage-own' in shown and 'org.postferry1.manage ' not in shown, shown)


def test_nobody_is_asked_without_a_terminal_or_for_reading():
    with World() as world:
        answer = world.cli('set', 'alice@example.net', 'Note=x', user='alice')
        true(answer.returncode == 6 and 'on a terminal' in answer.stderr, answer.stderr)
        answer = world.cli('set', 'alice@example.net', 'Note=x', '--json', user='alice')
        equal(json.loads(answer.stderr)['error']['code'], 'InteractiveAuthorizationRequired')
        for command in (['status'], ['list'], ['show', 'alice@example.net'], ['log'], ['check', 'alice@example.net', '--no-wait']):
            shown, status, _ = world.person('alice', *command)
            true(status in (0, 10) and 'AUTHENTICATING' not in shown, shown)


def test_others_accounts_do_not_exist():
    with World() as world:
        for command in (['show'], ['test'], ['check'], ['password'], ['remove', '--yes'], ['disable']):
            shown, status, _ = world.person('alice', *command, 'bob@example.net')
            equal(status, 4, shown)


if __name__ == '__main__':
    if os.geteuid() != 0:
        print('skip: users and a polkitd of its own need root')
        sys.exit(77)
    isolated.enter()
    harness.run_tests(globals())
