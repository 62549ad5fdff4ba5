#!/usr/bin/python3
"""Faults at every point of the dialogue (tests/servers/faults.py), many at the same time, against one service.

Right is, whatever the fault: a named problem within the time-outs or the mail; no message cut, invented or doubled; none removed that was
not delivered; and once the server behaves, all of it, once. And of the service: no more memory than a few MiB for each such connection
(measured on a build without sanitizers), and other accounts that do not notice.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import faults  # noqa: E402
import harness  # noqa: E402
import hostile  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
import test_hostile  # noqa: E402
from harness import equal, true  # noqa: E402

LIMITS = ('[Log]\nTarget=file:{log}\n[Limits]\nConnectTimeout=%d\nReplyTimeout=%d\nCommandTimeout=%d\nConnections=200\nConnectionsPerServer=200\n'
          'MaxMessageSize=5M\n[Local]\nMailbox={maildir}\n[Filter]\nRspamdUrl=off\nClamdSocket=off\n')
# A service that is kept busy by floods and sanitizers still has to hear what a server says.
CONF = LIMITS % (5, 3, 6)
STUCK = LIMITS % (60, 60, 60)
SHORT = LIMITS % (2, 1, 2)
MESSAGES = [message.replace(b'\n', b'\r\n') for message in sample.small(2)]
ORIGINALS = [message.replace(b'\r\n', b'\n') for message in MESSAGES]
NAMED = {'connection-failed', 'timed-out', 'server-busy', 'protocol-error', 'tls-failed', 'limit-exceeded', 'credentials-rejected',
         'folder-missing', 'removal-suspended', 'message-stuck', 'mechanism-unavailable', 'tls-unavailable', None}
AT_ONCE = 90
KIB_A_CONNECTION, KIB_WITH_A_BODY = 4096, 8192
GROUP = 6


class Account:
    """One account of the kit at one misbehaving server."""

    def __init__(self, kit, number, fault, security='none', pause=0.0, enabled=False):
        self.fault = fault
        self.server = fault.server_class(MESSAGES, security, kit.context)
        self.server.pause = pause
        self.base = hostile.Pop3 if issubclass(fault.server_class, hostile.Pop3) else hostile.Imap
        self.user = 'f%d' % number
        self.address = self.user + '@example.net'
        answer = kit.instance.cli('add', self.address, 'Protocol=' + ('pop3' if self.base is hostile.Pop3 else 'imap'), 'Security=' + security,
                                  'Server=127.0.0.1', 'Port=%d' % self.server.port, 'Certificate=' + kit.certificate, 'Push=false',
                                  'Enabled=%s' % str(enabled).lower(), 'Remove=after-delivery', 'TargetFolder=' + self.user, '--no-test',
                                  '--password-file', kit.instance.secret_file())
        equal(answer.returncode, 0, answer.stdout + answer.stderr)

    def mend(self):
        self.server.__class__ = self.base

    def got(self, kit):
        return sample.delivered(kit.maildir, '.' + self.user)

    def wrong(self, kit, last=False):
        """What must not be, in words."""
        got = self.got(kit)
        missing, doubled, strange = sample.compare(ORIGINALS, got)
        said = []
        if doubled > self.fault.doubles or strange or (last and missing):
            said.append('%s: %d missing, %d doubled, %d strange' % (self.fault, missing, doubled, strange))
        if self.fault.kept and self.server.removed:
            said.append('%s: %s removed' % (self.fault, self.server.removed))
        for uid in set(self.server.removed):
            if not any(sample.same(ORIGINALS[uid - 1], one) for one in got):
                said.append('%s: %d removed, not delivered' % (self.fault, uid))
        return said


def check(kit, accounts):
    answer = kit.instance.cli('check', '--json', *[account.address for account in accounts])
    true(answer.stdout, answer.stderr)
    return {result['account']: result for result in json.loads(answer.stdout)}


def judge(account, result, kit):
    """Of the first check, with the fault."""
    problem = result['problem'] or {'code': None, 'text': '-'}
    said = account.wrong(kit)
    if problem['code'] not in (account.fault.problems or NAMED):
        said.append('%s: %s (%s), wanted one of %s' % (account.fault, problem['code'], problem['text'], sorted(map(str, account.fault.problems or NAMED))))
    if not problem['text'] or '\n' in problem['text'] or len(problem['text']) > 1000:
        said.append('%s: told as %r' % (account.fault, problem['text']))
    if account.fault.delivered not in (None, len(account.got(kit))):
        said.append('%s: %d delivered, wanted %d' % (account.fault, len(account.got(kit)), account.fault.delivered))
    return said


def run(chosen, security='none', pause=0.02):
    chosen = list(chosen)
    wrong = []
    for start in range(0, len(chosen), AT_ONCE):
        with test_hostile.Kit(CONF) as kit:
            accounts = [Account(kit, number, fault, security, pause) for number, fault in enumerate(chosen[start:start + AT_ONCE])]
            pid = kit.instance.daemon_pid()
            results = check(kit, accounts)
            for account in accounts:
                wrong += judge(account, results[account.address], kit)
                account.mend()
            # The first of these finds what was broken off, the second has nothing to do but what the first left.
            check(kit, accounts)
            results = check(kit, accounts)
            for account in accounts:
                wrong += account.wrong(kit, True)
                if results[account.address]['problem']:
                    wrong.append('%s: in the end %s' % (account.fault, results[account.address]['problem']))
                account.server.close()
            equal(kit.instance.daemon_pid(), pid, 'the service is the one it was')
    print('     %d faults over %s' % (len(chosen), security), flush=True)
    true(not wrong, '\n' + '\n'.join(wrong))


def test_lies_of_pop3():
    run(faults.LIES_POP3)


def test_lies_of_imap():
    run(faults.LIES_IMAP)


def test_answers_that_nobody_asked_for():
    run(list(faults.unasked_pop3()) + list(faults.unasked_imap()))


def test_refusals_and_ends_at_every_point():
    run(faults.refusals())


def test_silence_and_drips_at_every_point():
    run(faults.slow())


def test_floods():
    run(list(faults.floods_pop3()) + list(faults.floods_imap()), pause=0.1)


def test_tls_that_breaks():
    run(list(faults.tls()) + list(faults.handshakes()), 'tls')


# --- Memory ----------------------------------------------------------------------------------------------------------

def resident(pid, field):
    """KiB."""
    with open('/proc/%d/status' % pid, encoding='ascii') as file:
        return int(next(line for line in file if line.startswith(field + ':')).split()[1])


def grown(kit, accounts):
    """How much more the service had at most while it checked these. KiB."""
    pid = kit.instance.daemon_pid()
    with open('/proc/%d/clear_refs' % pid, 'w', encoding='ascii') as file:
        file.write('5')  # the highest size is the one of now
    before = resident(pid, 'VmRSS')
    check(kit, accounts)
    return resident(pid, 'VmHWM') - before


def measure(chosen, security='none'):
    build, wrong, most = isolated.plain_build(), [], (0, '')
    if build is None:
        raise harness.Skip('this build has sanitizers: set PF_BUILD_PLAIN to one that has none')
    with test_hostile.Kit(SHORT, build) as kit:
        good = [Account(kit, 1000 + number, faults.Fault('none', base, {None}), security) for number, base in enumerate((hostile.Pop3, hostile.Imap))]
        check(kit, good)
        check(kit, good)
        accounts = [Account(kit, number, fault, security) for number, fault in enumerate(chosen)]
        while accounts:
            group, accounts = accounts[:GROUP], accounts[GROUP:]
            size = grown(kit, group)
            most = max(most, (size, ', '.join(account.fault.name for account in group)))
            # All of them together took no more than one may: or else it has to be told which, by a service that has no memory left over.
            for account in group if size > KIB_A_CONNECTION else []:
                kit.instance.restart_service()
                check(kit, good)
                check(kit, good)
                size = grown(kit, [account])
                print('     %s: %d KiB' % (account.fault, size), flush=True)
                if size > (KIB_WITH_A_BODY if 'bod' in account.fault.name or 'header' in account.fault.name else KIB_A_CONNECTION):
                    wrong.append('%s: %d KiB' % (account.fault, size))
            for account in group:
                account.server.close()
        for account in good:
            account.server.close()
    print('     %s, %d at a time: at most %d KiB (%s)' % ((security, GROUP) + most), flush=True)
    true(not wrong, '\n' + '\n'.join(wrong))


def test_memory_that_floods_take():
    """Fails when a search result's events are made all at once, when literals do not count towards the line, and when lists are read to their
    end."""
    measure(list(faults.floods_pop3()) + list(faults.floods_imap()))


def test_memory_that_lies_take():
    measure(fault for fault in faults.LIES_POP3 + faults.LIES_IMAP if any(size in fault.name for size in list(faults.HUGE) + ['EXISTS', 'STAT']))


def test_memory_that_handshakes_take():
    measure(faults.handshakes(), 'tls')


# --- Others ----------------------------------------------------------------------------------------------------------

def stuck_ones():
    """Some that hold a connection for as long as it may be held, each in another way, more than may be open to one server."""
    for base, points in ((hostile.Pop3, ('greeting', 'pass', 'retr')), (hostile.Imap, ('greeting', 'login', 'bodies'))):
        for point in points:
            yield faults.Fault('silence at %s' % point, faults.at(base, point, instead=[hostile.Hang]), None)
    yield faults.Fault('a drip', faults.at(hostile.Pop3, 'list', instead=[faults.drip]), None)
    yield faults.Fault('untagged answers without end', faults.at(hostile.Imap, 'listing', instead=[faults.flood('* OK here\r\n')]), None)


def are_stuck(kit):
    return kit.instance.cli('list', '--no-legend').stdout.count('checking')


def test_others_are_not_held_up():
    """By a person and by the schedule; both while the others are stuck, which they are for a minute. The service has the limits that it has
    by default. Fails when a server is known by its name alone: more of them are stuck than connections are allowed to one."""
    conf = STUCK.replace('Connections=200\nConnectionsPerServer=200\n', '')
    with test_hostile.Kit(conf) as kit:
        others = [Account(kit, number, fault, pause=0.02, enabled=True) for number, fault in enumerate(stuck_ones())]
        isolated.wait_for(lambda: are_stuck(kit) == len(others), 60, 'all of them to be stuck')
        for number, base in enumerate((hostile.Pop3, hostile.Imap)):
            asked = Account(kit, 100 + number, faults.Fault('none', base, {None}))
            equal(check(kit, [asked])[asked.address]['problem'], None)
            equal(sample.compare(ORIGINALS, asked.got(kit)), (0, 0, 0))
            planned = Account(kit, 200 + number, faults.Fault('none', base, {None}), enabled=True)
            isolated.wait_for(lambda planned=planned: planned.server.removed == [1, 2], 30, 'the one that is checked as planned')
        equal(are_stuck(kit), len(others), 'still stuck')
        for account in others:
            account.server.close()


if __name__ == '__main__':
    harness.run_tests(globals())
