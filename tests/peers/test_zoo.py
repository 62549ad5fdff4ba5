#!/usr/bin/python3
"""The whole way against the servers that Debian has: each message once, byte for byte, and never the wrong one removed.

All servers and all their accounts are checked at once. The accounts of a server differ in what they remove; each passes through the same
rounds: mail arrives between two checks and during one, another client removes what was just listed, time passes.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import harness  # noqa: E402
import inetd  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
import zoo  # noqa: E402
from harness import equal  # noqa: E402

CONF = ('[Log]\nTarget=file:{log}\n[Limits]\nConnections=64\nConnectionsPerServer=64\n[Local]\nMailbox={maildir}\n'
        '[Filter]\nRspamdUrl=off\nClamdSocket=off\n')
# name: settings
POLICIES = {'keep': ['Remove=never'], 'take': ['Remove=after-delivery'], 'days': ['Remove=after-days', 'RemoveAfterDays=14'],
            'new': ['Remove=after-delivery', 'Initial=new']}
BODIES = rb'^(RETR |\S+ UID FETCH \S+ \(?[^\r\n]*BODY)'


class Account:
    def __init__(self, animal, protocol, policy):
        self.animal, self.protocol, self.policy = animal, protocol, policy
        self.user = ('%s%s%s' % (animal.name, protocol[0], policy[0])).lower()
        self.address = self.user + '@example.net'
        self.mine = []       # what must be delivered
        self.perhaps = []    # what another client may have taken away first
        self.never = []      # what was there before the account was added

    def __str__(self):
        return '%s %s %s' % (self.animal.name, self.protocol, self.policy)

    def put(self, messages, where=None):
        self.animal.put(self.user, messages)
        (self.mine if where is None else where).extend(messages)

    def delivered(self, maildir):
        return sample.delivered(maildir, '.' + self.user)

    def wrong(self, maildir):
        """What is not as it should be with what was delivered, in words; None when all is well."""
        seen = self.animal.seen
        got = [seen(sample.strip(message)) for message in self.delivered(maildir)]
        missing, doubled, strange = sample.compare([seen(self.animal.served(message)) for message in self.mine + self.perhaps], got)
        if missing > len(self.perhaps) or doubled or strange:
            odd = [message for message in got if not any(sample.same(seen(self.animal.served(one)), message)
                                                         for one in self.mine + self.perhaps)]
            return '%s: %d missing (%d may), %d doubled, %d strange %s' % (self, missing, len(self.perhaps), doubled, strange,
                                                                           [message[:500] for message in odd[:1]])
        return None


class World:
    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='postferry-')
        self.maildir = os.path.join(self.folder, 'Maildir')
        os.chmod(self.folder, 0o755)
        scratch = os.path.join(self.folder, 'scratch')
        os.makedirs(scratch)
        subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', scratch], check=True)
        zoo.lay_over(scratch)
        animals = [animal(os.path.join(self.folder, animal.__name__.lower())) for animal in zoo.ALL
                   if os.environ.get('PF_ZOO', '') in animal.__name__]
        self.accounts = [Account(animal, protocol, policy) for animal in animals for protocol in animal.protocols for policy in POLICIES]
        answer = subprocess.run(['openssl', 'passwd', '-5', zoo.SECRET], check=True, capture_output=True, text=True)
        zoo.add_users([account.user for account in self.accounts], answer.stdout.strip())
        for animal in animals:
            animal.start([account.user for account in self.accounts if account.animal is animal])
        for account in self.accounts:
            account.wire = inetd.Wire(account.animal.ports[account.protocol])
        self.instance = isolated.Instance(folder=self.folder, session=True)
        self.instance.configure(CONF.replace('{maildir}', self.maildir))
        self.instance.__enter__()
        return self

    def __exit__(self, *exception):
        if exception[0] is not None:
            print(self.instance.read('mail.log')[-6000:])
            print(self.instance.read('service.log')[-3000:])
        self.instance.__exit__()

    def add(self, account):
        answer = self.instance.cli('add', account.address, 'Protocol=' + account.protocol, 'Security=none', 'Server=127.0.0.1',
                                   'Port=%d' % account.wire.port, 'UserName=' + account.user, 'TargetFolder=' + account.user, 'Push=false',
                                   'Enabled=false', *POLICIES[account.policy], *(account.animal.settings if account.protocol == 'imap' else []), '--no-test', '--password-file',
                                   self.instance.secret_file(zoo.SECRET))
        equal(answer.returncode, 0, answer.stdout + answer.stderr)

    def check(self, accounts=None, fault=False):
        """Checks all at once; answers results by address. Unless `fault`, no account may have a problem."""
        accounts = accounts or self.accounts
        answer = self.instance.cli('check', '--json', *[account.address for account in accounts])
        results = {result['account']: result for result in json.loads(answer.stdout)}
        wrong = ['%s: %s' % (account, results[account.address]['problem']) for account in accounts if results[account.address]['problem']]
        if not fault:
            equal(wrong, [])
        return results

    def expect(self, what, left=None):
        """Each account has what it should have, and its server `left(account)` messages."""
        wrong = [text for text in (account.wrong(self.maildir) for account in self.accounts) if text]
        for account in self.accounts if left is not None else []:
            there, wanted = account.animal.left(account.user), left(account)
            if there != wanted:
                wrong.append('%s: %d left, wanted %d %s' % (account, there, wanted, [one[:300] for one in account.animal.stored(account.user)[-1:]]))
        equal(wrong, [], what)

    def let_pass(self, days):
        """All deliveries were so many days earlier."""
        self.instance.end('service')
        journal = sqlite3.connect(os.path.join(self.folder, 'state', 'journal.db'))
        journal.execute("UPDATE message SET time = time - ? WHERE digest != ''", (days * 86400 * 1000000,))
        journal.execute('UPDATE folder SET listed = listed - ?, due = max(due - ?, 0)', (days * 86400 * 1000000,) * 2)
        journal.commit()
        journal.close()
        self.instance.start_service()


def first_mail(animal):
    messages = sample.messages(large=200000)
    if animal.eight_bit_headers:
        messages.append(sample.head(40, 'Grüße'.encode('latin-1')) + b'8-bit octets in the header\n')
    return messages + [messages[0], sample.head(41, b'twin', b'Status: O\n') + b'Twins.\n']


def kept(account):
    """How many messages lie at the server when everything due is gone."""
    gone = [] if account.policy in ('keep', 'days') else account.mine
    return len(account.never) + len(account.mine) - len(gone)


def test_each_message_once_and_never_the_wrong_one_removed():
    with World() as world:
        for account in world.accounts:
            account.put(first_mail(account.animal), account.never if account.policy == 'new' else None)
            world.add(account)
        world.check()
        world.expect('the first check', kept)
        results = world.check()
        equal([str(account) for account in world.accounts if results[account.address]['delivered']], [], 'a second check')

        # Between two checks: a new one, one that differs from a delivered one in its body alone (popa3d: one UIDL, one size), and a copy of
        # one that was delivered. A copy of one that was removed is no news.
        for account in world.accounts:
            account.put(sample.small(1, start=500) + [sample.messages(large=0)[0].replace(b'A plain', b'B PLAIN')])
            if account.policy in ('keep', 'days'):
                account.put(sample.messages(large=0)[1:2])
        world.check()
        world.expect('mail that arrived between two checks', kept)

        # While the first message is asked for, another one arrives.
        for account in world.accounts:
            account.put(sample.small(2, start=510))
            account.wire.arm(BODIES, lambda account=account: account.put(sample.small(1, start=520)))
        world.check(fault=True)
        world.check()
        equal([str(account) for account in world.accounts if account.wire.armed], [], 'asked for no body')
        world.expect('mail that arrived during a check', kept)

        # While the first message is asked for, another client removes all that is new.
        for account in world.accounts:
            count = account.animal.left(account.user)
            account.put(sample.small(2, start=530), account.perhaps)
            account.wire.arm(BODIES, lambda account=account, count=count: take_away(account, [count + 1, count + 2]))
        world.check(fault=True)
        world.check()
        world.check()
        world.expect('removed by another client')

        # After 15 days: what was delivered goes, what has just come stays.
        for account in world.accounts:
            account.before = account.animal.left(account.user)
        world.let_pass(15)
        for account in world.accounts:
            account.put(sample.small(1, start=550))
        world.check()
        world.check()
        world.expect('after 15 days', lambda account: {'days': 1, 'keep': account.before + 1, 'take': 0,
                                                       'new': len(account.never)}[account.policy])


def take_away(account, numbers):
    try:
        account.animal.remove(account.user, numbers)
    except Exception:  # one session a mailbox: the other one waits then
        pass


if __name__ == '__main__':
    isolated.enter()
    harness.run_tests(globals())
