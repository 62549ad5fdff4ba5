#!/usr/bin/python3
"""No room: in the spool, in the journal, in the Maildir; a quota; a state folder that cannot be written to.

Each is told as what it is, the mail stays at the provider, nothing is counted against a message, the next try is scheduled, and
when there is room again everything is delivered once. Small tmpfs mounts in a namespace of its own: needs root.
"""

import json
import os
import pwd
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import trial  # noqa: E402
import harness  # noqa: E402
import instance as isolated  # noqa: E402
import mailbox  # noqa: E402
import sample  # noqa: E402
from harness import equal, true  # noqa: E402

CONF = '[Log]\nTarget=file:{log}\n[Limits]\nMinimumFreeDisk=%s\n'
ADDRESS = 'd@example.net'
SET_ASIDE = 4
TEXTS = [trial.message('disk-%d' % i) for i in range(4)] + [trial.message('disk-large', 3 << 20)]


class Kit:
    """A service whose state is on a small file system, and a provider that removes what was delivered."""

    def __init__(self, server_class=mailbox.Pop3, minimum='1M', enabled='true'):
        self.server_class, self.minimum, self.enabled = server_class, minimum, enabled

    def __enter__(self):
        self.instance = isolated.Instance(polkit=False)
        self.instance.__enter__()
        self.instance.end('service')
        self.mount('state', self.instance.path('state'), '24m', 'postferry')
        self.instance.configure(CONF % self.minimum)
        self.instance.start_service()
        self.box = mailbox.Mailbox([text.replace(b'\n', b'\r\n') for text in TEXTS])
        self.server = self.server_class(self.box)
        return self

    def __exit__(self, *exception):
        if exception[0] is not None:
            print(self.instance.read('mail.log')[-3000:])
            print(self.instance.read('service.log')[-1500:])
        self.instance.__exit__()
        self.server.close()

    def mount(self, name, path, size, user):
        entry = pwd.getpwnam(user)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%s,mode=700,uid=%d,gid=%d' % (size, entry.pw_uid, entry.pw_gid), name, path],
                       check=True)
        self.instance.mounts.append(path)

    def fill(self, folder, left):
        """Leaves so many octets free where `folder` is. Answers the file that takes the room."""
        path = os.path.join(folder, 'ballast')
        status = os.statvfs(folder)
        with open(path, 'wb') as file:
            file.write(b'x' * max(0, status.f_bavail * status.f_frsize - left))
        return path

    def add(self):
        """Added, it is checked at once, and again when it fails."""
        answer = self.instance.cli('add', ADDRESS, 'Protocol=' + ('pop3' if self.server_class == mailbox.Pop3 else 'imap'), 'Security=none',
                                   'Server=127.0.0.1', 'Port=%d' % self.server.port, 'LocalUser=alice', 'Remove=after-delivery', 'Push=false',
                                   'Enabled=' + self.enabled, '--no-test', '--password-file', self.instance.secret_file())
        equal(answer.returncode, 0, answer.stdout + answer.stderr)

    def check(self):
        done = json.loads(self.instance.cli('check', ADDRESS, '--json').stdout)[0]
        return done['delivered'], (done['problem'] or {}).get('code')

    def fails(self, codes, states=('retrying',), restart=True):
        """Five times, more than one message would be given: nothing is removed that is not delivered, the next try is planned."""
        for _ in range(5):
            code = self.check()[1]
            true(code in codes, '%s, wanted one of %s' % (code, codes))
        account = json.loads(self.instance.cli('show', ADDRESS, '--json').stdout)
        true(account['state'] in states and account['next_check'], '%s, next check %s' % (account['state'], account['next_check']))
        got = sample.delivered('/home/alice/Maildir')
        for text in self.box.removed:
            true(any(sample.same(text.replace(b'\r\n', b'\n'), one) for one in got), 'removed, not delivered')
        if restart:
            equal(self.set_aside(), 0, 'messages that it was counted against')

    def set_aside(self):
        """How many messages the journal has as set aside. It is read while nobody has it open."""
        self.instance.end('service')
        journal = sqlite3.connect('file:%s?immutable=1' % self.instance.path('state', 'journal.db'), uri=True)
        count = journal.execute('SELECT count(*) FROM message WHERE state = ?', (SET_ASIDE,)).fetchone()[0]
        journal.close()
        self.instance.start_service()
        return count

    def recovers(self):
        for _ in range(2):
            code = self.check()[1]
            equal(code, None)
        equal(self.box.texts(), [], 'left at the provider')
        equal(sample.compare(TEXTS, sample.delivered('/home/alice/Maildir')), (0, 0, 0))


def test_less_free_than_must_stay_so():
    for server_class in (mailbox.Pop3, mailbox.Imap):
        with Kit(server_class, minimum='8M') as kit:
            ballast = kit.fill(kit.instance.path('state'), 4 << 20)
            kit.add()
            kit.fails({'disk-low'})
            equal((sample.delivered('/home/alice/Maildir'), len(kit.box.texts())), ([], len(TEXTS)))
            os.unlink(ballast)
            kit.recovers()


def test_spool_full():
    for server_class in (mailbox.Pop3, mailbox.Imap):
        with Kit(server_class) as kit:
            ballast = kit.fill(kit.instance.path('state'), 2 << 20)
            kit.add()
            kit.fails({'disk-low'})
            os.unlink(ballast)
            kit.recovers()


def test_journal_full():
    for server_class in (mailbox.Pop3, mailbox.Imap):
        with Kit(server_class, minimum='1', enabled='false') as kit:
            kit.add()
            ballast = kit.fill(kit.instance.path('state'), 8192)
            for _ in range(5):
                delivered, code = kit.check()
                equal((delivered, code), (0, 'disk-low'))
            equal(kit.box.removed, [])
            os.unlink(ballast)
            kit.recovers()


def test_maildir_full():
    for server_class in (mailbox.Pop3, mailbox.Imap):
        with Kit(server_class) as kit:
            kit.mount('home', '/home/alice', '1m', 'alice')
            kit.add()
            kit.fails({'delivery-deferred'})
            subprocess.run(['mount', '-o', 'remount,size=16m', '/home/alice'], check=True)
            kit.recovers()


def test_quota():
    with Kit() as kit:
        maildir = '/home/alice/Maildir'
        for name in ('', 'tmp', 'new', 'cur'):
            os.makedirs(os.path.join(maildir, name), exist_ok=True)
        with open(os.path.join(maildir, 'maildirsize'), 'w', encoding='ascii') as file:
            file.write('10000S\n0 0\n')
        subprocess.run(['chown', '-R', 'alice:', maildir], check=True)
        kit.add()
        kit.fails({'recipient-over-quota'}, {'on-hold'})
        os.unlink(os.path.join(maildir, 'maildirsize'))
        kit.recovers()


def test_state_that_cannot_be_written_to():
    for server_class in (mailbox.Pop3, mailbox.Imap):
        with Kit(server_class) as kit:
            spool = kit.instance.path('state', 'spool')
            subprocess.run(['mount', '--bind', spool, spool], check=True)
            subprocess.run(['mount', '-o', 'remount,bind,ro', spool], check=True)
            try:
                kit.add()
                kit.fails({'disk-low'}, restart=False)
            finally:
                subprocess.run(['umount', '-l', spool], check=True)
            kit.recovers()


def test_a_spool_that_cannot_be_written_to_at_the_start():
    """Fails when the supervisor, or the daemon, ends over it."""
    with Kit(mailbox.Imap) as kit:
        spool = kit.instance.path('state', 'spool')
        subprocess.run(['mount', '--bind', spool, spool], check=True)
        subprocess.run(['mount', '-o', 'remount,bind,ro', spool], check=True)
        try:
            kit.instance.restart_service()
            kit.add()
            kit.fails({'disk-low'}, restart=False)
        finally:
            subprocess.run(['umount', '-l', spool], check=True)
        kit.recovers()


def test_a_state_that_cannot_be_written_to_at_the_start():
    """Fails when pf_journal_open() gives up where the disk cannot be written to, or never tries again."""
    with Kit(mailbox.Imap) as kit:
        kit.add()
        kit.recovers()
        state = kit.instance.path('state')
        kit.instance.end('service')
        subprocess.run(['mount', '-o', 'remount,ro', state], check=True)
        try:
            kit.instance.start_service()
            kit.box.arrive(trial.message('late').replace(b'\n', b'\r\n'))
            equal(kit.check(), (0, 'disk-low'))
        finally:
            subprocess.run(['mount', '-o', 'remount,rw', state], check=True)
        isolated.wait_for(lambda: 'the journal is open' in kit.instance.read('mail.log'), 30, 'the journal')
        equal(kit.check(), (1, None))
        shown = json.loads(kit.instance.cli('show', ADDRESS, '--json').stdout)
        equal(shown['delivered'], len(TEXTS) + 1)


def test_when_there_is_room_mail_comes_by_itself():
    """The next try is planned, and nobody asks for one: a minute later."""
    if 'PF_SLOW' not in os.environ:
        raise harness.Skip('it takes more than a minute: set PF_SLOW')
    with Kit(mailbox.Imap) as kit:
        ballast = kit.fill(kit.instance.path('state'), 2 << 20)
        kit.add()
        isolated.wait_for(lambda: 'retrying' in kit.instance.cli('list', '--no-legend').stdout, what='the failure to be told')
        os.unlink(ballast)
        isolated.wait_for(lambda: kit.box.texts() == [], 300, 'the mail to be fetched and removed')
        equal(sample.compare(TEXTS, sample.delivered('/home/alice/Maildir')), (0, 0, 0))


if __name__ == '__main__':
    isolated.enter()
    harness.run_tests(globals())
