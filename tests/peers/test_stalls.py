#!/usr/bin/python3
"""A server that stops, or cuts the line, after any octet of an ordinary dialogue; all positions of a protocol at once.

Right is a named problem within the time-outs, every message once, none cut, none removed that was not delivered; and when the
server behaves again, the next check brings the rest.
"""

import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import hostile  # noqa: E402
import sample  # noqa: E402
import test_hostile  # noqa: E402
from harness import equal  # noqa: E402

CONF = ('[Log]\nTarget=file:{log}\n[Limits]\nConnectTimeout=2\nReplyTimeout=1\nCommandTimeout=2\nConnections=100\nConnectionsPerServer=100\n'
        '[Local]\nMailbox={maildir}\n[Filter]\nRspamdUrl=off\nClamdSocket=off\n')
MESSAGES = [message.replace(b'\n', b'\r\n') for message in sample.small(2, 300)]
PROBLEMS = {'stall': {'timed-out'}, 'drip': {'timed-out', 'protocol-error', None}, 'cut': {'connection-failed', 'tls-failed', 'server-busy'}}
# How long a check may take at most, all positions at once: the time-outs, and what a busy machine adds.
LONGEST = 40
# A sweep's; all of them: PF_POSITIONS=9999.
POSITIONS = int(os.environ.get('PF_POSITIONS', '30'))


class Limited:
    """A line that sends `left` octets and then stalls, drips or is cut; told how much went through in all."""

    def __init__(self, line, server):
        self.inner = line
        self.server = server

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def send(self, data):
        data = data if isinstance(data, bytes) else data.encode('latin-1')
        server = self.server
        server.sent += len(data)
        if server.left is None:
            return self.inner.send(data)
        now, later = data[:server.left], data[server.left:]
        server.left -= len(now)
        self.inner.send(now)
        if not later:
            return None
        if server.how == 'cut':
            self.inner.sock.shutdown(2)
            raise hostile.Close()
        for octet in later if server.how == 'drip' else b'':
            time.sleep(0.9)
            self.inner.send(bytes([octet]))
        raise hostile.Hang()


def limited(base):
    class F(base):
        left = None
        how = ''
        sent = 0

        def talk(self, line):
            base.talk(self, Limited(line, self))
    return F


def octets(kit, server_class, security, *settings):
    """How many octets the server says in a check that goes well."""
    server = kit.check(limited(server_class), security, MESSAGES, 1, *settings)[2]
    return server.sent


class Position:
    def __init__(self, kit, number, server_class, security, how, left):
        self.server = limited(server_class)(MESSAGES, security, kit.context)
        self.server.how, self.server.left = how, left
        self.how, self.left = how, left
        self.user = 's%d' % number
        self.address = self.user + '@example.net'
        protocol = 'pop3' if issubclass(server_class, hostile.Pop3) else 'imap'
        answer = kit.instance.cli('add', self.address, 'Protocol=' + protocol, 'Security=' + security, 'Server=127.0.0.1',
                                  'Port=%d' % self.server.port, 'Certificate=' + kit.certificate, 'Enabled=false', 'Push=false',
                                  'Remove=after-delivery', 'TargetFolder=' + self.user, '--no-test', '--password-file',
                                  kit.instance.secret_file())
        equal(answer.returncode, 0, answer.stdout + answer.stderr)

    def __str__(self):
        return '%s after %d octets' % (self.how, self.left)

    def wrong(self, kit, last):
        got = sample.delivered(kit.maildir, '.' + self.user)
        missing, doubled, strange = sample.compare([message.replace(b'\r\n', b'\n') for message in MESSAGES], got)
        removed = set(self.server.removed)
        problems = []
        if doubled or strange or (last and missing):
            problems.append('%s: %d missing, %d doubled, %d strange' % (self, missing, doubled, strange))
        for uid in removed:
            if not any(sample.same(MESSAGES[uid - 1].replace(b'\r\n', b'\n'), one) for one in got):
                problems.append('%s: %d removed, not delivered' % (self, uid))
        if last and removed != {1, 2}:
            problems.append('%s: removed %s in the end' % (self, removed))
        return problems


def sweep(server_class, security, hows=('stall', 'cut')):
    with test_hostile.Kit(CONF) as kit:
        total = octets(kit, server_class, security, 'Remove=after-delivery')
        shutil.rmtree(kit.maildir, ignore_errors=True)
        step = max(1, total * len(hows) // POSITIONS)
        positions = [Position(kit, 1000 * number + left, server_class, security, how, left)
                     for number, how in enumerate(hows) for left in range(0, total - 1, step)]
        start = time.monotonic()
        results = check(kit, positions)
        took = time.monotonic() - start
        wrong = [] if took < LONGEST else ['the checks took %.1f s' % took]
        for position in positions:
            code = (results[position.address]['problem'] or {}).get('code')
            # The goodbye is not waited for, nor what comes after the OK to QUIT.
            if code not in PROBLEMS[position.how] and not (code is None and set(position.server.removed) == {1, 2}):
                wrong.append('%s: %s' % (position, code))
            wrong += position.wrong(kit, False)
            position.server.left = None
        check(kit, positions)
        results = check(kit, positions)
        for position in positions:
            wrong += position.wrong(kit, True)
            if results[position.address]['problem']:
                wrong.append('%s: in the end %s' % (position, results[position.address]['problem']))
            position.server.close()
        print('%s %s: %d positions in %d octets, the longest check took %.1f s' % (server_class.__name__, security, len(positions), total, took))
        equal(wrong, [], '%s %s' % (server_class.__name__, security))


def check(kit, positions):
    answer = kit.instance.cli('check', '--json', *[position.address for position in positions])
    return {result['account']: result for result in json.loads(answer.stdout)}


def test_pop3_plain():
    sweep(hostile.Pop3, 'none', ('stall', 'cut', 'drip'))


def test_pop3_tls():
    sweep(hostile.Pop3, 'tls')


def test_pop3_starttls():
    sweep(hostile.Pop3, 'starttls')


def test_imap_plain():
    sweep(hostile.Imap, 'none', ('stall', 'cut', 'drip'))


def test_imap_tls():
    sweep(hostile.Imap, 'tls')


def test_imap_starttls():
    sweep(hostile.Imap, 'starttls')


if __name__ == '__main__':
    harness.run_tests(globals())
