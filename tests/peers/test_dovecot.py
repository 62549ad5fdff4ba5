#!/usr/bin/python3
"""The whole way with a real Dovecot at both ends: fetched, delivered, remembered, removed."""

import contextlib
import json
import os
import pwd
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import harness  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
from dovecot import Dovecot  # noqa: E402
from harness import equal, true  # noqa: E402

COMMANDS = {('pop3', 'tls'): 'pop3s', ('pop3', 'starttls'): 'pop3', ('pop3', 'none'): 'pop3',
            ('imap', 'tls'): 'imaps', ('imap', 'starttls'): 'imap', ('imap', 'none'): 'imap'}


class World:
    """One instance and one provider for a test."""

    def __init__(self, conf=None, **provider):
        self.conf = conf
        self.provider_options = provider

    def __enter__(self):
        self.instance = isolated.Instance()
        if self.conf:
            self.instance.make_world()
            self.instance.make_world = lambda: None
            self.instance.configure(self.conf.replace('{folder}', self.instance.folder))
        self.instance.__enter__()
        try:
            self.provider = Dovecot(self.instance.path('provider'), **self.provider_options).__enter__()
        except BaseException:  # no __exit__ follows, and what is mounted would be the next test's world
            self.instance.stop()
            raise
        return self

    def __exit__(self, *exception):
        if exception[0] is not None:
            print(self.instance.read('mail.log'))
            print(self.instance.read('service.log'))
        self.provider.__exit__()
        self.instance.__exit__()

    def add(self, address, protocol='imap', security='tls', user='carol', local_user='alice', *more):
        answer = self.instance.cli('add', address, 'Protocol=' + protocol, 'Security=' + security, 'Server=127.0.0.1',
                                   'Port=%d' % self.provider.ports[COMMANDS[protocol, security]], 'UserName=' + user,
                                   'LocalUser=' + local_user, 'Push=false', 'Certificate=' + self.provider.certificate, *more,
                                   '--password-file', self.instance.secret_file())
        equal(answer.returncode, 0, 'add: ' + answer.stdout + answer.stderr)

    def check(self, *addresses, status=0):
        answer = self.instance.cli('check', *addresses, '--json')
        equal(answer.returncode, status, 'check: ' + answer.stdout + answer.stderr)
        return json.loads(answer.stdout)

    def account(self, address):
        return json.loads(self.instance.cli('show', address, '--json').stdout)

    @staticmethod
    def maildir(user, folder=''):
        return sample.delivered('/home/%s/Maildir' % user, folder)


def settle(world, *addresses):
    """An account is checked as soon as it is added: waits for that check, then checks once more."""
    return world.check(*addresses)


def test_every_protocol_and_security_byte_for_byte():
    messages = sample.messages(large=3000000)
    for protocol, security in COMMANDS:
        with World() as world:
            world.provider.fill('carol', messages)
            world.add('c@example.net', protocol, security)
            settle(world, 'c@example.net')
            equal(sample.compare(messages, world.maildir('alice')), (0, 0, 0), '%s %s' % (protocol, security))
            result = world.check('c@example.net')[0]
            equal((result['delivered'], result['known']), (0, len(messages)), 'second check')
            world.instance.restart_service()
            result = world.check('c@example.net')[0]
            equal((result['delivered'], result['known']), (0, len(messages)), 'check after a restart')
            equal(world.provider.left('carol'), len(messages), 'nothing changes at the provider')
            equal(len(world.maildir('alice')), len(messages))


def test_remove_after_delivery():
    messages = sample.small(30)
    for protocol in ('pop3', 'imap'):
        with World() as world:
            world.provider.fill('carol', messages)
            world.add('c@example.net', protocol, 'tls', 'carol', 'alice', 'Remove=after-delivery')
            settle(world, 'c@example.net')
            equal(sample.compare(messages, world.maildir('alice')), (0, 0, 0), protocol)
            equal(world.provider.left('carol'), 0, protocol + ': left at the provider')


def test_remove_after_days_keeps_what_is_young():
    with World() as world:
        world.provider.fill('carol', sample.small(3))
        world.add('c@example.net', 'imap', 'tls', 'carol', 'alice', 'Remove=after-days', 'RemoveAfterDays=1')
        settle(world, 'c@example.net')
        equal(world.provider.left('carol'), 3)
        equal(world.instance.cli('set', 'c@example.net', 'RemoveAfterDays=0').returncode, 0)
        world.check('c@example.net')
        equal(world.provider.left('carol'), 0, 'a change holds for all that the journal saw delivered')


def test_initial_new_leaves_what_was_there():
    with World() as world:
        world.provider.fill('carol', sample.small(5))
        world.add('c@example.net', 'pop3', 'tls', 'carol', 'alice', 'Initial=new', 'Remove=after-delivery')
        settle(world, 'c@example.net')
        world.provider.fill('carol', sample.small(2, start=500))
        result = world.check('c@example.net')[0]
        equal(len(world.maildir('alice')), 2)
        equal(world.provider.left('carol'), 5, 'only what was delivered is removed')
        equal(result['delivered'], 2)


def test_every_mechanism():
    for mechanism in ('scram-sha-256', 'scram-sha-1', 'cram-md5', 'plain', 'login'):
        for protocol in ('imap', 'pop3'):
            with World(mechanisms=mechanism) as world:
                world.provider.fill('carol', sample.small(1))
                world.add('c@example.net', protocol)
                settle(world, 'c@example.net')
                equal(len(world.maildir('alice')), 1, mechanism + ' ' + protocol)


def test_wrong_password_is_told_and_held_after_three():
    with World() as world:
        world.add('c@example.net', 'imap', 'tls', 'carol', 'alice', 'Enabled=false')
        wrong = world.instance.secret_file('wrong')
        equal(world.instance.cli('password', 'c@example.net', '--password-file', wrong).returncode, 0)
        equal(world.instance.cli('enable', 'c@example.net').returncode, 0)
        for _ in range(3):
            world.check('c@example.net', status=7)
        account = world.account('c@example.net')
        equal(account['problem']['code'], 'credentials-rejected')
        equal(account['state'], 'on-hold')
        equal(account['next_check'], None)
        equal(world.instance.cli('password', 'c@example.net', '--password-file', world.instance.secret_file()).returncode, 0)
        isolated.wait_for(lambda: world.account('c@example.net')['state'] == 'idle', what='mended by itself')


def test_untrusted_certificate_can_be_pinned():
    with World() as world:
        answer = world.instance.cli('add', 'c@example.net', 'Protocol=imap', 'Server=127.0.0.1', 'UserName=carol', 'LocalUser=alice',
                                    'Port=%d' % world.provider.ports['imaps'], '--password-file', world.instance.secret_file())
        equal(answer.returncode, 8, answer.stdout + answer.stderr)
        text = answer.stdout + answer.stderr
        true('sha256:' in text, text)
        pin = text[text.index('sha256:'):][:len('sha256:') + 64]
        world.provider.fill('carol', sample.small(1))
        answer = world.instance.cli('add', 'c@example.net', 'Protocol=imap', 'Server=127.0.0.1', 'UserName=carol', 'LocalUser=alice',
                                    'Port=%d' % world.provider.ports['imaps'], 'Certificate=' + pin, '--password-file',
                                    world.instance.secret_file())
        equal(answer.returncode, 0, answer.stdout + answer.stderr)
        settle(world, 'c@example.net')
        equal(len(world.maildir('alice')), 1)


def test_user_that_is_gone_puts_on_hold_and_comes_back():
    with World() as world:
        world.add('c@example.net', 'imap')
        settle(world, 'c@example.net')
        world.instance.run(['userdel', 'alice'])
        world.provider.fill('carol', sample.small(1))
        world.check('c@example.net', status=10)
        equal(world.account('c@example.net')['problem']['code'], 'recipient-unknown')
        equal(world.account('c@example.net')['state'], 'on-hold')
        uid = os.stat('/home/alice').st_uid
        world.instance.run(['useradd', '--no-create-home', '--uid', str(uid), '--shell', '/bin/bash', 'alice'])
        isolated.wait_for(lambda: world.account('c@example.net')['state'] == 'idle', what='the account to resume')
        isolated.wait_for(lambda: len(world.maildir('alice')) == 1, what='the mail')


def test_maildir_is_the_users():
    with World() as world:
        world.provider.fill('carol', sample.small(2))
        world.provider.fill('carol', sample.small(1, start=900), flags='S')
        world.add('c@example.net', 'imap', 'tls', 'carol', 'alice', 'TargetFolder=Bücher/Neu')
        settle(world, 'c@example.net')
        alice = pwd.getpwnam('alice')
        folder = '/home/alice/Maildir/.B&APw-cher.Neu'
        files = [os.path.join(folder, kind, name) for kind in ('new', 'cur') for name in os.listdir(os.path.join(folder, kind))]
        equal(len(files), 3)
        for file in files:
            status = os.stat(file)
            equal((status.st_uid, status.st_mode & 0o777), (alice.pw_uid, 0o600), file)
        equal(len(os.listdir(os.path.join(folder, 'cur'))), 1, 'mail already read arrives read')
        equal(os.listdir(os.path.join(folder, 'tmp')), [])


def test_lmtp_over_socket_and_tcp():
    for target in ('lmtp:unix:{folder}/mda/lmtp.sock', 'lmtp:127.0.0.1:{port}'):
        instance = isolated.Instance()
        with contextlib.ExitStack() as stack, Dovecot(instance.path('mda'), users=('alice',)) as mda:
            stack.callback(instance.stop)
            instance.make_world()
            instance.make_world = lambda: None
            instance.configure('[Log]\nTarget=file:{log}\n[Delivery]\nTarget='
                               + target.replace('{folder}', instance.folder).replace('{port}', str(mda.ports['lmtp'])) + '\n')
            with instance, Dovecot(instance.path('provider')) as provider:
                messages = [message for message in sample.messages(large=2000000) if b'\0' not in message]
                provider.fill('carol', messages)
                answer = instance.cli('add', 'c@example.net', 'Protocol=imap', 'Server=127.0.0.1', 'UserName=carol', 'LocalUser=alice',
                                      'Port=%d' % provider.ports['imaps'], 'Certificate=' + provider.certificate, 'Push=false',
                                      'Remove=after-delivery', '--password-file', instance.secret_file())
                equal(answer.returncode, 0, answer.stdout + answer.stderr)
                answer = instance.cli('check', 'c@example.net')
                equal(answer.returncode, 0, answer.stdout + answer.stderr + instance.read('mail.log'))
                got = sample.delivered(mda.mailbox('alice'))
                equal(len(got), len(messages))
                for message in messages:
                    true(any(message.split(b'\n\n', 1)[1].rstrip(b'\n') in one for one in got), message[:80])
                true(all(b'X-Postferry-Id: ' in one for one in got))
                equal(provider.left('carol'), 0)
                answer = instance.cli('set', 'c@example.net', 'LocalUser=nobody-there')
                instance.cli('check', 'c@example.net')
                shown = json.loads(instance.cli('show', 'c@example.net', '--json').stdout)
                equal(shown['problem']['code'], 'recipient-unknown', 'LMTP RCPT TO is asked first')


def test_idle_brings_mail_at_once():
    with World() as world:
        world.add('c@example.net', 'imap', 'tls', 'carol', 'alice', 'Interval=86400')
        world.instance.cli('set', 'c@example.net', 'Push=true')
        world.check('c@example.net')
        isolated.wait_for(lambda: world.account('c@example.net')['state'] == 'listening', what='listening')
        world.provider.fill('carol', sample.small(1))
        isolated.wait_for(lambda: len(world.maildir('alice')) == 1, what='the mail that came while listening')


def test_two_accounts_on_one_mailbox_get_a_copy_each():
    with World() as world:
        world.provider.fill('carol', sample.small(5))
        world.add('one@example.net', 'imap', 'tls', 'carol', 'alice')
        world.add('two@example.net', 'pop3', 'tls', 'carol', 'bob')
        world.check()
        equal((len(world.maildir('alice')), len(world.maildir('bob'))), (5, 5))


def test_uidvalidity_change_delivers_nothing_twice():
    with World() as world:
        messages = sample.small(10)
        world.provider.fill('carol', messages)
        world.add('c@example.net', 'imap')
        settle(world, 'c@example.net')
        path = os.path.join(world.provider.mailbox('carol'), 'dovecot-uidlist')
        with open(path, encoding='utf-8') as file:
            before = int(re.search(r' V([0-9]+)', file.readline())[1])
        # Dovecot's UIDVALIDITY is the second in which it is made.
        isolated.wait_for(lambda: time.time() >= before + 1, what='another second')
        os.remove(path)
        for name in os.listdir(world.provider.mailbox('carol')):
            if name.startswith('dovecot'):
                os.remove(os.path.join(world.provider.mailbox('carol'), name))
        world.provider.fill('carol', sample.small(1, start=700))
        result = world.check('c@example.net')[0]
        equal((result['delivered'], result['known']), (1, 10), 'recognised by content')
        equal(len(world.maildir('alice')), 11)


def test_another_protocol_delivers_nothing_twice():
    with World() as world:
        world.provider.fill('carol', sample.small(5))
        world.add('c@example.net', 'pop3')
        settle(world, 'c@example.net')
        world.provider.fill('carol', sample.small(2, start=500))
        for protocol in ('imap', 'pop3'):
            equal(world.instance.cli('set', 'c@example.net', 'Protocol=' + protocol,
                                     'Port=%d' % world.provider.ports[COMMANDS[protocol, 'tls']]).returncode, 0)
            world.check('c@example.net')
            equal(len(world.maildir('alice')), 7, protocol)
        equal(world.check('c@example.net')[0]['known'], 7)


def test_one_mailbox_for_several_people():
    def to(address, number):
        return b'X-Original-To: ' + address + b'\n' + sample.head(number) + b'text\n'

    with World() as world:
        world.provider.fill('carol', [to(b'anna@firm.example', 1), to(b'Bob@people.example', 2), to(b'both@firm.example', 3),
                                      to(b'nobody-there@people.example', 4), to(b'else@where.example', 5), sample.head(6) + b'none\n'])
        world.add('c@example.net', 'imap', 'tls', 'carol', 'alice', 'EnvelopeHeader=X-Original-To', 'Recipients=anna@firm.example=alice',
                  'Recipients=both@firm.example=alice', 'Recipients=both@firm.example=bob', 'Recipients=*@people.example=*')
        result = world.check('c@example.net')[0]
        equal(result['problem'], None)
        numbers = {user: sorted(int(message.split(b'Message-ID: <')[1].split(b'.')[0]) for message in world.maildir(user))
                   for user in ('alice', 'bob')}
        equal(numbers, {'alice': [1, 3, 4, 5, 6], 'bob': [2, 3]})


def test_folders_by_glob_and_special_use():
    extra = 'namespace inbox {\n  mailbox Spam {\n    special_use = \\Junk\n    auto = create\n  }\n}\n'
    with World(extra=extra) as world:
        box = world.provider.mailbox('carol')
        for number, folder in enumerate(('', '.Work.A', '.Work.B', '.Spam', '.Other')):
            for kind in ('tmp', 'new', 'cur'):
                os.makedirs(os.path.join(box, folder, kind), exist_ok=True)
            with open(os.path.join(box, folder, 'new', '%d.x.provider' % number), 'wb') as file:
                file.write(sample.head(number) + b'text\n')
        world.provider.own(box)
        world.add('c@example.net', 'imap', 'tls', 'carol', 'alice', 'Folders=INBOX;Work/*;!Work/B;\\Junk')
        world.check('c@example.net')
        equal((len(world.maildir('alice')), len(world.maildir('alice', '.Junk'))), (2, 1))
        account = world.account('c@example.net')
        equal((account['delivered'], account['junked'], account['on_server']), (2, 1, 3))
        world.instance.cli('set', 'c@example.net', 'Folders=Nowhere')
        world.check('c@example.net', status=10)
        equal(world.account('c@example.net')['problem']['code'], 'folder-missing')


def test_limits_of_size_and_number():
    with World() as world:
        world.provider.fill('carol', sample.small(7) + [sample.head(50) + b'x' * 70 * 3000])
        world.add('c@example.net', 'pop3', 'tls', 'carol', 'alice', 'MaxMessageSize=100K', 'MaxMessagesPerCheck=3')
        isolated.wait_for(lambda: len(world.maildir('alice')) == 7, what='the rest follows without waiting for the interval')
        result = world.check('c@example.net')[0]
        equal((result['skipped'], result['known']), (1, 7))


def test_explain_changes_nothing():
    with World() as world:
        world.add('c@example.net', 'pop3', 'tls', 'carol', 'alice', 'Remove=after-delivery', 'Enabled=false')
        world.provider.fill('carol', sample.small(2))
        answer = world.instance.cli('check', 'c@example.net', '--explain', '--json')
        equal(answer.returncode, 0, answer.stdout + answer.stderr)
        equal([message['new'] for message in json.loads(answer.stdout)[0]['messages']], [True, True])
        equal((world.provider.left('carol'), os.path.exists('/home/alice/Maildir/new') and len(world.maildir('alice'))), (2, False))


if __name__ == '__main__':
    isolated.enter()
    harness.run_tests(globals())
