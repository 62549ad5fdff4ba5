#!/usr/bin/python3
"""Power loss at every point of a check: only what was synced is left. No acknowledged delivery may be missing then.

A recorder (record.c) is preloaded into the service and its helper; the provider is a stand-in that writes into the same record
when it lets a message go. From each length of the record the tree is made as a power loss would leave it:
- a message that is gone at the provider is in the Maildir or in quarantine, and the journal knows it as delivered;
- a message that the journal has as delivered is there as well;
- a file in the Maildir has at least its intent in the journal, so that it is not delivered a second time;
- an account that was said to be added is there with its secret, and the journal can be read.
Needs root, a compiler, and a build without sanitizers (PF_BUILD, else PF_BUILD_PLAIN or build/plain).
"""

import os
import pwd
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import trial  # noqa: E402
import harness  # noqa: E402
import hostile  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
from harness import equal, true  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CONF = '[Log]\nTarget=file:{log}\n[Limits]\nMinimumFreeDisk=1M\n'
INTENT, DELIVERED, GONE = 1, 2, 3
LOOP = b'Received: from a by b; Mon, 03 Nov 2025 10:00:00 +0000\n' * 120
TEXTS = [trial.message('power-%d' % i) for i in range(5)] + [trial.message('power-large', 1200000), LOOP + trial.message('power-loop')]


def build():
    """A build whose service a library can be preloaded into."""
    for path in (isolated.BUILD, os.environ.get('PF_BUILD_PLAIN', ''), os.path.join(isolated.SOURCE, 'build', 'plain')):
        program = os.path.join(path, 'service', 'postferryd')
        if path and os.path.exists(program):
            linked = subprocess.run(['ldd', program], capture_output=True, text=True, check=True).stdout
            if 'libasan' not in linked:
                return path
    raise harness.Skip('there is no build without sanitizers')


def key_of(path):
    status = os.stat(path)
    return status.st_dev, status.st_ino


class Record:
    """What was recorded, and the tree that is left of each part of it."""

    def __init__(self, folder, roots):
        self.folder = folder
        self.roots = roots
        os.mkdir(folder)
        os.chmod(folder, 0o777)
        with open(self.path('log'), 'w', encoding='ascii'):
            pass
        os.chmod(self.path('log'), 0o666)
        self.library = self.path('record.so')
        subprocess.run(['cc', '-shared', '-fPIC', '-O1', '-Wall', '-o', self.library, os.path.join(HERE, 'record.c'), '-ldl'], check=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def note(self, line):
        """A line of the test's own among the recorded ones: in one write."""
        fd = os.open(self.path('log'), os.O_WRONLY | os.O_APPEND)
        os.write(fd, line.encode() + b'\n')
        os.close(fd)

    def begin(self):
        """All that is there now is on the disk."""
        self.content, self.names = {}, {}
        for root in self.roots:
            for folder, _, names in os.walk(root):
                device = os.stat(folder).st_dev
                with os.scandir(folder) as entries:
                    self.names[key_of(folder)] = {entry.name: (device, entry.inode()) for entry in entries}
                for name in names:
                    path = os.path.join(folder, name)
                    if os.path.isfile(path) and not os.path.islink(path):
                        with open(path, 'rb') as file:
                            self.content[key_of(path)] = file.read()
        with open(self.path('log'), encoding='ascii') as log:
            self.skip = len(log.readlines())

    def lines(self):
        """Goes through the record; yields each line's words when its effect is on the disk."""
        with open(self.path('log'), encoding='ascii') as log:
            recorded = log.read().splitlines()[self.skip:]
        for line in recorded:
            words = line.split()
            true(words[0] != 'X', 'the recorder does not understand ' + line)
            if words[0] in 'FD':
                with open(self.path(words[3]), 'rb') as file:
                    data = file.read()
                device, inode = int(words[1]), int(words[2])
                if words[0] == 'F':
                    self.content[device, inode] = data
                else:
                    rows = [row.split(b' ', 2) for row in data.splitlines()]
                    self.names[device, inode] = {row[2].decode(): (device, int(row[0])) for row in rows if row[2] not in (b'.', b'..')}
            yield words

    def folder_of(self, path):
        """The names that are left in a folder: {name: inode}."""
        root = next(root for root in self.roots if path == root or path.startswith(root + '/'))
        inode = key_of(root)
        for part in [part for part in path[len(root):].split('/') if part]:
            inode = self.names.get(inode, {}).get(part)
            if inode is None:
                return {}
        return self.names.get(inode, {})

    def files_in(self, path):
        """What is left of a folder's files: {name: content}; one that was never synced is empty."""
        return {name: self.content.get(inode, b'') for name, inode in self.folder_of(path).items() if inode not in self.names}


class Loss:
    """One account's check under the recorder."""

    def __init__(self, instance, record, server, folder):
        self.instance, self.record, self.server, self.folder = instance, record, server, folder
        self.gone, self.added, self.points = set(), False, 0

    def journal(self):
        """{uid: state} of what is left of the journal."""
        left = self.record.files_in(self.instance.path('state'))
        with tempfile.TemporaryDirectory() as folder:
            for name in ('journal.db', 'journal.db-wal'):
                if name in left:
                    with open(os.path.join(folder, name), 'wb') as file:
                        file.write(left[name])
            database = sqlite3.connect(os.path.join(folder, 'journal.db'))
            try:
                equal(database.execute('PRAGMA integrity_check').fetchone()[0], 'ok', 'the journal')
                return dict(database.execute('SELECT uid, state FROM message').fetchall())
            finally:
                database.close()

    def mail(self):
        """(numbers of the messages that are left whole, how many files there are in the Maildir that are not)."""
        maildir = '/home/alice/Maildir' + self.folder
        texts = list(self.record.files_in(maildir + '/new').values()) + list(self.record.files_in(maildir + '/cur').values())
        held = [text for name, text in self.record.files_in(self.instance.path('state', 'quarantine')).items() if name.endswith('.eml')]
        here = {i + 1 for i, original in enumerate(TEXTS) if any(sample.same(original, text) or text.endswith(original)
                                                                  for text in texts + held)}
        return here, sum(1 for text in texts if not any(text.endswith(original) for original in TEXTS))

    def look(self, words):
        """What must hold when the power goes right behind this line."""
        self.points += 1
        if words[0] == 'R':
            self.gone.add(int(words[1]))
        elif words[0] == 'A':
            self.added = True
        where = 'behind line %d, %s' % (self.points, ' '.join(words))
        rows = {int(uid.rpartition('-')[2]): state for uid, state in self.journal().items()}
        here, broken = self.mail()
        delivered = {uid for uid, state in rows.items() if state in (DELIVERED, GONE)}
        equal(self.gone - here, set(), 'gone at the provider and lost, ' + where)
        equal(self.gone - delivered, set(), 'gone at the provider, and the journal does not know, ' + where)
        equal(delivered - here, set(), 'delivered by the journal and lost, ' + where)
        equal(here - set(rows), set(), 'delivered without an intent, ' + where)
        equal(broken, 0, 'files in the Maildir that are no whole message, ' + where)
        if self.added:
            accounts = self.record.files_in(self.instance.path('config', 'accounts.d'))
            true(any(b'[Account]' in text for text in accounts.values()), 'the account that was added, ' + where)
            true(len(self.record.files_in(self.instance.path('state')).get('keyring', b'')) > 100, 'its secret, ' + where)


def provider(base, record):
    """A server that notes in the record what it lets go, before it does."""
    class Noting(base):
        def do_quit(self, line, argument):
            for number in sorted(self.deleted):
                record.note('R %d' % number)
            return hostile.Pop3.do_quit(self, line, argument)

        def do_uid_expunge(self, line, tag, argument):
            for number in self.chosen(argument):
                record.note('R %d' % number)
            hostile.Imap.do_uid_expunge(self, line, tag, argument)
    return Noting([text.replace(b'\n', b'\r\n') for text in TEXTS])


def leave_folder(folder):
    """A Maildir folder as a helper leaves it that was killed before it had synced the names. Not recorded: not on the disk."""
    user = pwd.getpwnam('alice')
    maildir = '/home/alice/Maildir'
    for path in (maildir, maildir + folder):
        for name in ('', '/tmp', '/new', '/cur'):
            os.makedirs(path + name, exist_ok=True)
            os.chown(path + name, user.pw_uid, user.pw_gid)


def lose_power(protocol, remove, folder, killed=False):
    with isolated.Instance(polkit=False, build=build()) as instance:
        instance.end('service')
        # A file system that uses no inode number twice.
        state = subprocess.run(['stat', '-c', '%u:%g', instance.path('state')], capture_output=True, text=True, check=True).stdout.strip()
        for name in ('state', 'config'):
            instance.mount_tmpfs(instance.path(name))
            subprocess.run(['chown', state, instance.path(name)], check=True)
        instance.configure(CONF)
        record = Record(instance.path('record'), [instance.path('state'), instance.path('config'), '/home'])
        instance.service_environment.update(LD_PRELOAD=record.library, RECORD_FOLDER=record.folder)
        instance.start_service()
        record.begin()
        if killed:
            leave_folder('/.' + folder if folder else '')
        server = provider(hostile.Pop3 if protocol == 'pop3' else hostile.Imap, record)
        answer = instance.cli('add', 'p@example.net', 'Protocol=' + protocol, 'Security=none', 'Server=127.0.0.1', 'Port=%d' % server.port,
                              'LocalUser=alice', 'Remove=' + remove, 'Push=false', 'Enabled=false', 'TargetFolder=' + folder, '--no-test',
                              '--password-file', instance.secret_file())
        equal(answer.returncode, 0, answer.stdout + answer.stderr)
        record.note('A')
        answer = instance.cli('check', 'p@example.net')
        equal(answer.returncode, 0, answer.stdout + answer.stderr)
        instance.end('service')
        loss = Loss(instance, record, server, '/.' + folder if folder else '')
        for words in record.lines():
            loss.look(words)
        here, _ = loss.mail()
        equal(here, set(range(1, len(TEXTS) + 1)), 'at the end all is there')
        equal(len(loss.gone), len(TEXTS) if remove == 'after-delivery' else 0, 'gone at the provider')
        print('     %s, Remove=%s, %s: %d points' % (protocol, remove, folder or 'inbox', loss.points), flush=True)


def test_pop3_removing():
    lose_power('pop3', 'after-delivery', '')


def test_imap_removing():
    lose_power('imap', 'after-delivery', '')


def test_imap_keeping_into_a_new_folder():
    lose_power('imap', 'never', 'Work')


def test_into_the_inbox_that_a_killed_helper_left():
    """Fails when only what this child made is synced."""
    lose_power('pop3', 'after-delivery', '', True)


def test_into_a_folder_that_a_killed_helper_left():
    lose_power('imap', 'after-delivery', 'Work', True)


if __name__ == '__main__':
    isolated.enter()
    harness.run_tests(globals())
