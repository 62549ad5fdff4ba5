#!/usr/bin/python3
"""Who sees and changes what: gdbus as root, as the local user, as another user, as a member of group postferry; a real polkitd."""

import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import harness  # noqa: E402
import instance as isolated  # noqa: E402
from harness import equal, true  # noqa: E402

CALLER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'caller.py')
ROOT, MANAGER = '/org/postferry1', '/org/postferry1/Manager'
SETTINGS = ['Address=c@example.net', 'Server=127.0.0.1', 'Security=none', 'Protocol=imap', 'Port=1', 'Enabled=false']


class World(isolated.Instance):
    """alice owns the account, bob is a stranger, gwen is in group postferry."""

    def make_world(self):
        super().make_world()
        self.add_user('gwen', ['postferry'])

    def call(self, path, method, *arguments, user=None):
        return self.gdbus('call', '-d', 'org.postferry1', '-o', path, '-m', method, *arguments, user=user)

    def ask(self, user, *arguments):
        """caller.py: a D-Bus client that can pass descriptors and set the interactive flag."""
        return self.run(['/usr/bin/python3', '-B', CALLER] + list(arguments), user=user)

    def add_account(self):
        answer = self.ask(None, 'add', 'secret', *SETTINGS, 'LocalUser=alice')
        equal(answer.returncode, 0, answer.stdout + answer.stderr)
        return answer.stdout.strip()


def error_name(answer):
    match = re.search(r'GDBus\.Error:([A-Za-z0-9_.]+)|^error ([A-Za-z0-9_.]+)', answer.stderr + '\n' + answer.stdout, re.M)
    return (match.group(1) or match.group(2)) if match else 'none: ' + answer.stdout + answer.stderr


def test_who_sees_an_account():
    with World() as world:
        path = world.add_account()
        for user, sees in ((None, True), ('alice', True), ('gwen', True), ('bob', False)):
            answer = world.call(path, 'org.freedesktop.DBus.Properties.GetAll', 'org.postferry1.Account', user=user)
            equal(answer.returncode == 0, sees, '%s GetAll: %s' % (user, answer.stderr))
            answer = world.call(ROOT, 'org.freedesktop.DBus.ObjectManager.GetManagedObjects', user=user)
            equal(path in answer.stdout, sees, '%s GetManagedObjects' % user)
            answer = world.call(MANAGER, 'org.freedesktop.DBus.Properties.Get', 'org.postferry1.Manager', 'Accounts', user=user)
            equal('uint32 %d' % sees in answer.stdout, True, '%s Accounts: %s' % (user, answer.stdout))
            answer = world.call(MANAGER, 'org.postferry1.Manager.GetAccount', 'c@example.net', user=user)
            equal(answer.returncode == 0, sees, '%s GetAccount' % user)
            true('secret' not in answer.stdout)


# Mutant: in the gate, answer AccessDenied instead of UnknownObject for an object that may not be seen.
def test_an_invisible_object_is_no_object():
    with World() as world:
        path = world.add_account()
        never = '/org/postferry1/account/' + '0' * 32
        calls = [('org.freedesktop.DBus.Properties.GetAll', 'org.postferry1.Account'), ('org.freedesktop.DBus.Introspectable.Introspect',),
                 ('org.postferry1.Account.Check', '{}'), ('org.postferry1.Account.Remove', '{}'), ('no.such.Interface.Method',),
                 ('org.freedesktop.DBus.Properties.Get', 'org.postferry1.Account', 'State')]
        for method, *arguments in calls:
            hidden = world.call(path, method, *arguments, user='bob')
            absent = world.call(never, method, *arguments, user='bob')
            equal((hidden.returncode, hidden.stdout, hidden.stderr.replace(path, 'PATH')),
                  (absent.returncode, absent.stdout, absent.stderr.replace(never, 'PATH')), method)
            if 'Introspect' not in method:
                equal(error_name(hidden), 'org.freedesktop.DBus.Error.UnknownObject', method)


def test_who_may_change():
    with World() as world:
        path = world.add_account()
        update = ('org.postferry1.Account.Update', "{'Note': <'hello'>}", '{}')
        equal(world.call(path, *update).returncode, 0, 'root')
        # Without logind the allow_any default counts: auth_self_keep for one's own.
        equal(error_name(world.call(path, *update, user='alice')), 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired')
        equal(error_name(world.call(path, *update, user='gwen')), 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired')
        equal(error_name(world.call(path, *update, user='bob')), 'org.freedesktop.DBus.Error.UnknownObject')
        answer = world.call(path, 'org.freedesktop.DBus.Properties.Set', 'org.postferry1.Account', 'Note', "<'x'>")
        true(answer.returncode != 0, 'properties are read-only')


def allow(world, action, user):
    rules = '/etc/polkit-1/rules.d/10-test-%s.rules' % user
    with open(rules, 'a', encoding='utf-8') as file:
        file.write('polkit.addRule(function(action, subject) { if (action.id == "%s" && subject.user == "%s") return polkit.Result.YES; });\n'
                   % (action, user))
    os.chmod(rules, 0o644)
    time.sleep(1)


def test_rules_allow_and_details_are_given():
    with World() as world:
        path = world.add_account()
        rules = '/etc/polkit-1/rules.d/10-details.rules'
        with open(rules, 'w', encoding='utf-8') as file:
            file.write('polkit.addRule(function(action, subject) { if (action.id == "org.postferry1.manage-own" && action.lookup("account") == "c@example.net"'
                       ' && action.lookup("local-user") == "alice") return polkit.Result.YES; });\n')
        os.chmod(rules, 0o644)
        time.sleep(1)
        answer = world.call(path, 'org.postferry1.Account.Update', "{'Note': <'mine'>}", '{}', user='alice')
        equal(answer.returncode, 0, answer.stderr)


def test_nobody_harvests_a_password():
    with World() as world:
        path = world.add_account()
        allow(world, 'org.postferry1.manage-own', 'alice')
        moved = ('org.postferry1.Account.Update', "{'Server': <'127.0.0.2'>}", '{}')
        equal(error_name(world.call(path, *moved, user='alice')), 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired')
        equal(world.ask('alice', 'update', path, 'new-secret', 'Server=127.0.0.2').returncode, 0, 'with the secret anew')
        given = ('org.postferry1.Account.Update', "{'LocalUser': <'bob'>}", '{}')
        equal(error_name(world.call(path, *given, user='alice')), 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired')


def test_existence_is_told_after_authorisation_only():
    with World() as world:
        world.add_account()
        equal(error_name(world.ask('bob', 'add', 'x', *SETTINGS, 'LocalUser=alice')), 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired')
        equal(error_name(world.ask(None, 'add', 'x', *SETTINGS, 'LocalUser=alice')), 'org.postferry1.Error.AccountExists')


def test_secrets_by_descriptor():
    with World() as world:
        path = world.add_account()
        wanted = {'memfd': 'done', 'pipe': 'done', 'empty': 'org.postferry1.Error.InvalidSetting', 'nul': 'org.postferry1.Error.InvalidSetting',
                  'file': 'org.postferry1.Error.InvalidSetting', 'device': 'org.postferry1.Error.InvalidSetting',
                  'large': 'org.postferry1.Error.LimitExceeded', 'silent': 'org.postferry1.Error.InvalidSetting'}
        for kind, outcome in wanted.items():
            answer = world.ask(None, 'set-secret', path, kind)
            got = 'done' if answer.returncode == 0 else error_name(answer)
            equal(got, outcome, kind + answer.stderr)
        for name in ('service.log', 'mail.log'):
            true('hunter2' not in world.read(name), 'the secret stands in ' + name)


def test_what_is_wrong_with_settings():
    with World() as world:
        answer = world.call(MANAGER, 'org.postferry1.Manager.Validate',
                            "{'Address': <'no-address'>, 'Port': <70000>, 'Colour': <'red'>, 'Protocol': <'gopher'>}", '{}')
        for word in ('Address', 'Port', 'Colour', 'Protocol', 'gopher', 'imap'):
            true(word in answer.stdout, '%s: %s %s' % (word, answer.stdout, answer.stderr))
        answer = world.call(MANAGER, 'org.postferry1.Manager.AddAccount',
                            "{'Address': <'n@example.net'>, 'Server': <'127.0.0.1'>, 'LocalUser': <'nobody-there'>}", '{}')
        equal(error_name(answer), 'org.postferry1.Error.RecipientUnknown')
        answer = world.call(MANAGER, 'org.postferry1.Manager.AddAccount',
                            "{'Address': <'n@example.net'>, 'Server': <'127.0.0.1'>, 'LocalUser': <'alice'>}", "{'colour': <'red'>}")
        true(answer.returncode != 0, 'an unknown option is refused')


def test_not_yet_supported():
    with World() as world:
        path = world.add_account()
        equal(error_name(world.call(MANAGER, 'org.postferry1.Manager.Discover', 'a@example.net', '{}')), 'org.postferry1.Error.NotSupported')
        equal(error_name(world.call(path, 'org.postferry1.Account.BeginAuthorization', '{}')), 'org.postferry1.Error.NotSupported')


def test_signals_reach_only_who_may_see():
    with World() as world:
        path = world.add_account()
        listeners = {}
        for user in ('alice', 'bob'):
            with world.log_file('heard-' + user) as log:
                os.chmod(world.path('heard-' + user), 0o666)
                listeners[user] = subprocess.Popen(['runuser', '-u', user, '--', '/usr/bin/python3', '-B', CALLER, 'listen', '4'],
                                                   stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=world.environment())
        time.sleep(1.5)
        world.call(path, 'org.postferry1.Account.Update', "{'Note': <'changed-note'>}", '{}')
        for process in listeners.values():
            process.wait(30)
        true('changed-note' in world.read('heard-alice'), world.read('heard-alice'))
        true('changed-note' not in world.read('heard-bob') and path not in world.read('heard-bob'), world.read('heard-bob'))


def test_without_polkit_only_root():
    with World() as world:
        path = world.add_account()
        world.end('polkit')
        update = ('org.postferry1.Account.Update', "{'Note': <'x'>}", '{}')
        equal(world.call(path, *update).returncode, 0, 'root is never asked about')
        answer = world.call(path, *update, user='alice')
        equal(error_name(answer), 'org.freedesktop.DBus.Error.AccessDenied')


def test_the_log_shows_what_one_may_see():
    with World() as world:
        world.add_account()
        for user, sees in ((None, True), ('alice', True), ('bob', False)):
            answer = world.call(MANAGER, 'org.postferry1.Manager.GetLog', '{}', user=user)
            equal("'added'" in answer.stdout, sees, '%s: %s%s' % (user, answer.stdout, answer.stderr))


def test_files_changed_by_hand_take_effect():
    with World() as world:
        folder = world.path('config', 'accounts.d')

        def write(name, text):
            with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
                file.write(text)
            import pwd
            user = pwd.getpwnam('postferry')
            os.chown(os.path.join(folder, name), user.pw_uid, user.pw_gid)
            os.chmod(os.path.join(folder, name), 0o600)

        text = '[Account]\nAddress=hand@example.net\nServer=127.0.0.1\nSecurity=none\nPort=1\nLocalUser=alice\nEnabled=false\n'
        write('hand@example.net.account', text)
        isolated.wait_for(lambda: 'hand@example.net' in world.cli('list').stdout, 5, 'the file that was dropped in')
        write('hand@example.net.account', text + 'Note=by hand\n')
        isolated.wait_for(lambda: 'by hand' in world.cli('show', 'hand@example.net').stdout, 5, 'the change')
        write('broken@example.net.account', '[Account]\nAddress=broken@example.net\nServer=x\nLocalUser=alice\nInterval=5\n')
        isolated.wait_for(lambda: 'settings-invalid' in world.cli('show', 'broken@example.net').stdout, 5, 'the broken one')
        true(re.search(r'broken@example\.net\.account:5.*Interval', world.read('mail.log')), world.read('mail.log'))
        os.unlink(os.path.join(folder, 'hand@example.net.account'))
        isolated.wait_for(lambda: 'hand@example.net' not in world.cli('list').stdout, 5, 'the deletion')


if __name__ == '__main__':
    isolated.enter()
    harness.run_tests(globals())
