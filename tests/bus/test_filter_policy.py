#!/usr/bin/python3
"""The filter's policy on the bus: who sees and changes it, every key, what becomes of postferry.conf; a real polkitd, real scanners."""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import harness  # noqa: E402
import hostile  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
import scanners  # noqa: E402
from harness import equal, true  # noqa: E402
from test_access import CALLER, MANAGER, ROOT, World, allow, error_name  # noqa: E402

FILTER, INTERFACE = '/org/postferry1/filter', 'org.postferry1.FilterPolicy'
PROPERTIES = 'org.freedesktop.DBus.Properties.'
DENIED, ASKED = 'org.freedesktop.DBus.Error.AccessDenied', 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired'
UNKNOWN, INVALID = 'org.freedesktop.DBus.Error.UnknownObject', 'org.postferry1.Error.InvalidSetting'
CONF = '[Log]\nTarget=file:{log}\n# as agreed with the shop\n[Filter]\nRspamdUrl=off\nRspamdControllerUrl=off\nClamdSocket=off\n'

# Key: its D-Bus type, its default, good values as they are given, the last of them as it is told, bad ones.
KEYS = {
    'RspamdUrl': ('s', "'auto'", ["'off'", "'unix:/run/rspamd.sock'", "'https://scan.example.org'", "'http://[::1]:11333'"],
                  "'http://[::1]:11333'", ["'ftp://x/'", "'http://'", "'http://a:b@host/'", "'rspamd'", 'true']),
    'RspamdControllerUrl': ('s', "'auto'", ["'off'", "'http://127.0.0.1:11334'"], "'http://127.0.0.1:11334'", ["'localhost'", 'uint32 7']),
    'JunkScore': ('d', '0.0', ['4', "'5.5'", '6.5'], '6.5', ['-1.0', "'nan'", "'much'", '10001.0', 'true']),
    'QuarantineScore': ('d', '0.0', ['uint32 15', '15.25'], '15.25', ['-0.5', "'0x10'"]),
    'SubjectPrefix': ('s', "''", ["'***SPAM***'", "'[Junk]'"], "'[Junk]'", ["'a\\nb'", "'%s'" % ('x' * 61), "' x'", '7']),
    'ClamdSocket': ('s', "'auto'", ["'off'", "'unix:/run/clamd.sock'", "'tcp:[::1]:3310'", "'tcp:localhost:3310'"], "'tcp:localhost:3310'",
                    ["'tcp:localhost'", "'tcp:localhost:99999'", "'unix:run'", "'clamd'"]),
    'MaxScanSize': ('t', 'uint64 52428800', ["'2M'", 'uint64 1', "'3K'"], 'uint64 3072', ['0', '-1', "'much'", "'2000G'", '1.5']),
    'Timeout': ('u', 'uint32 60', ["'7'", 'uint32 3600'], 'uint32 3600', ['0', '3601', "'1m'"]),
    'BlockClasses': ('as', "['executables']", ["'Archives;office-macros'", "['none']", "['encrypted-archives', 'archives']"],
                     "['encrypted-archives', 'archives']", ["['music']", "'executables;;archives'"]),
    'BlockExtensions': ('as', '[]', ["'exe'", "['.SCR', '*.js']"], "['scr', 'js']", ["['a.b']", "['a b']", "['']", "['a;b']"]),
    'AllowSenders': ('as', '[]', ["'a.example'", "['bob@example.org', 'example.net']"], "['bob@example.org', 'example.net']",
                     ["['a@b@c']", "['a b']", "['x\\ny']"]),
    'BlockSenders': ('as', '[]', ["['spam.example']"], "['spam.example']", ["['@']"]),
    'AllowRecipients': ('as', '[]', ["['abuse@example.org']"], "['abuse@example.org']", ["['<x>']"]),
    'OnSpam': ('s', "'junk'", ["'deliver'", "'defer'", "'discard'", "'quarantine'"], "'quarantine'", ["'eat'", 'true']),
    'OnVirus': ('s', "'quarantine'", ["'deliver'", "'discard'"], "'discard'", ["'clean'"]),
    'OnAttachment': ('s', "'quarantine'", ["'junk'"], "'junk'", ["'strip'"]),
    'OnBlockedSender': ('s', "'quarantine'", ["'discard'"], "'discard'", ["''x"]),
    'OnScannerFailure': ('s', "'deliver'", ["'defer'", "'quarantine'"], "'quarantine'", ["'discard'", "'junk'"]),
    'DeferHours': ('u', 'uint32 24', ['0', '8760'], 'uint32 8760', ['8761', '-1', "'day'"]),
    'QuarantineDigest': ('s', "'daily'", ["'never'"], "'never'", ["'weekly'"]),
    'QuarantineDays': ('u', 'uint32 30', ['1', '36500'], 'uint32 36500', ['0', '36501']),
}


class Policy(World):
    """alice owns an account, bob none, gwen is in group postferry."""

    def __init__(self, conf=CONF, steps=False):
        super().__init__()
        self.text_at_first = conf
        if steps:
            os.mkdir(self.path('steps'))
            os.chmod(self.path('steps'), 0o777)
            self.service_environment['PF_STEP_FOLDER'] = self.path('steps')
            self.forget()

    def make_world(self):
        super().make_world()
        self.configure(self.text_at_first)

    @property
    def conf(self):
        return self.path('config', 'postferry.conf')

    def update(self, changes, user=None):
        return self.call(FILTER, INTERFACE + '.Update', changes, '{}', user=user)

    def get(self, key, user=None):
        answer = self.call(FILTER, PROPERTIES + 'Get', INTERFACE, key, user=user)
        return answer.stdout.strip()

    def status(self, user=None):
        answer = self.call(FILTER, INTERFACE + '.Status', user=user)
        equal(answer.returncode, 0, answer.stderr)
        return answer.stdout

    def text(self):
        with open(self.conf, encoding='utf-8') as file:
            return file.read()

    def write(self, text):
        with open(self.conf, 'w', encoding='utf-8') as file:
            file.write(text.format(log=self.path('mail.log')))

    def forget(self):
        for name in ('stop', 'stopped'):
            if os.path.exists(self.path('steps', name)):
                os.unlink(self.path('steps', name))
        with open(self.path('steps', 'counts'), 'w', encoding='ascii'):
            pass
        os.chmod(self.path('steps', 'counts'), 0o666)

    def passed(self):
        with open(self.path('steps', 'counts'), encoding='ascii') as file:
            return [line for line in file.read().split() if line.startswith('file-')]

    def stop_at(self, where):
        self.forget()
        with open(self.path('steps', 'stop'), 'w', encoding='ascii') as file:
            file.write(where)


# --- Who ------------------------------------------------------------------------------------------------------------

# Mutant: pf_filter_is_seen() says yes to everybody.
def test_who_sees_it():
    with Policy() as world:
        account = world.add_account()
        for user, sees in ((None, True), ('alice', True), ('gwen', True), ('bob', False)):
            wanted = 'none: ' if sees else UNKNOWN
            for method, *arguments in ((PROPERTIES + 'GetAll', INTERFACE), (PROPERTIES + 'Get', INTERFACE, 'OnSpam'), (INTERFACE + '.Status',)):
                answer = world.call(FILTER, method, *arguments, user=user)
                equal((answer.returncode == 0, error_name(answer)[:len(wanted)]), (sees, wanted), '%s %s: %s' % (user, method, answer.stderr))
            for path, word in ((ROOT, 'org.freedesktop.DBus.ObjectManager.GetManagedObjects'),
                               (ROOT, 'org.freedesktop.DBus.Introspectable.Introspect')):
                answer = world.call(path, word, user=user)
                equal('filter' in answer.stdout.lower(), sees, '%s %s' % (user, word))
        hidden = world.call(FILTER, 'org.freedesktop.DBus.Introspectable.Introspect', user='bob')
        never = world.call(ROOT + '/nothing', 'org.freedesktop.DBus.Introspectable.Introspect', user='bob')
        equal((hidden.returncode, hidden.stdout, hidden.stderr.replace(FILTER, 'PATH')),
              (never.returncode, never.stdout, never.stderr.replace(ROOT + '/nothing', 'PATH')), 'introspection')
        equal(world.call(account, 'org.postferry1.Account.Remove', '{}').returncode, 0)
        equal(error_name(world.call(FILTER, PROPERTIES + 'GetAll', INTERFACE, user='alice')), UNKNOWN, 'with her last account it is gone')


# Mutant: the row of FilterPolicy.Update says RULE_FREE.
def test_who_changes_it():
    change = "{'OnSpam': <'discard'>}"
    with Policy() as world:
        world.add_account()
        before = world.text()
        for user, wanted in (('alice', ASKED), ('gwen', ASKED), ('bob', UNKNOWN)):
            equal(error_name(world.update(change, user)), wanted, user)
        # Managing all accounts is another right.
        allow(world, 'org.postferry1.manage', 'alice')
        equal(error_name(world.update(change, 'alice')), ASKED)
        equal(world.text(), before)
        allow(world, 'org.postferry1.configure', 'alice')
        allow(world, 'org.postferry1.configure', 'bob')
        equal(error_name(world.update(change, 'bob')), UNKNOWN, 'whoever may, but has no account')
        equal(world.update(change, 'alice').returncode, 0)
        with open('/etc/polkit-1/rules.d/05-no.rules', 'w', encoding='utf-8') as file:
            file.write('polkit.addRule(function(action, subject) { if (action.id == "org.postferry1.configure" && subject.user == "gwen")'
                       ' return polkit.Result.NO; });\n')
        os.chmod('/etc/polkit-1/rules.d/05-no.rules', 0o644)
        time.sleep(1)
        equal(error_name(world.update("{'OnSpam': <'junk'>}", 'gwen')), DENIED)
        equal(world.get('OnSpam'), "(<'discard'>,)")
        answer = world.call(FILTER, PROPERTIES + 'Set', INTERFACE, 'OnSpam', "<'junk'>")
        equal(error_name(answer), 'org.freedesktop.DBus.Error.PropertyReadOnly')
        world.end('polkit')
        equal(error_name(world.update("{'OnSpam': <'junk'>}", 'alice')), DENIED, 'without polkitd')
        equal(world.update("{'OnSpam': <'junk'>}").returncode, 0, 'root is never asked about')


def test_signals_and_log():
    with Policy() as world:
        world.add_account()
        listeners = {}
        for user in ('alice', 'gwen', 'bob'):
            with world.log_file('heard-' + user) as log:
                os.chmod(world.path('heard-' + user), 0o666)
                listeners[user] = subprocess.Popen(['runuser', '-u', user, '--', '/usr/bin/python3', '-B', CALLER, 'listen', '5'],
                                                   stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=world.environment())
        time.sleep(2)
        allow(world, 'org.postferry1.configure', 'alice')
        equal(world.update("{'OnVirus': <'discard'>, 'AllowSenders': <['a.example', 'b.example']>}", 'alice').returncode, 0)
        for process in listeners.values():
            process.wait(30)
        for user, hears in (('alice', True), ('gwen', True), ('bob', False)):
            heard = world.read('heard-' + user)
            equal('PropertiesChanged' in heard and "'OnVirus': <'discard'>" in heard, hears, user + ': ' + heard)
            equal('filter' in heard.lower(), hears, user + ': ' + heard)
        for user, sees in ((None, True), ('gwen', True), ('alice', False), ('bob', False)):
            answer = world.call(MANAGER, 'org.postferry1.Manager.GetLog', "{'Events': <['filter']>}", user=user)
            equal("'Event': <'filter'>" in answer.stdout, sees, '%s: %s' % (user, answer.stdout))
            if sees:
                true("'Caller': <'alice'>" in answer.stdout, answer.stdout)
                true('AllowSenders=a.example;b.example (was empty), OnVirus=discard (was quarantine)' in answer.stdout, answer.stdout)
        true(re.search(r'filter, by=alice .*OnVirus=discard', world.read('mail.log')), world.read('mail.log'))


# --- What -----------------------------------------------------------------------------------------------------------

def test_every_key():
    with Policy('[Log]\nTarget=file:{log}\n') as world:
        answer = world.call(FILTER, PROPERTIES + 'GetAll', INTERFACE)
        equal(sorted(re.findall(r"'(\w+)': <", answer.stdout)), sorted(KEYS))
        for key, (kind, default, good, told, bad) in KEYS.items():
            for value in bad:
                answer = world.update('{%r: <%s>}' % (key, value))
                if "''x" in value:
                    continue
                equal(error_name(answer), INVALID, '%s=%s: %s' % (key, value, answer.stdout))
                true(re.search(r'InvalidSetting: %s=.*: ' % key, answer.stderr), 'the key, the value and what is allowed: ' + answer.stderr)
            shown = '(<%s>,)' % ('@as []' if default == '[]' else default)
            equal(world.get(key), shown, key + ': a refused value changed something')
            for value in good:
                answer = world.update('{%r: <%s>}' % (key, value))
                equal(answer.returncode, 0, '%s=%s: %s' % (key, value, answer.stderr))
            equal(world.get(key), '(<%s>,)' % told, key)
            true('\n%s=' % key in world.text(), world.text())
            equal(world.update('{%r: <%s>}' % (key, '@as []' if kind == 'as' else "''")).returncode, 0)
            equal(world.get(key), shown, key + ': back to the default')
            true('\n%s=' % key not in world.text(), world.text())


def test_all_or_nothing():
    with Policy() as world:
        before = world.text()
        answer = world.update("{'OnSpam': <'discard'>, 'OnVirus': <'eat'>, 'Colour': <'red'>, 'Timeout': <0>}")
        equal(error_name(answer), INVALID)
        for part in ('OnVirus=eat: allowed is', 'Colour: there is no such setting', 'Timeout=0: allowed is'):
            true(part in answer.stderr, answer.stderr)
        equal((world.text(), world.get('OnSpam')), (before, "(<'junk'>,)"))
        answer = world.call(FILTER, INTERFACE + '.Update', '{}', "{'colour': <'red'>}")
        equal(error_name(answer), 'org.freedesktop.DBus.Error.InvalidArgs')
        equal(world.update('{}').returncode, 0, 'nothing is no mistake')
        equal(world.text(), before)


class Mailbox(hostile.Pop3):
    pass


def mail(name, sender):
    return (b'From: <%s>\r\nTo: alice@example.net\r\nSubject: %s\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <%s@x>\r\n\r\nhello\r\n'
            % (sender.encode(), name.encode(), name.encode()))


def test_takes_effect_without_restart():
    with Policy() as world:
        server = Mailbox([mail('one', 'x@rival.example')])
        answer = world.cli('add', 'c@example.net', 'Protocol=pop3', 'Security=none', 'Server=127.0.0.1', 'Port=%d' % server.port, 'LocalUser=alice',
                           'Enabled=false', '--no-test', '--password-file', world.secret_file())
        equal(answer.returncode, 0, answer.stderr)

        def check():
            answer = world.cli('check', 'c@example.net', '--json')
            equal(answer.returncode, 0, answer.stdout + answer.stderr)
            return json.loads(answer.stdout)[0]

        pid = world.daemon_pid()
        equal(check()['delivered'], 1)
        equal(world.update("{'BlockSenders': <['rival.example']>}").returncode, 0)
        server.messages.append(mail('two', 'x@rival.example'))
        result = check()
        equal((result['delivered'], result['quarantined']), (0, 1))
        equal(world.update("{'OnBlockedSender': <'junk'>}").returncode, 0)
        server.messages.append(mail('three', 'x@sub.rival.example'))
        equal(check()['junked'], 1)
        equal(world.cli('filter', 'BlockSenders=').returncode, 0)
        server.messages.append(mail('four', 'x@rival.example'))
        equal(check()['delivered'], 1)
        equal(world.daemon_pid(), pid)
        server.close()


# --- The file -------------------------------------------------------------------------------------------------------

def test_the_rest_of_the_file_stays():
    with Policy() as world:
        # Not read yet: it stands there all the same, and comes into force with the change.
        world.write(CONF + '\n# slow line\n[Limits]\nConnectTimeout=77\n')
        before = world.text()
        equal(world.update("{'OnSpam': <'defer'>}").returncode, 0)
        equal(world.text(), before.replace('ClamdSocket=off\n', 'ClamdSocket=off\nOnSpam=defer\n'))
        status = os.stat(world.conf)
        equal((status.st_mode & 0o777, status.st_uid), (0o600, pwd.getpwnam('postferry').pw_uid))
        world.restart_service()
        equal(world.get('OnSpam'), "(<'defer'>,)")


def test_no_file():
    with Policy() as world:
        os.unlink(world.conf)
        equal(world.update("{'OnVirus': <'discard'>, 'RspamdUrl': <'off'>}").returncode, 0)
        equal(world.text(), '[Filter]\nOnVirus=discard\nRspamdUrl=off\n' if 'OnVirus=discard\nRspamd' in world.text()
              else '[Filter]\nRspamdUrl=off\nOnVirus=discard\n')
        equal(world.get('OnVirus'), "(<'discard'>,)")


def test_broken_by_hand():
    with Policy() as world:
        equal(world.update("{'OnSpam': <'quarantine'>}").returncode, 0)
        broken = CONF + 'OnSpam=deliver\nOnVirus=eat\n'
        world.write(broken)
        text = world.text()
        os.kill(world.daemon_pid(), signal.SIGHUP)
        isolated.wait_for(lambda: re.search(r'the old ones stay in force: .*postferry\.conf:9: \[Filter\] OnVirus=eat: allowed is', world.read('mail.log')),
                          10, 'the line in the log')
        equal(world.get('OnSpam'), "(<'quarantine'>,)")
        answer = world.update("{'OnSpam': <'defer'>}")
        equal(error_name(answer), INVALID)
        true('postferry.conf:9: [Filter] OnVirus=eat' in answer.stderr, answer.stderr)
        equal((world.text(), world.get('OnSpam')), (text, "(<'quarantine'>,)"))
        true('OnVirus=eat' in world.status(), 'Status tells of the file')
        shown = world.cli('filter')
        true('OnVirus=eat' in shown.stdout and 'quarantine' in shown.stdout, shown.stdout)
        equal(world.update("{'OnVirus': <'junk'>}").returncode, 0, 'the change mends it')
        equal((world.get('OnSpam'), world.get('OnVirus')), ("(<'deliver'>,)", "(<'junk'>,)"))
        true("'File': <''>" in world.status())


# Mutant: may_become_ours() says yes to all.
def test_what_counts_as_roots_alone_is_not_taken_from_root():
    with Policy(CONF + '[Local]\nCommand=/bin/cat\n') as world:
        text = world.text()
        os.chown(world.conf, 0, 0)
        answer = world.update("{'OnSpam': <'defer'>}")
        equal(error_name(answer), 'org.postferry1.Error.NotSupported')
        true('deliver.conf' in answer.stderr, answer.stderr)
        equal((world.text(), os.stat(world.conf).st_uid), (text, 0))
        shutil.copy(world.conf, world.path('config', 'deliver.conf'))
        equal(world.update("{'OnSpam': <'defer'>}").returncode, 0)


# --- Steps ----------------------------------------------------------------------------------------------------------

def need_steps(world):
    equal(world.update("{'DeferHours': <1>}").returncode, 0)
    if not world.passed():
        raise harness.Skip('a build with -Dsteps=true is needed')


# Mutant: pf_durable_replace() writes into the file itself.
def test_killed_at_any_step():
    with Policy(steps=True) as world:
        need_steps(world)
        old = world.text()
        world.forget()
        equal(world.update("{'OnSpam': <'defer'>, 'AllowSenders': <['a.example']>}").returncode, 0)
        new, steps = world.text(), world.passed()
        true(len(steps) >= 4 and old != new, steps)
        for step in sorted(set(steps)):
            for how in ('', ':hold'):
                equal(world.update("{'OnSpam': <''>, 'AllowSenders': <''>}").returncode, 0)
                equal(world.text(), old)
                pid = world.daemon_pid()
                world.stop_at('%s:1%s' % (step, how))
                caller = threading.Thread(target=world.update, args=("{'OnSpam': <'defer'>, 'AllowSenders': <['a.example']>}",))
                caller.start()
                isolated.wait_for(lambda: os.path.exists(world.path('steps', 'stopped')), 20, step)
                if how:
                    os.kill(pid, signal.SIGKILL)
                caller.join()
                world.forget()
                world.restart_service()
                found = world.text()
                true(found in (old, new), '%s%s: %s' % (step, how, found))
                equal(world.get('OnSpam'), "(<'%s'>,)" % ('junk' if found == old else 'defer'), step)
                equal(world.update("{'OnSpam': <'defer'>, 'AllowSenders': <['a.example']>}").returncode, 0, 'once more')
                equal(world.text(), new)
                true(not os.path.exists(world.conf + '.new'), 'what a crash left is gone')


# Mutant: write_beside() does not look whether the file is as expected.
def test_a_hand_is_quicker():
    with Policy(steps=True) as world:
        need_steps(world)
        pid = world.daemon_pid()
        for number in range(3):
            world.stop_at('file-written:1:hold')
            answers = []
            caller = threading.Thread(target=lambda: answers.append(world.update("{'DeferHours': <%d>}" % (number + 5))))
            caller.start()
            isolated.wait_for(lambda: os.path.exists(world.path('steps', 'stopped')), 20, 'the step')
            # The new file is on the disk beside the old one, and somebody saves the old one now.
            text = world.text()
            with open(world.conf, 'w' if number < 2 else 'a', encoding='utf-8') as file:
                file.write((text if number < 2 else '') + '# by hand %d\n' % number)
            os.kill(pid, signal.SIGCONT)
            caller.join()
            equal(answers[0].returncode, 0, answers[0].stderr)
            true('# by hand %d\n' % number in world.text(), world.text())
            equal(world.get('DeferHours'), '(<uint32 %d>,)' % (number + 5))
            true('DeferHours=%d\n' % (number + 5) in world.text(), world.text())


def test_many_at_the_same_time():
    with Policy() as world:
        threads = [threading.Thread(target=world.update, args=("{'%s': <'%s'>}" % pair,)) for pair in (
            ('OnSpam', 'defer'), ('OnVirus', 'discard'), ('OnAttachment', 'junk'), ('OnBlockedSender', 'discard'), ('OnScannerFailure', 'defer'),
            ('QuarantineDigest', 'never'), ('DeferHours', '5'), ('QuarantineDays', '6'))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for line in ('OnSpam=defer', 'OnVirus=discard', 'OnAttachment=junk', 'OnBlockedSender=discard', 'OnScannerFailure=defer',
                     'QuarantineDigest=never', 'DeferHours=5', 'QuarantineDays=6'):
            true('\n' + line + '\n' in world.text(), line)


# --- The scanners ---------------------------------------------------------------------------------------------------

def part(status, name):
    """Of one scanner: its values."""
    text = re.search(r"'%s': <\{(.*?)\}>" % name, status).group(1)
    return dict(re.findall(r"'(\w+)': <([^>]*)>", text))


def test_status_of_real_scanners():
    if shutil.which('rspamd') is None or shutil.which('clamd', path='/usr/sbin:/usr/bin') is None:
        raise harness.Skip('rspamd and clamd are needed')
    os.environ['PATH'] += ':/usr/sbin'
    folder = tempfile.mkdtemp(prefix='postferry-scan-')
    os.chmod(folder, 0o755)
    with Policy() as world, scanners.Clamd(os.path.join(folder, 'clamd')) as clamd, scanners.Rspamd(os.path.join(folder, 'rspamd')) as rspamd:
        world.add_account()
        status = world.status('alice')
        equal([part(status, name)['State'] for name in ('Rspamd', 'Clamd')], ["'off'", "'off'"])
        equal(world.update("{'RspamdUrl': <'%s'>, 'ClamdSocket': <'unix:%s'>}" % (rspamd.url, clamd.path)).returncode, 0)
        status = world.status('alice')
        one, two = part(status, 'Rspamd'), part(status, 'Clamd')
        equal((one['State'], one['Reachable'], one['LastError']), ("'reachable'", 'true', "''"), status)
        equal((two['State'], two['Reachable'], two['LastError']), ("'reachable'", 'true', "''"), status)
        true(one['Version'].lower().startswith("'rspamd"), status)
        true(two['Version'].startswith("'ClamAV "), status)
        true(int(one['LastAnswer'].split()[1]) > 1700000000000000 and int(two['LastAnswer'].split()[1]) > 1700000000000000, status)
        clamd.stop()
        rspamd.process.send_signal(signal.SIGSTOP)
        subprocess.run(['pkill', '-STOP', '-P', str(rspamd.process.pid)], check=True)
        status = world.status()
        subprocess.run(['pkill', '-CONT', '-P', str(rspamd.process.pid)], check=True)
        rspamd.process.send_signal(signal.SIGCONT)
        one, two = part(status, 'Rspamd'), part(status, 'Clamd')
        equal((one['State'], one['Reachable']), ("'unreachable'", 'false'), status)
        equal((two['State'], two['Reachable']), ("'unreachable'", 'false'), status)
        true('within 5 seconds' in one['LastError'] and len(two['LastError']) > 10 and two['LastFailure'] != 'uint64 0', status)
        answer = json.loads(world.cli('filter', '--json').stdout)
        equal(answer['status']['clamd']['reachable'], False)
    shutil.rmtree(folder, ignore_errors=True)


def test_status_of_stand_ins():
    """One that sends no end, one that hangs up; many callers are one question."""
    asked = []

    def serve(listener, answer):
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            asked.append(line.recv(1000))
            try:
                for _ in range(answer[1]):
                    line.sendall(answer[0])
            except OSError:
                pass
            if answer[1]:
                line.close()

    listeners = []
    for answer in ((b'x' * 65536, 64), (b'HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n', 1), (b'', 0)):
        listener = socket.create_server(('127.0.0.1', 0))
        threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
        listeners.append(listener)
    flood, refuse, silent = (listener.getsockname()[1] for listener in listeners)
    with Policy() as world:
        equal(world.update("{'RspamdUrl': <'http://127.0.0.1:%d'>, 'ClamdSocket': <'tcp:127.0.0.1:%d'>}" % (refuse, flood)).returncode, 0)
        status = world.status()
        for name in ('Rspamd', 'Clamd'):
            equal(part(status, name)['State'], "'unreachable'", status)
            true(len(part(status, name)['LastError']) > 10, status)
        equal(world.update("{'RspamdUrl': <'off'>, 'ClamdSocket': <'tcp:127.0.0.1:%d'>}" % silent).returncode, 0)
        del asked[:]
        threads = [threading.Thread(target=world.status) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        true(len(asked) < 6, 'each scanner is asked once at a time: %d' % len(asked))
        equal(world.update("{'RspamdUrl': <''>, 'ClamdSocket': <''>}").returncode, 0)
        # Nothing listens there in this machine's tests unless a scanner is installed and running.
        true(part(world.status(), 'Clamd')['State'] in ("'absent'", "'reachable'"), status)
    for listener in listeners:
        listener.close()


def test_the_doctor_asks_the_scanners():
    with Policy() as world, socket.create_server(('127.0.0.1', 0)) as listener:
        server = Mailbox([])
        closed = isolated.free_port()
        words = ['Protocol=pop3', 'Security=none', 'Server=127.0.0.1', 'Port=%d' % server.port, 'LocalUser=alice', 'Enabled=false']

        def test(address, status, *steps):
            answer = world.cli('test', address, '--json')
            equal(answer.returncode, status, answer.stdout + answer.stderr)
            told = json.loads(answer.stdout)
            equal(([(step['name'], step['ok']) for step in told['steps'][-len(steps):]], told['ok']), (list(steps), status == 0), answer.stdout)
            return told['steps'][-1]

        equal(world.cli('add', 'a@example.net', *words, '--password-file', world.secret_file()).returncode, 0)
        test('a@example.net', 0, ('folders', True), ('delivery', True))
        equal(world.cli('filter', 'ClamdSocket=tcp:127.0.0.1:%d' % closed, 'RspamdUrl=').returncode, 0)
        answer = world.cli('add', 'b@example.net', *words, 'CheckVirus=false', '--password-file', world.secret_file())
        equal(answer.returncode, 0, answer.stdout + answer.stderr)
        last = test('a@example.net', 10, ('delivery', True), ('rspamd', True), ('clamd', False))
        true('ClamdSocket=off' in last['mend'] and len(last['text']) > 10, last)
        test('b@example.net', 0, ('delivery', True), ('rspamd', True))
        # One that is silent, and settings that are tried: told, and not held against them.
        equal(world.cli('filter', 'ClamdSocket=tcp:127.0.0.1:%d' % listener.getsockname()[1]).returncode, 0)
        answer = world.cli('add', 'c@example.net', *words, '--password-file', world.secret_file())
        equal(answer.returncode, 0, answer.stdout + answer.stderr)
        true(re.search(r'clamd +FAILED +It did not answer within 5 seconds', answer.stdout), answer.stdout)
        server.close()


# --- The command line -----------------------------------------------------------------------------------------------

def test_command_line():
    with Policy() as world:
        world.add_account()
        shown = json.loads(world.cli('filter', '--json', user='alice').stdout)
        equal((shown['on_spam'], shown['max_scan_size'], shown['block_classes'], shown['junk_score']), ('junk', 52428800, ['executables'], 0.0))
        equal(shown['status']['rspamd']['state'], 'off')
        equal((shown['status']['clamd']['signature_date'], shown['status']['file']), (None, ''))
        text = world.cli('filter').stdout
        true(re.search(r'OnSpam +junk', text) and re.search(r'Rspamd +off', text), text)
        answer = world.cli('filter', 'OnSpam=quarantine', 'JunkScore=5.5', 'MaxScanSize=10M', 'AllowSenders=a.example', 'AllowSenders=b.example;c.example')
        equal((answer.returncode, answer.stdout), (0, ''), answer.stderr)
        shown = json.loads(world.cli('filter', '--json').stdout)
        equal((shown['on_spam'], shown['junk_score'], shown['max_scan_size'], shown['allow_senders']),
              ('quarantine', 5.5, 10 << 20, ['a.example', 'b.example', 'c.example']))
        equal(world.cli('filter', 'OnSpam=', 'JunkScore=', 'MaxScanSize=', 'AllowSenders=').returncode, 0)
        shown = json.loads(world.cli('filter', '--json').stdout)
        equal((shown['on_spam'], shown['junk_score'], shown['max_scan_size'], shown['allow_senders']), ('junk', 0.0, 52428800, []))
        for arguments, status, words in ((['OnSpan=junk'], 2, 'did you mean OnSpam'), (['OnSpam=eat'], 2, 'OnSpam=eat: allowed is'),
                                         (['OnSpam'], 2, 'KEY=VALUE'), (['Timeout=x'], 2, 'Timeout=x'), (['JunkScore=x'], 2, 'JunkScore=x'),
                                         (['OnSpam=junk', 'OnSpam=junk'], 2, 'twice')):
            answer = world.cli('filter', *arguments)
            equal(answer.returncode, status, '%s: %s' % (arguments, answer.stderr))
            true(words in answer.stderr, answer.stderr)
        equal(world.cli('filter', user='bob').returncode, 6)
        equal(world.cli('filter', 'OnSpam=junk', user='bob').returncode, 6)
        equal(world.cli('filter', 'OnSpam=quarantine', user='alice').returncode, 6)


if __name__ == '__main__':
    isolated.enter()
    harness.run_tests(globals())
