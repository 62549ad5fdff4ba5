#!/usr/bin/python3
"""How much memory the daemon takes: 100 idle accounts, and a 20 MB message passing. Measured on a build without sanitizers."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))

import harness  # noqa: E402
import instance as isolated  # noqa: E402
import sample  # noqa: E402
from dovecot import Dovecot  # noqa: E402
from harness import equal, true  # noqa: E402

PLAIN = isolated.plain_build()
MIB = 1024


def resident(instance, field='VmRSS'):
    """KiB."""
    with open('/proc/%d/status' % instance.daemon_pid(), encoding='ascii') as file:
        return int(next(line for line in file if line.startswith(field)).split()[1])


def add(instance, provider, address, port, protocol, *more):
    answer = instance.cli('add', address, 'Protocol=' + protocol, 'Server=127.0.0.1', 'Port=%d' % provider.ports[port], 'UserName=carol',
                          'LocalUser=alice', 'Certificate=' + provider.certificate, *more, '--no-test', '--password-file',
                          instance.secret_file())
    equal(answer.returncode, 0, answer.stdout + answer.stderr)


def plain():
    """What memory means something on."""
    if PLAIN is None:
        raise harness.Skip('this build has sanitizers: set PF_BUILD_PLAIN to one that has none')
    return PLAIN


def test_a_hundred_idle_accounts():
    with isolated.Instance(build=plain()) as instance, Dovecot(instance.path('provider')) as provider:
        for number in range(100):
            add(instance, provider, 'c%d@example.net' % number, 'imaps', 'imap')
        isolated.wait_for(lambda: instance.cli('list', '--no-legend').stdout.count('listening') == 100, 60, '100 listeners')
        size = resident(instance)
        print('100 accounts, each listening over TLS: %d KiB resident' % size)
        true(size < 30 * MIB, '%d KiB resident with 100 idle accounts' % size)


def test_a_large_message_passes():
    with isolated.Instance(build=plain()) as instance, Dovecot(instance.path('provider')) as provider:
        for protocol in ('imap', 'pop3'):
            add(instance, provider, protocol + '@example.net', protocol + 's', protocol, 'Push=false')
        instance.cli('check')
        before = resident(instance)
        provider.fill('carol', [sample.messages()[-1]])
        answer = instance.cli('check')
        equal(answer.returncode, 0, answer.stdout + answer.stderr)
        grown = resident(instance, 'VmHWM') - before
        print('20 MB by IMAP and by POP3: %d KiB before, at most %d KiB more' % (before, grown))
        true(grown < 8 * MIB, 'grew by %d KiB' % grown)


if __name__ == '__main__':
    isolated.enter()
    harness.run_tests(globals())
